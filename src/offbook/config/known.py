"""Every setting there is, read off the types: its name, what it takes, and its default.

A setting is named by its path: ``("venue", "fee", "taker")``.  Because the types of
``SessionConfig`` are walked, a field that is added there is a setting at once.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

from offbook.config.markets import MarketDescription
from offbook.domain.config import Delay, Preset, SessionConfig, VenueLatency
from offbook.domain.config.base import ConfigPart

Path = tuple[str, ...]
MARKET: Final = "market"
TYPE: Final = "type"
"""Tells the kinds of a table apart, as those of fees."""

VENUE: Final[Path] = ("venue",)
PRESET: Final[Path] = (*VENUE, "preset")
"""Names a whole venue, and is no part of a session: what it stands for is."""
LATENCY: Final[Path] = (*VENUE, "latency")
RECORDING: Final = "recording"
"""As a kind of delay: those that a recording measured, which stand for it in the session."""
PRESETS: Final = tuple(preset.value for preset in Preset)

VENUES: Final[Path] = (*LATENCY, "venues")
"""Those that have latencies of their own: a list of tables, and so one setting."""


class MeasuredDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag=RECORDING):
    """As a recording's own times tell it."""

    file: str


class WrittenVenue(VenueLatency, frozen=True, kw_only=True):
    """A venue with latencies of its own as it is written, with what stands for delays."""

    entry: Delay | MeasuredDelay | None = None  # type: ignore[assignment]  # resolved, it is a delay
    response: Delay | MeasuredDelay | None = None  # type: ignore[assignment]  # the same


_SECRET: Final = ("secret", "token", "password", "passphrase", "api_key", "apikey", "credential")
MASK: Final = "********"


class _Nothing(msgspec.Struct, frozen=True):
    """Stands for a default that there is not."""


NOTHING: Final = _Nothing()


class CliSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the command line speaks, where no flag says it."""

    dashboard: bool = True
    quiet: bool = False


class RecoverySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sessions are taken up again. ``jobs`` processes do it, 1 for the program's own alone;
    None for as many as there are cores, where there is enough to do."""

    jobs: int | None = None


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that are no part of a session. ``data_dir`` is where sessions are kept."""

    data_dir: str | None = None
    cli: CliSettings = CliSettings()
    recovery: RecoverySettings = RecoverySettings()


class Known(msgspec.Struct, frozen=True):
    """One setting. ``open`` tables take any name below them; ``kinds`` are the structs of a table
    of several kinds, by the value of its ``type``."""

    path: Path
    type: Any
    default: Any = NOTHING
    open: bool = False


class Catalogue(msgspec.Struct, frozen=True):
    """All settings by their paths, the tables that come in several kinds, and those that are
    ``optional``: not there unless somebody gives them, with the structs they may hold."""

    settings: dict[Path, Known]
    kinds: dict[Path, dict[str, type[msgspec.Struct]]]
    tables: frozenset[Path]
    optional: dict[Path, list[type[msgspec.Struct]]]

    def find(self, path: Path) -> Known | None:
        """The setting of a path; below an open table, that table."""
        known = self.settings.get(path)
        if known is not None:
            return known
        above = (self.settings.get(path[:length]) for length in range(len(path) - 1, 0, -1))
        return next((table for table in above if table is not None and table.open), None)

    def is_table(self, path: Path) -> bool:
        """Whether a path is that of a table, which holds settings and is none itself."""
        names = (*self.settings, *self.tables, *self.kinds)
        return path in self.tables or any(name[:-1][: len(path)] == path for name in names)

    def near(self, path: Path) -> str:
        """What may have been meant by a path that is unknown, as words for an error."""
        told = dotted(path)
        names = {dotted(known): known for known in [*self.settings, *self.tables]}
        close = difflib.get_close_matches(told, names, n=1, cutoff=0.7)
        if not close:
            parent = path[:-1]
            beside = [p[-1] for p in [*self.settings, *self.tables] if p[:-1] == parent]
            match = difflib.get_close_matches(path[-1], beside, n=1)
            close = [dotted((*parent, match[0]))] if match else []
        if close:
            return f"did you mean {close[0]}?"
        level = len(path) - 1
        below = (p for p in self.settings if len(p) > level and p[:level] == path[:-1])
        known = sorted({p[level] for p in below})
        place = f"in [{dotted(path[:-1])}]" if len(path) > 1 else "there"
        return f"known {place}: {', '.join(known)}" if known else "there is no such table"


def dotted(path: Iterable[str]) -> str:
    """A path as it is written in TOML and on screens."""
    return ".".join(path)


@cache
def session_catalogue() -> Catalogue:
    """The settings of a session's document: those of ``SessionConfig``, and a market described
    instead of spelled out."""
    return _catalogue(SessionConfig)


@cache
def project_catalogue() -> Catalogue:
    """The settings of ``offbook.toml``: a session's, and the program's own."""
    return _catalogue(SessionConfig, Program)


def defaults_of(kind: type[msgspec.Struct], prefix: Path) -> Iterator[tuple[Path, Any]]:
    """The defaults of a table of one kind, as JSON values; required fields are left out."""
    for field in msgspec.structs.fields(kind):
        default = _default_of(field)
        if default is NOTHING:
            continue
        plain = msgspec.to_builtins(default)
        if isinstance(default, msgspec.Struct):
            yield from flat(plain, (*prefix, field.name))
        else:
            yield (*prefix, field.name), plain


def flat(document: Mapping[str, Any], prefix: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The leaves of nested tables with their paths."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from flat(value, (*prefix, name))
        else:
            yield (*prefix, name), value


def empty_tables(document: Mapping[str, Any], prefix: Path = ()) -> Iterator[Path]:
    """The paths of tables that have nothing in them."""
    for name, value in document.items():
        if isinstance(value, dict):
            if not value:
                yield (*prefix, name)
            yield from empty_tables(value, (*prefix, name))


def nested(leaves: Mapping[Path, Any]) -> dict[str, Any]:
    """Tables again, from leaves."""
    document: dict[str, Any] = {}
    for path, value in leaves.items():
        table = document
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    return document


def masked(path: Path, value: Any) -> Any:
    """The value, or stars for one that is not to be shown."""
    hidden = any(word in path[-1].lower() for word in _SECRET) and value not in (None, "")
    return MASK if hidden else value


def _catalogue(*structs: type[msgspec.Struct]) -> Catalogue:
    found = Catalogue({}, {}, frozenset(), {})
    tables: set[Path] = set()
    for struct in structs:
        _walk(struct, (), found, tables)
    _walk(MarketDescription, (MARKET,), found, tables, absent=True)
    _add(found, Known(PRESET, Literal[PRESETS], Preset.REALISTIC.value))
    for table, kinds in found.kinds.items():
        if table[:-1] == LATENCY:
            # Not one that a session holds: it is resolved when the session is made.
            before = found.settings[*table, TYPE]
            found.settings[*table, TYPE] = Known(
                before.path, Literal[(*kinds, RECORDING)], before.default
            )
            _add(found, Known((*table, "file"), str))
    none = found.settings[VENUES].default
    found.settings[VENUES] = Known(VENUES, tuple[WrittenVenue, ...], none)
    for name, kind in (("path", str), (TYPE, str)):
        found.settings.setdefault((MARKET, name), Known((MARKET, name), kind))
    return msgspec.structs.replace(found, tables=frozenset(tables))


def _walk(
    struct: type[msgspec.Struct],
    prefix: Path,
    found: Catalogue,
    tables: set[Path],
    *,
    absent: bool = False,
) -> None:
    """Add the settings of a struct; within a table that is ``absent`` by default none has one."""
    for field in msgspec.structs.fields(struct):
        path = (*prefix, field.name)
        default = _default_of(field)
        inner = _structs_in(field.type)
        if not inner:
            is_open = dict in (get_origin(field.type), field.type)
            plain = NOTHING if absent or default is NOTHING else msgspec.to_builtins(default)
            _add(found, Known(path, field.type, plain, is_open))
            continue
        tables.add(path)
        if default is None:
            found.optional[path] = inner
        tags = {str(kind.__struct_config__.tag): kind for kind in inner if _tag_field(kind)}
        if tags:
            found.kinds[path] = tags
            chosen = getattr(type(default), "__struct_config__", None)
            tag = NOTHING if default is NOTHING or chosen is None else chosen.tag
            _add(found, Known((*path, TYPE), Literal[tuple(tags)], tag))
        for kind in inner:
            _walk(kind, path, found, tables, absent=absent or default is None)


def _add(found: Catalogue, known: Known) -> None:
    """Add a setting; one that several kinds of a table have takes what any of them takes."""
    before = found.settings.get(known.path)
    if before is not None:
        both: Any = before.type | known.type
        known = Known(known.path, both, before.default, before.open or known.open)
    found.settings[known.path] = known


def _structs_in(kind: Any) -> list[type[msgspec.Struct]]:
    """The structs that a field may hold itself; none where it holds a list of them."""
    parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return [p for p in parts if isinstance(p, type) and issubclass(p, msgspec.Struct)]


def _tag_field(kind: type[msgspec.Struct]) -> str | None:
    return kind.__struct_config__.tag_field


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return NOTHING
