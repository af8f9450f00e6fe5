"""What is wrong with a line of a raw capture, told with its place and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from offbook.domain.errors import BadMarketData

UNREADABLE: Final = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError),
)
"""What decoding a message raises that is not as its venue writes it."""
_NUMBER: Final = re.compile(r"\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_Said = TypeVar("_Said")


def line_fault(path: Path, line: int, what: str, advice: str = ". Mend the file") -> BadMarketData:
    """The error of one line (from 1)."""
    return BadMarketData(
        f"{path}, line {line}: {what}{advice}",
        file=str(path),
        row=line,
        reason="unreadable",
    )


def other_market(path: Path, line: int, market: str, before: str) -> BadMarketData:
    """The error of a message of another market than those before, where none was named."""
    return line_fault(
        path,
        line,
        f"it is of {market}, and those before of {before}",
        f": name the one that is meant before the file, {market}={path}",
    )


def no_message(path: Path, line: int, error: Exception, source: str) -> BadMarketData:
    """The error of a line that is no message of its ``source``, such as a venue's websocket."""
    if isinstance(error, json.JSONDecodeError):
        why = f"it is no JSON, or breaks off ({error.msg}, character {error.pos + 1})"
    elif isinstance(error, KeyError):
        why = f"it has no {error}"
    else:
        why = str(error)
    return line_fault(path, line, f"{why}; expected a message of {source} as JSON")


def said_or_nothing(decode: Callable[[bytes], list[_Said]], text: bytes) -> list[_Said]:
    """What a message says; nothing where it is none that is known."""
    try:
        return decode(text)
    except UNREADABLE:
        return []


def require_numbers(*numbers: Any) -> None:
    """Raises ValueError for what is no plain number from 0 on, as texts of JSON are."""
    for number in numbers:
        if not isinstance(number, str) or _NUMBER.fullmatch(number) is None:
            raise ValueError(f"{number!r} is not a number from 0 on")


def require_texts(*texts: Any) -> None:
    """Raises TypeError for what is no text."""
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no name")
