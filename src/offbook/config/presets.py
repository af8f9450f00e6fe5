"""A venue by name: ``[venue] preset = "harsh"`` stands for all settings of that venue.

A source that names one takes nothing of ``[venue]`` from weaker sources; what it says there itself,
or a stronger source does, wins over the preset.
"""

from __future__ import annotations

import json

import msgspec

from offbook.config.known import PRESET, PRESETS, VENUE, Path, dotted, flat
from offbook.config.layers import Layer
from offbook.domain.config import venue_preset
from offbook.domain.errors import InvalidConfig


def unfolded(layer: Layer) -> tuple[Layer, ...]:
    """A layer, and below it the preset that it names."""
    name = layer.values.get(PRESET)
    if name is None:
        return (layer,)
    values = {PRESET: name, **preset_values(str(name))}
    lines = {PRESET: layer.lines[PRESET]} if PRESET in layer.lines else {}
    named = Layer(layer.source, f"{layer.origin} (preset {name})", values, lines)
    rest = {path: value for path, value in layer.values.items() if path != PRESET}
    return named, msgspec.structs.replace(layer, values=rest)


def preset_values(name: str) -> dict[Path, object]:
    """What a preset sets, by path, as JSON values. Raises InvalidConfig for a name there is not."""
    try:
        venue = venue_preset(name)
    except ValueError:
        known = ", ".join(PRESETS)
        raise InvalidConfig(f"preset {name!r}: expected {known}", field="venue.preset") from None
    return dict(flat(msgspec.to_builtins(venue), VENUE))


def preset_text(name: str) -> str:
    """A preset as the TOML that stands for it, to be read, or kept and changed."""
    tables: dict[Path, list[str]] = {VENUE: []}
    for path, value in preset_values(name).items():
        if value is not None:
            line = f"{path[-1]} = {json.dumps(value)}"  # text and numbers are the same in both
            tables.setdefault(path[:-1], []).append(line)
    parts = ["\n".join([f"[{dotted(table)}]", *lines]) for table, lines in tables.items()]
    return "\n\n".join(parts)
