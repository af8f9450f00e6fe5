"""All settings together: flag over session file over environment over project over user."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path as FilePath
from typing import Any, Final

import msgspec

from offbook.config.known import (
    MARKET,
    NOTHING,
    PRESET,
    TYPE,
    VENUE,
    Catalogue,
    Path,
    defaults_of,
    dotted,
    nested,
    project_catalogue,
    session_catalogue,
)
from offbook.config.layers import Layer, Source, checked_document, read_environment, read_file
from offbook.config.presets import unfolded
from offbook.domain.config import OnStrategyError
from offbook.domain.errors import InvalidConfig
from offbook.domain.fitting import shown

FILE_NAME: Final = "offbook.toml"
USER_FILE_NAME: Final = "config.toml"
FULL_SPEED: Final = "full"
"""As a speed: as fast as possible, also where a weaker source names a pace."""

_PROGRAM: Final = frozenset({"data_dir", "cli", "recovery"})
_NAMES_MARKET: Final = ("path", TYPE, "instrument", "sources")
_CLI_DEFAULTS: Final[dict[Path, Any]] = {
    # Whoever watches a terminal wants the end and its report, not a session that waits.
    ("lifecycle", "on_strategy_error"): OnStrategyError.STOP.value,
}


class Setting(msgspec.Struct, frozen=True):
    """A value, and where it comes from."""

    value: Any
    source: Source
    place: str = ""


class Settings(msgspec.Struct, frozen=True):
    """What the sources say, weakest first; each later one wins."""

    layers: tuple[Layer, ...] = ()

    def given(self) -> dict[Path, Setting]:
        """Every setting that some source gives."""
        return merged(self.layers, project_catalogue())

    def resolved(self) -> dict[Path, Setting]:
        """Every setting there is that has a value, defaults included, in the order of the types."""
        catalogue, given = project_catalogue(), self.given()
        found: dict[Path, Setting] = {}
        for path, known in catalogue.settings.items():
            if path in given:
                found[path] = given[path]
            elif known.open:
                found.update({p: s for p, s in given.items() if p[: len(path)] == path})
            elif path in _CLI_DEFAULTS:
                found[path] = Setting(_CLI_DEFAULTS[path], Source.DEFAULT)
            elif known.default is not NOTHING and _applies(path, given, catalogue):
                found[path] = Setting(known.default, Source.DEFAULT)
        return found

    def value(self, *path: str) -> Any:
        """The value of a setting with a default."""
        given = self.given().get(path)
        return project_catalogue().settings[path].default if given is None else given.value

    def session(self, *, market: bool = True) -> dict[str, Any]:
        """The session's part as a document.

        Without ``market``, as when a flag names another recording, what a weaker source says of
        the recording that it names is left out; what a session's own file says is kept.
        """
        given = self.given()
        named = any(
            path[0] == MARKET and path[1] in _NAMES_MARKET and setting.source is not Source.SESSION
            for path, setting in given.items()
        )
        kept = {
            path: setting.value
            for path, setting in given.items()
            if path[0] not in _PROGRAM
            and path != PRESET
            and (path[0] != MARKET or market or not named or setting.source is Source.SESSION)
        }
        return nested(kept)

    def over(self, layer: Layer) -> Settings:
        """These settings with a stronger source on top."""
        return Settings((*self.layers, layer))


def load_settings(
    folder: FilePath | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a folder (default: the current one): user, project, environment.

    Raises InvalidConfig, naming file and line, for what cannot be used.
    """
    layers = [layer.sound() for layer in found_layers(folder or FilePath.cwd(), environment)]
    return Settings(tuple(layers))


def found_layers(folder: FilePath, environment: Mapping[str, str] | None = None) -> list[Layer]:
    """The sources as they are, sound or not. Raises InvalidConfig for a file that is no TOML."""
    catalogue = project_catalogue()
    layers = []
    for source, file in ((Source.USER, user_file()), (Source.PROJECT, project_file(folder))):
        if file is not None and file.is_file():
            layers.append(read_file(file, source, catalogue))
    given = os.environ if environment is None else environment
    layers.append(read_environment(given, catalogue))
    return layers


def read_session_file(file: FilePath) -> Layer:
    """A session's document. Raises InvalidConfig."""
    return read_file(file, Source.SESSION, session_catalogue()).sound()


def session_parts(parts: Mapping[str, Any]) -> Layer:
    """A session's document, or parts of one, that a program made. Raises InvalidConfig."""
    _require_plain(parts)
    document: dict[str, Any] = msgspec.to_builtins(parts)
    return checked_document(document, Source.SESSION, "configuration", session_catalogue()).sound()


def _require_plain(parts: object, path: Path = ()) -> None:
    """Raise InvalidConfig for what no file could say, as numbers of numpy, or names that are no
    text."""
    if isinstance(parts, Mapping):
        for name, below in parts.items():
            if not isinstance(name, str):
                place = f" in {dotted(path)}" if path else ""
                raise InvalidConfig(f"configuration: expected text as a name{place}, was {name!r}")
            _require_plain(below, (*path, name))
        return
    try:
        msgspec.to_builtins(parts)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise InvalidConfig(
            f"configuration: {dotted(path)}: expected plain text, a number, a list or a table, was "
            f"{shown(parts)}",
            field=dotted(path),
        ) from None
    if not path:
        raise InvalidConfig(f"configuration: expected a table of settings, was {shown(parts)}")


def user_file() -> FilePath:
    """The user's own settings; the file need not exist."""
    from platformdirs import user_config_path

    return user_config_path("offbook", appauthor=False) / USER_FILE_NAME


def project_file(folder: FilePath) -> FilePath | None:
    """The nearest ``offbook.toml``: in the folder, or above it up to its repository's root or home.

    Outside both only the folder itself is looked at: what lies above it may be anybody's.
    """
    for place in _places(folder.absolute()):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None


def merged(layers: Sequence[Layer], catalogue: Catalogue) -> dict[Path, Setting]:
    """What the layers give together, later ones winning.

    A source that names another market, strategy, preset, or kind of table (as of fees) takes
    nothing of it from the sources below: parts of two different things make no third.
    """
    found: dict[Path, Setting] = {}
    for layer in chain.from_iterable(map(unfolded, layers)):
        for table in _replaced(found, layer, catalogue):
            found = {p: s for p, s in found.items() if p[: len(table)] != table}
        for path, value in layer.values.items():
            if path in catalogue.tables:  # it says that there is none
                found = {p: s for p, s in found.items() if p[: len(path)] != path}
            else:
                found[path] = Setting(value, layer.source, layer.place(path))
    for table in catalogue.kinds:
        known = catalogue.settings[(*table, TYPE)]
        has = any(path[: len(table)] == table for path in found)
        if has and known.path not in found and known.default is not NOTHING:
            found[known.path] = Setting(known.default, Source.DEFAULT)
    return found


def _replaced(found: Mapping[Path, Setting], layer: Layer, catalogue: Catalogue) -> list[Path]:
    tables: list[Path] = [VENUE] if PRESET in layer.values else []
    market = {path[1] for path in layer.values if path[0] == MARKET and len(path) > 1}
    if market.intersection(_NAMES_MARKET) and any(
        path[0] == MARKET and path[1] in _NAMES_MARKET for path in found
    ):
        tables.append((MARKET,))
    tables += _delays_replaced(layer)
    ref = ("strategy", "ref")
    if ref in layer.values and ref in found and found[ref].value != layer.values[ref]:
        tables.append(("strategy",))
    for table in catalogue.kinds:
        path = (*table, TYPE)
        default = catalogue.settings[path].default
        before = found[path].value if path in found else default
        if path in layer.values and layer.values[path] != before and table != (MARKET,):
            tables.append(table)
    return tables


def _delays_replaced(layer: Layer) -> list[Path]:
    """The distributions of weaker sources where this one gives a constant delay instead; and the
    constant delay of market data where it gives a distribution of that."""
    latency = (*VENUE, "latency")
    drawn = {path[2] for path in layer.values if path[:2] == latency and len(path) > 3}
    replaced = [
        (*latency, way)
        for way in ("entry", "response", "market_data")
        if (*latency, f"{way}_ns") in layer.values and way not in drawn
    ]
    constant = (*latency, "market_data_ns")
    if "market_data" in drawn and constant not in layer.values:
        replaced.append(constant)
    return replaced


def _applies(path: Path, given: Mapping[Path, Setting], catalogue: Catalogue) -> bool:
    """Whether a default is in force: of a table of several kinds, only the chosen kind's are."""
    if path[0] == MARKET:
        return False
    for table, kinds in catalogue.kinds.items():
        if path[: len(table)] == table and path != (*table, TYPE):
            tag = (*table, TYPE)
            chosen = given[tag].value if tag in given else catalogue.settings[tag].default
            return chosen in kinds and path in dict(defaults_of(kinds[chosen], table))
    return True


def _places(folder: FilePath) -> list[FilePath]:
    home = FilePath.home()
    places: list[FilePath] = []
    for place in (folder, *folder.parents):
        places.append(place)
        if place == home or (place / ".git").exists():
            return places
    return [folder]


def cli_defaults() -> Layer:
    """What the command line takes where nobody says anything, other than the types' defaults."""
    return Layer(Source.DEFAULT, "", dict(_CLI_DEFAULTS))
