"""What is wrong with an option's value, in plain words."""

from __future__ import annotations

from typing import Any, Final

_KINDS: Final = (
    ("int", "a whole number"),
    ("float", "a number"),
    ("bool", "true or false"),
)
_BOUNDS: Final = (
    ("greater_than_equal", "ge", "{} or more"),
    ("greater_than", "gt", "more than {}"),
    ("less_than_equal", "le", "{} or less"),
    ("less_than", "lt", "less than {}"),
)
_SHOWN: Final = 40


def in_plain_words(error: Exception) -> None:
    """Put an error of an option's value, as Typer raises it, into our words, if there are any."""
    cause: Any = error.__cause__
    if not hasattr(error, "message") or not callable(getattr(cause, "errors", None)):
        return
    first: dict[str, Any] = next(iter(cause.errors()), {})
    told = _expected(str(first.get("type", "")), first.get("ctx") or {})
    if told:
        given = str(first.get("input"))
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
        error.message = f"{shown!r}: expected {told}"


def _expected(kind: str, bounds: dict[str, Any]) -> str:
    if kind.endswith("_parsing_size"):
        return "a smaller number"
    for name, bound, words in _BOUNDS:
        if kind == name:
            return words.format(str(bounds.get(bound)).removesuffix(".0"))
    return next((words for name, words in _KINDS if kind.startswith(f"{name}_")), "")
