"""Reading what users write down: TOML and JSON."""

from __future__ import annotations

import enum
import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

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
    is named whole, and told what it may be, as is one that is none of a few names.  ``kind`` was to
    be read, from the document ``table``.
    """
    text = str(error)
    inside = text.rpartition("`$")[2].rstrip("`").removeprefix(".") if "`$" in text else ""
    place = _joined(table, inside)
    missing = text.partition("missing required field `")[2].partition("`")[0]
    if not missing:
        if text.startswith("Invalid enum value"):
            kinds = _kinds_at(kind, inside)
            names = ["a whole number"] if int in kinds else []
            names += [str(name) for one in kinds for name in choices(one)]
            text += f": expected {' or '.join(names)}" if names else ""
        return place, f"[{table}]: {text}" if table else text
    field = _joined(place, missing)
    kinds = _kinds_at(kind, inside) if missing == "type" else []
    tags = " or ".join(filter(None, map(_tag, kinds)))
    return field, f"{field} is missing" + (f": give {tags}" if tags else "")


def _joined(*names: str) -> str:
    return ".".join(filter(None, names))


def choices(kind: Any) -> Iterable[Any]:
    """What may be written, where that is one of a few names."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [member.value for member in kind]
    return get_args(kind) if get_origin(kind) is Literal else ()


def _kinds_at(kind: Any, path: str) -> list[Any]:
    """What may stand at a path as decoders write it, ``venue.fee.parts[...]``."""
    found = list(_kinds(kind))
    for name in filter(None, path.split(".")):
        structs = [one for one in found if _is_struct(one)]
        hints = [get_type_hints(struct).get(name.partition("[")[0]) for struct in structs]
        found = [one for hint in hints for one in _kinds(hint)]
    return list(dict.fromkeys(found))


def _kinds(kind: Any) -> Iterator[Any]:
    """The kinds of which a type may be, also those in its lists."""
    if get_origin(kind) is Literal or not get_args(kind):
        yield kind
        return
    for part in get_args(kind):
        yield from _kinds(part)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _tag(kind: Any) -> str:
    tag = kind.__struct_config__.tag if _is_struct(kind) else None
    return tag if isinstance(tag, str) else ""
