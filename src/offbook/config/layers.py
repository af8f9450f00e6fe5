"""One source of settings each: a file or the environment, read, checked, and kept by path."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path as FilePath
from typing import Any, Final, get_origin

import msgspec

from offbook.adapters.strategy_loader import is_file_ref
from offbook.config.documents import lines_in, read_document
from offbook.config.known import (
    LATENCY,
    MARKET,
    TYPE,
    VENUES,
    Catalogue,
    Known,
    Path,
    defaults_of,
    dotted,
    empty_tables,
    flat,
)
from offbook.config.markets import FILES, SHIPPED
from offbook.config.settings import ROW_CACHE_VARIABLE, absolute
from offbook.config.synthetic import is_synthetic
from offbook.domain.errors import InvalidConfig
from offbook.domain.fitting import Place, faults, kinds_of, place_in_words, spelled

PREFIX: Final = "OFFBOOK_"
PARTED: Final = "__"


class Source(enum.Enum):
    """Where a value comes from, weakest first."""

    DEFAULT = "default"
    USER = "user"
    PROJECT = "project"
    ENVIRONMENT = "environment"
    SESSION = "session"
    FLAG = "flag"


class Problem(msgspec.Struct, frozen=True):
    """Something in a source that cannot be used, and what to do about it."""

    origin: str
    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.origin if self.line is None else f"{self.origin}, line {self.line}"
        return f"{place}: {self.message}"


class Layer(msgspec.Struct, frozen=True):
    """The settings of one source; ``origin`` names it to people, ``lines`` where each stands."""

    source: Source
    origin: str
    values: dict[Path, Any]
    lines: dict[Path, int] = {}
    problems: tuple[Problem, ...] = ()

    def place(self, path: Path) -> str:
        """Where a setting stands, for people."""
        line = self.lines.get(path)
        return self.origin if line is None else f"{self.origin}, line {line}"

    def sound(self) -> Layer:
        """This layer. Raises InvalidConfig for its first problem, counting the others."""
        if not self.problems:
            return self
        first, *rest = self.problems
        more = f"\n{len(rest)} more: see offbook config check" if rest else ""
        raise InvalidConfig(f"{first}{more}", field=first.field, file=self.origin)


def read_file(file: FilePath, source: Source, catalogue: Catalogue) -> Layer:
    """A TOML or JSON file; paths in it are made absolute, from its folder.

    Raises InvalidConfig for a file that cannot be read; what else is wrong is in ``problems``.
    """
    document = read_document(file)
    layer = checked_document(document, source, str(file), catalogue, lines_in(file))
    return _located(layer, file.absolute().parent)


def checked_document(
    document: Mapping[str, Any],
    source: Source,
    origin: str,
    catalogue: Catalogue,
    lines: dict[Path, int] | None = None,
) -> Layer:
    """A document as a layer; what is wrong with it is in ``problems``."""
    leaves = chain(flat(document), _of_empty_tables(document, catalogue))
    layer = _checked(leaves, source, origin, lines or {}, catalogue)
    unsaid = _nothing_said(document, origin, catalogue)
    empty = [
        Problem(origin, name, f"unknown table [{name}]: {catalogue.near((name,))}")
        for name, value in document.items()
        if value == {} and (name,) not in catalogue.tables
    ]
    return msgspec.structs.replace(layer, problems=(*empty, *unsaid, *layer.problems))


def _of_empty_tables(
    document: Mapping[str, Any], catalogue: Catalogue
) -> Iterator[tuple[Path, Any]]:
    """What empty tables stand for: ``[account.settlement]`` asks for it, by its defaults."""
    for path in empty_tables(document):
        structs = catalogue.optional.get(path, [])
        if len(structs) == 1 and not _needed(structs[0]):
            yield from defaults_of(structs[0], path)


def _nothing_said(
    document: Mapping[str, Any], origin: str, catalogue: Catalogue
) -> Iterator[Problem]:
    """Empty tables that nothing follows from, where something was meant to; the strategy may still
    be named elsewhere."""
    for path in empty_tables(document):
        structs = catalogue.optional.get(path, []) if len(path) > 1 else []
        missing = [TYPE] if path in catalogue.kinds else [n for s in structs for n in _needed(s)]
        if structs and missing:
            told = f"[{dotted(path)}] is empty: give {', '.join(missing)}, or leave it out"
            yield Problem(origin, dotted(path), told)


def _needed(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(struct) if field.required)


def read_environment(environment: Mapping[str, str], catalogue: Catalogue) -> Layer:
    """Variables as ``OFFBOOK_VENUE__FEE__TAKER``; empty ones are not there, and what is of the
    process alone (``OFFBOOK_ROW_CACHE``) is no setting."""
    values, names = {}, {}
    for name, text in sorted(environment.items()):
        if name.startswith(PREFIX) and text and name != ROW_CACHE_VARIABLE:
            path = tuple(name.removeprefix(PREFIX).lower().split(PARTED))
            names[path] = name
            values[path] = _from_text(text, catalogue.find(path))
    layer = _checked(values.items(), Source.ENVIRONMENT, "environment", {}, catalogue)
    problems = tuple(
        msgspec.structs.replace(p, origin=names[tuple(p.field.split("."))]) for p in layer.problems
    )
    layer = msgspec.structs.replace(layer, problems=problems)
    return _located(layer, FilePath.cwd())


def variable(path: Path) -> str:
    """The environment variable of a setting."""
    return PREFIX + PARTED.join(path).upper()


def _checked(
    leaves: Iterable[tuple[Path, Any]],
    source: Source,
    origin: str,
    lines: dict[Path, int],
    catalogue: Catalogue,
) -> Layer:
    values: dict[Path, Any] = {}
    problems: list[Problem] = []
    for written, value in leaves:
        path, known = _recognized(written, catalogue)
        line = lines.get(written)
        if value is None and path in catalogue.tables:
            values[path] = None  # as a session that is kept says it of a part that it lacks
            continue
        if known is None:
            told = f"unknown setting {dotted(path)}: {catalogue.near(path)}"
            if catalogue.is_table(path):
                told = f"{dotted(path)}: expected a table, was {value!r}"
            problems.append(Problem(origin, dotted(path), told, line))
            continue
        if known.open and path != known.path:
            values[path] = value
            continue
        fitting = spelled(value, known.type)
        wrong = [
            Problem(origin, dotted(path), told, _line(lines, written, place[len(path) :]))
            for place, told in _wrong(fitting, known.type, path)
        ]
        problems += wrong
        if not wrong:
            values[path] = fitting
    places = {_recognized(path, catalogue)[0]: line for path, line in lines.items()}
    return Layer(source, origin, values, places, tuple(problems))


def _recognized(written: Path, catalogue: Catalogue) -> tuple[Path, Known | None]:
    """The path as we spell it: a hyphen may stand for an underscore outside open tables."""
    known = catalogue.find(written)
    if known is None:
        spelled = tuple(name.replace("-", "_") for name in written)
        known = catalogue.find(spelled)
        return (spelled, known) if known is not None else (written, None)
    return written, known


def _wrong(value: Any, kind: Any, path: Path) -> list[tuple[Place, str]]:
    """What is wrong with a setting's value, and where: of a list of tables, in which."""
    found = [(fault.place, fault.told()) for fault in faults(value, kind, path)]
    if found or not isinstance(value, (list, tuple)):
        return found
    # A list of tables is one setting, with checks of its own.
    told = _own_fault(value, kind)
    if told is None:
        return []
    for number, item in enumerate(value, 1):
        if (of_item := _own_fault([item], kind)) is not None:
            place: Place = (*path, number)
            return [(place, f"{of_item} ({place_in_words(place)})")]
    return [(path, told)]


def _own_fault(listed: Sequence[Any], kind: Any) -> str | None:
    """What a type's own checks say of a list that fits it otherwise; of several kinds of lists, as
    those of several kinds of a table, what that says which it fits."""
    told = None
    for one in kinds_of(kind):
        if get_origin(one) is not tuple:
            continue
        try:
            msgspec.convert(listed, one)
        except msgspec.ValidationError:
            continue
        except InvalidConfig as error:
            told = told or error.message
        else:
            return None
    return told


def _line(lines: Mapping[Path, int], written: Path, below: Place) -> int | None:
    """The line of what stands ``below`` a setting, else of the nearest that it stands in."""
    for length in range(len(below), -1, -1):
        line = lines.get((*written, *map(str, below[:length])))
        if line is not None:
            return line
    return None


def _from_text(text: str, known: Known | None) -> Any:
    """What a variable's text stands for: text, else what the setting's type makes of it."""
    if known is None or known.open or str in kinds_of(known.type):
        return text
    for kind in kinds_of(known.type):
        try:
            return msgspec.to_builtins(msgspec.convert(text, kind, strict=False))
        except msgspec.ValidationError:
            continue
    try:
        return json.loads(text, parse_float=str)
    except ValueError:
        return text


def _located(layer: Layer, folder: FilePath) -> Layer:
    """Places in a layer made absolute, so that they hold wherever they are read."""
    values = dict(layer.values)
    data_dir, recording, ref = ("data_dir",), (MARKET, "path"), ("strategy", "ref")
    if values.get(data_dir):
        values[data_dir] = str(absolute(folder / FilePath(values[data_dir]).expanduser()))
    told = values.get(recording)
    if told:
        values[recording] = _recording(told, folder)
    sources = values.get((MARKET, "sources"))
    if isinstance(sources, list):
        values[(MARKET, "sources")] = [
            {**source, "path": _recording(source["path"], folder)} if "path" in source else source
            for source in sources
        ]
    for name in FILES:
        told = values.get((MARKET, name))
        if isinstance(told, str):
            values[MARKET, name] = str(absolute(folder / FilePath(told).expanduser()))
    for path, told in values.items():
        if path[:2] == LATENCY and path[-1] == "file" and isinstance(told, str):
            values[path] = _recording(told, folder)
    if isinstance(values.get(VENUES), (list, tuple)):
        values[VENUES] = [_venue(one, folder) for one in values[VENUES]]
    told = values.get(ref)
    if told and is_file_ref(told):
        target, _, name = told.rpartition(":")
        values[ref] = f"{absolute(folder / FilePath(target).expanduser())}:{name}"
    return msgspec.structs.replace(layer, values=values)


def _venue(venue: Mapping[str, Any], folder: FilePath) -> dict[str, Any]:
    """A venue with latencies of its own, its recordings' places made absolute."""
    return {
        name: {**value, "file": _recording(value["file"], folder)}
        if isinstance(value, dict) and isinstance(value.get("file"), str)
        else value
        for name, value in venue.items()
    }


def _recording(told: str, folder: FilePath) -> str:
    if told in SHIPPED or is_synthetic(told):
        return told
    return str(absolute(folder / FilePath(told).expanduser()))
