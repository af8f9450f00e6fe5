"""Delays as a recording measured them: ``type = "recording"`` in a table of ``venue.latency``.

What is kept with a session are the delays themselves, so it is verified also where the recording is
gone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from offbook.config.known import LATENCY, RECORDING, dotted
from offbook.config.markets import locate_recording
from offbook.domain.config import MAX_LATENCY_NS
from offbook.domain.errors import InvalidConfig

_TOLD: Final = frozenset({"type", "file"})


def resolve_measured(document: dict[str, Any]) -> None:
    """Put the delays of the recordings that a session's document names into it.

    Raises InvalidConfig, naming the setting, for a recording that cannot tell them, and what
    reading it raises.
    """
    latency: Any = document
    for name in LATENCY:
        latency = latency.get(name) if isinstance(latency, dict) else None
    for way, table in latency.items() if isinstance(latency, dict) else ():
        if not isinstance(table, dict):
            continue
        field = dotted((*LATENCY, way))
        if table.get("type") != RECORDING:
            if "file" in table:
                raise InvalidConfig(
                    f'{field}.file is for type = "{RECORDING}"', field=f"{field}.file"
                )
            continue
        more = sorted(set(table) - _TOLD)
        if more or not table.get("file"):
            what = f"not {', '.join(more)}" if more else "the recording that was measured"
            raise InvalidConfig(
                f'{field}: type = "{RECORDING}" takes a file, {what}', field=f"{field}.file"
            )
        told = _delays(str(table["file"]), f"{field}.file")
        latency[way] = {"type": "empirical", "quantiles_ns": list(told)}


def _delays(file: str, field: str) -> tuple[int, ...]:
    recording = locate_recording(file)
    try:
        at = recording.stat().st_mtime_ns
    except OSError:
        at = 0  # whoever reads it says what is wrong
    told = _quantiles(str(recording), at)
    if told is None:
        raise InvalidConfig(
            f"{field}: the rows of {file} do not have two times, that of the venue (ts_event) and "
            "that of their receipt (ts_init), so they tell no delay: name another recording, or "
            "its columns in the description beside it",
            field=field,
        )
    if told[0] < 0:
        raise InvalidConfig(
            f"{field}: in {file} rows were received before the venue's time of them, by "
            f"{-told[0]:,} ns: the clocks disagree, and no honest delays can be told. Correct the "
            "times first",
            field=field,
        )
    if told[-1] > MAX_LATENCY_NS:
        raise InvalidConfig(
            f"{field}: rows of {file} took {told[-1]:,} ns, more than the {MAX_LATENCY_NS:,} that "
            "a message may take here",
            field=field,
        )
    return told


@lru_cache(maxsize=8)
def _quantiles(recording: str, _changed_ns: int) -> tuple[int, ...] | None:
    """Read once for all sessions of a process, and again when the file has changed."""
    from offbook.config.markets import MarketDescription
    from offbook.config.recordings import look_into

    return look_into(recording, MarketDescription()).inspection.delays_ns
