"""Values of a parameter as a grid names them: ``5..50``, ``0.1..0.5:0.1``, ``5,10,20``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from offbook.domain.errors import InvalidConfig

MOST_VALUES: Final = 10_000
"""Of one parameter."""

_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?"
_RANGE: Final = re.compile(
    rf"(?P<first>{_NUMBER})\s*\.\.\s*(?P<last>{_NUMBER})(?:\s*:\s*(?P<step>{_NUMBER}))?\Z",
    re.ASCII,
)
_RANGE_LIKE: Final = re.compile(r"[-+.\d]*\d\.\.|\.\.[-+.\d]*\d")
_RANGE_OF_OTHERS: Final = re.compile(
    rf"(?:range\()?\s*({_NUMBER})\s*(?:-|:|/|,|to)\s*({_NUMBER})(?:\s*[:/,]\s*({_NUMBER}))?\)?\Z",
    re.ASCII,
)
"""As they are written elsewhere: 5-50, 5:50:5, range(5, 50)."""
_OPENING: Final = {"[": "]", "{": "}", "(": ")"}


def axis_texts(name: str, text: str) -> list[str]:
    """The values that ``text`` names for the parameter ``name``, each as one would write it alone.

    Parts are parted by commas, except within brackets and quotes.  ``a..b`` and ``a..b:step`` count
    up from a, exactly, as far as b; without a step both are whole numbers.  Raises InvalidConfig.
    """
    found: list[str] = []
    for part in _parts(name, text):
        found += _range(name, part)
        if len(found) > MOST_VALUES:
            raise InvalidConfig(
                f"{name}={text}: that is more than {MOST_VALUES:,} values; take larger steps",
                field=name,
            )
    return found


def names_several(text: str) -> bool:
    """Whether a setting reads like several values, or a range of them."""
    if _RANGE.match(text.strip()) is not None:
        return True
    try:
        return len(_parts("", text)) > 1
    except InvalidConfig:
        return False


def range_hint(text: str) -> str:
    """How to write what reads like a range of another program; nothing for other texts."""
    found = _RANGE_OF_OTHERS.match(text.strip())
    if found is None:
        return ""
    step = "" if found[3] is None else f":{found[3]}"
    return f"; a range is written {found[1]}..{found[2]}{step}, both ends included"


def _parts(name: str, text: str) -> list[str]:
    parts = [part.strip() for part in _split(text)]
    if not all(parts):
        raise InvalidConfig(
            f"{name}={text}: a value is missing; write values parted by commas, such as 5,10,20, "
            "or a range, such as 5..50",
            field=name,
        )
    return [_unquoted(part) for part in parts]


def _split(text: str) -> Iterator[str]:
    """The parts between commas that stand in no bracket and no quotes."""
    begin, closing, quoted, escaped = 0, [""], False, False
    for place, letter in enumerate(text):
        if quoted:
            escaped, quoted = letter == "\\" and not escaped, letter != '"' or escaped
        elif letter == '"':
            quoted = True
        elif letter in _OPENING:
            closing.append(_OPENING[letter])
        elif letter == closing[-1]:
            closing.pop()
        elif letter == "," and len(closing) == 1:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _unquoted(part: str) -> str:
    """``"a,b"`` as a,b: quotes keep a comma from parting."""
    if not part.startswith('"'):
        return part
    try:
        return msgspec.json.decode(part, type=str)
    except msgspec.MsgspecError:
        return part


def _range(name: str, part: str) -> list[str]:
    found = _RANGE.match(part)
    if found is None:
        if _RANGE_LIKE.search(part) and ".." in part:
            raise InvalidConfig(
                f"{name}={part}: write a range as 5..50, 20..200:20 or 0.1..0.5:0.1", field=name
            )
        return [part]
    first, last = Decimal(found["first"]), Decimal(found["last"])
    step = _step(name, part, found["step"], whole=first == int(first) and last == int(last))
    if first > last:
        raise InvalidConfig(
            f"{name}={part}: the range ends before it begins; write the smaller end first",
            field=name,
        )
    count = int((last - first) / step) + 1
    if count > MOST_VALUES:
        raise InvalidConfig(
            f"{name}={part}: {count:,} values are more than {MOST_VALUES:,}; take larger steps",
            field=name,
        )
    places = max(-_exponent(first), -_exponent(step), 0)
    return [format(first + step * number, f".{places}f") for number in range(count)]


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # digits alone were let through
    return exponent


def _step(name: str, part: str, told: str | None, *, whole: bool) -> Decimal:
    if told is None:
        if not whole:
            raise InvalidConfig(f"{name}={part}: say the step too: {part}:0.1", field=name)
        return Decimal(1)
    step = Decimal(told)
    if step <= 0:
        raise InvalidConfig(f"{name}={part}: the step has to be more than 0", field=name)
    return step
