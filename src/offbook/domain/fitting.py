"""Why a value, as a document or a program gives it, does not fit a type: in plain words.

A decoder stops at its first trouble and names types as its library does.  Here everything that is
wrong is found, with where it stands, what is allowed there, and what may have been meant.
"""

from __future__ import annotations

import difflib
import enum
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

Place = tuple[str | int, ...]
"""Names of fields, and numbers, from 1, of what stands in lists."""

_SHOWN: Final = 60
_WORDS: Final[dict[Any, str]] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
}


class Fault(NamedTuple):
    """One thing that does not fit, at ``place``."""

    place: Place
    before: str
    after: str

    def told(self, noun: str = "table") -> str:
        """The fault as a sentence; a ``noun`` says what the lists that are read consist of."""
        last = self.place[-1] if self.place else ""
        if isinstance(last, int) and len(self.place) > 1:
            place = f"item {last} of {place_in_words(self.place[:-1], noun)}"
        else:
            place = place_in_words(self.place, noun)
        return f"{self.before}{place}{self.after}".removeprefix(": ")


def place_in_words(place: Place, noun: str = "table") -> str:
    """``("a", "b", 2, "c")`` as ``c in table 2 of a.b``; a number at the end is a ``noun`` too."""
    parts: list[str] = []
    names: list[str] = []
    for step in place:
        if isinstance(step, int):
            told = f"{noun} {step}"
            parts.append(f"{told} of {'.'.join(names)}" if names else told)
            names = []
        else:
            names.append(step)
    if names:
        parts.append(".".join(names))
    return " in ".join(reversed(parts))


def setting_of(place: Place) -> str:
    """The names up to the first list, dotted: the field that an error is about."""
    names = []
    for step in place:
        if isinstance(step, int):
            break
        names.append(step)
    return ".".join(names)


def faults(value: Any, kind: Any, place: Place = (), *, strict: bool = True) -> Iterator[Fault]:
    """Everything in a value of plain tables, lists and scalars that does not fit a type.

    Not ``strict``, text stands for a number too, as msgspec has it.  Empty where all fits but for
    checks that a type makes of itself.
    """
    kinds = kinds_of(kind)
    if Any in kinds or any(_is_made(value, one) for one in kinds):
        return
    structs = [one for one in kinds if _is_struct(one)]
    values = [get_args(one)[1] for one in kinds if get_origin(one) is dict]
    if isinstance(value, Mapping) and structs:
        yield from _of_table(value, structs, place, strict)
    elif isinstance(value, Mapping) and values:
        for name, below in value.items():
            yield from faults(below, Union[tuple(values)], (*place, str(name)), strict=strict)  # noqa: UP007 - of what is found
    elif isinstance(value, (list, tuple)) and (items := _items(kinds)):
        for number, item in enumerate(value, 1):
            yield from faults(item, items, (*place, number), strict=strict)
    elif not any(_fits(value, one, strict) for one in kinds):
        hint = "; write it exactly, as text" if isinstance(value, float) and str in kinds else ""
        yield Fault(place, "", f": expected {expected(kinds)}, was {shown(value)}{hint}")


def kinds_of(kind: Any) -> tuple[Any, ...]:
    """The kinds of which a value of a type may be."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(one for part in get_args(kind) for one in kinds_of(part))
    return (kind,)


def choices(kind: Any) -> Iterable[Any]:
    """What may be written, where that is one of a few names."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [member.value for member in kind]
    return get_args(kind) if get_origin(kind) is Literal else ()


def expected(kinds: Iterable[Any]) -> str:
    """What may stand where a value of one of these kinds is wanted, as ``text or a list``."""
    told: list[str] = []
    for kind in kinds:
        names = [str(name) for name in choices(kind)]
        if not names and kind not in (None, type(None)):
            names = [_word(kind)]
        told += [name for name in names if name not in told]
    return " or ".join(told)


def shown(value: Any) -> str:
    """A value as an error quotes it: what is long is only named by its kind."""
    if isinstance(value, Mapping) and value:
        return "a table"
    told = repr(list(value) if isinstance(value, tuple) else value)
    if len(told) <= _SHOWN:
        return told
    return "a list" if isinstance(value, (list, tuple)) else f"{told[:_SHOWN]}..."


def spelled(value: Any, kind: Any) -> Any:
    """A value with whole numbers made text where only text is wanted, within tables and lists.

    Numbers with decimals are text already as documents are read here.
    """
    kinds = kinds_of(kind)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if str in kinds and int not in kinds else value
    if isinstance(value, (list, tuple)) and (items := _items(kinds)):
        return type(value)(spelled(item, items) for item in value)
    structs = [one for one in kinds if _is_struct(one)]
    if isinstance(value, Mapping) and structs:
        fields = _types_of(_chosen(value, structs) or structs[0])
        return {n: spelled(v, fields[n]) if n in fields else v for n, v in value.items()}
    return value


def _of_table(
    value: Mapping[Any, Any], structs: Sequence[type[msgspec.Struct]], place: Place, strict: bool
) -> Iterator[Fault]:
    tag = structs[0].__struct_config__.tag_field
    struct = _chosen(value, structs)
    if struct is None:
        tags = [str(one.__struct_config__.tag) for one in structs]
        if tag in value:
            near = _meant(str(value[tag]), tags)
            after = f": expected {' or '.join(tags)}, was {shown(value[tag])}{near}"
        else:
            after = f" is missing: give {' or '.join(tags)}"
        misspelt = [] if tag in value else difflib.get_close_matches(str(tag), map(str, value), n=1)
        for name in misspelt:
            yield Fault((*place, name), "unknown setting ", f": did you mean {tag}?")
        if not misspelt:
            yield Fault((*place, str(tag)), "", after)
        return
    fields = _types_of(struct)
    known = [*([tag] if tag else []), *fields]
    unknown = [str(name) for name in value if name not in known]
    meant = {name: _near(name, known) for name in unknown}
    for name in unknown if struct.__struct_config__.forbid_unknown_fields else ():
        near = f"{_meant(name, known)} Known there: " if meant[name] else ": known there: "
        yield Fault((*place, name), "unknown setting ", near + ", ".join(known))
    for field in msgspec.structs.fields(struct):
        name = field.encode_name
        if field.required and name not in value and name not in meant.values():
            yield Fault((*place, name), "", " is missing" + _tags(field.type))
    for name, below in value.items():
        if name in fields:
            yield from faults(below, fields[name], (*place, str(name)), strict=strict)


def _tags(kind: Any) -> str:
    tags = [one.__struct_config__.tag for one in kinds_of(kind) if _is_struct(one)]
    return f": give {' or '.join(tags)}" if tags and all(isinstance(t, str) for t in tags) else ""


def _chosen(
    value: Mapping[Any, Any], structs: Sequence[type[msgspec.Struct]]
) -> type[msgspec.Struct] | None:
    """The kind of table that a value is of: the only one, or that which its tag names."""
    if len(structs) == 1:
        return structs[0]
    tag = structs[0].__struct_config__.tag_field
    named = (one for one in structs if one.__struct_config__.tag == value.get(tag))
    return next(named, None)


def _types_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _items(kinds: Iterable[Any]) -> Any:
    """What the items of a list may be; None where no list of any length is wanted."""
    found: list[Any] = []
    for kind in kinds:
        arguments = get_args(kind)
        origin = get_origin(kind)
        if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
            found.append(arguments[0])
    return Union[tuple(found)] if found else None  # noqa: UP007 - of what is found


def _fits(value: Any, kind: Any, strict: bool) -> bool:
    try:
        msgspec.convert(value, kind, strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter of half a character
        return False
    return True


def _is_made(value: Any, kind: Any) -> bool:
    """Whether a program gave what a document would be read as."""
    if not isinstance(kind, type) or isinstance(value, (bool, dict)):
        return False
    return isinstance(value, kind)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _word(kind: Any) -> str:
    origin = get_origin(kind) or kind
    if origin in (list, tuple, set, frozenset):
        return "a list"
    if origin is dict or _is_struct(kind):
        return "a table"
    return _WORDS.get(kind, getattr(kind, "__name__", str(kind)))


def _meant(given: str, known: Iterable[str]) -> str:
    near = _near(given, known)
    return f": did you mean {near}?" if near else ""


def _near(given: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(given, known, n=1)), "")
