"""Reading what users write down: TOML and JSON."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from offbook.config.lines import lines_of
from offbook.domain.errors import InvalidConfig, system_reason
from offbook.domain.fitting import faults, setting_of

T = TypeVar("T")


def read_document(path: Path) -> dict[str, Any]:
    """A TOML or JSON file as a table; numbers with decimals stay the text that was written.

    Raises InvalidConfig.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InvalidConfig(f"there is no file {path} (looked in {Path.cwd()})") from None
    except UnicodeDecodeError:
        raise InvalidConfig(f"{path} is not UTF-8 text: save it as that") from None
    except IsADirectoryError:
        raise InvalidConfig(f"{path} is a folder: name a file in it") from None
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {system_reason(error)}") from None
    is_json = path.suffix == ".json"
    try:
        if is_json:
            document = json.loads(text, parse_float=str)
            # What is written as \ud800 is read, and can be neither kept nor shown.
            json.dumps(document, ensure_ascii=False).encode()
        else:
            document = tomllib.loads(text, parse_float=str)
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise InvalidConfig(f"{path}: {half!r} is half a character: leave it out") from None
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise InvalidConfig(f"{path} is no {kind}: {_why_unread(error)}") from None
    if not isinstance(document, dict):
        raise InvalidConfig(f"{path}: expected a table of settings")
    return document


def _why_unread(error: Exception) -> str:
    """What a reader says, but for what it says of Python."""
    if isinstance(error, RecursionError):
        return "too many lists or tables within one another"
    if "set_int_max_str_digits" in str(error):
        return f"a number has more than {sys.get_int_max_str_digits():,} digits"
    return str(error)


def lines_in(path: Path) -> dict[tuple[str, ...], int]:
    """In which line of a document that could be read each setting stands; of JSON nothing."""
    return {} if path.suffix == ".json" else lines_of(path.read_text("utf-8-sig"))


def located(error: InvalidConfig, file: Path, *above: str) -> InvalidConfig:
    """An error whose words begin with the file's name, with the line of the setting that it is
    about, which stands in the table ``above``."""
    lines, field = lines_in(file), str(error.fields.get("field", ""))
    names = [tuple(told.split(".")) for told in (field, field.replace("_", "-"))]
    places = [*((*above, *name) for name in names), *names, above]
    line = next((lines[place] for place in places if place in lines), None)
    if line is None or not error.message.startswith(str(file)):
        return error
    return InvalidConfig(
        f"{file}, line {line}{error.message.removeprefix(str(file))}", **error.fields
    )


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
        field, told = first_fault(error, document, kind)
        raise InvalidConfig(f"{origin}: {told}", field=field) from None


def first_fault(
    error: msgspec.ValidationError, document: object, kind: Any, *names: str, strict: bool = True
) -> tuple[str, str]:
    """The field that a decoder's error is about, and what to say of it in plain words; the document
    is the table of those ``names``."""
    for fault in faults(document, kind, names, strict=strict):
        return setting_of(fault.place), fault.told()
    return ".".join(names), str(error)
