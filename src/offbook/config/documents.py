"""Reading what users write down: TOML and JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from offbook.domain.errors import InvalidConfig

T = TypeVar("T")


def read_document(path: Path) -> dict[str, Any]:
    """A TOML or JSON file as a table; numbers with decimals stay the text that was written.

    Raises InvalidConfig.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InvalidConfig(f"there is no file {path} (looked in {Path.cwd()})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path} cannot be read: {error}") from None
    is_json = path.suffix == ".json"
    try:
        if is_json:
            document = json.loads(text, parse_float=str)
        else:
            document = tomllib.loads(text, parse_float=str)
    except ValueError as error:
        kind = "JSON" if is_json else "TOML"
        raise InvalidConfig(f"{path} is no {kind}: {error}") from None
    if not isinstance(document, dict):
        raise InvalidConfig(f"{path}: expected a table of settings")
    return document


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A table within a table, made where it is missing. Raises InvalidConfig for anything else."""
    found = document.get(name)
    if found is None:
        found = document[name] = {}
    if not isinstance(found, dict):
        raise InvalidConfig(f"{name}: expected a table, was {found!r}", field=name)
    return found


def convert(document: object, kind: type[T], origin: str) -> T:
    """A document as a value of a type. Raises InvalidConfig naming ``origin`` and the field."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        field, told = in_words(error, kind)
        raise InvalidConfig(f"{origin}: {told}", field=field) from None


def in_words(error: msgspec.ValidationError, kind: Any, table: str = "") -> tuple[str, str]:
    """The field that a decoder's error is about, and what to say of it: a setting that is missing
    is named whole, and told what it may be.  ``kind`` was to be read, from the document ``table``.
    """
    text = str(error)
    inside = text.rpartition("`$")[2].rstrip("`").removeprefix(".") if "`$" in text else ""
    place = _joined(table, inside)
    missing = text.partition("missing required field `")[2].partition("`")[0]
    if not missing:
        return place, f"[{table}]: {text}" if table else text
    field = _joined(place, missing)
    structs = _structs_at(kind, inside) if missing == "type" else []
    tags = " or ".join(filter(None, map(_tag, structs)))
    return field, f"{field} is missing" + (f": give {tags}" if tags else "")


def _joined(*names: str) -> str:
    return ".".join(filter(None, names))


def _structs_at(kind: Any, path: str) -> list[type[msgspec.Struct]]:
    """The structs that may stand at a path as decoders write it, ``venue.fee.parts[...]``."""
    found = list(_structs(kind))
    for name in filter(None, path.split(".")):
        hints = [get_type_hints(struct).get(name.partition("[")[0]) for struct in found]
        found = [struct for hint in hints for struct in _structs(hint)]
    return list(dict.fromkeys(found))


def _structs(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs that a type names, also those in its lists."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in get_args(kind):
        yield from _structs(part)


def _tag(struct: type[msgspec.Struct]) -> str:
    tag = struct.__struct_config__.tag
    return tag if isinstance(tag, str) else ""
