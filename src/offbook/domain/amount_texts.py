"""How amounts are written in JSON, and read: as decimal text. The usual ones are kept at hand."""

from __future__ import annotations

import functools
from typing import Any, Final

from offbook.domain.values import Amount, amount_text

_MOST_TEXTS: Final = 4096
_texts: Final[dict[Amount, str]] = {}
"""Most amounts are written again and again: with each commit the whole summary of an account. Which
are at hand changes no byte; to keep them in the order of their use costs more than to look."""

_parsed_amount: Final = functools.lru_cache(maxsize=4096)(Amount.parse)
"""And read: orders of a size and price hold the same. Besides, equal ones that are read are one
object then, where the collector of garbage looks at each."""


def encode_hook(value: object) -> object:
    """Amounts are written as decimal text."""
    if type(value) is not Amount:
        raise NotImplementedError(f"cannot encode {type(value).__name__}")
    text = _texts.get(value)
    if text is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        text = _texts[value] = amount_text(value)
    return text


def decode_hook(kind: type[Any], value: object) -> object:
    """Amounts are read from decimal text; anything else is a ValidationError of the decoder."""
    if kind is Amount and isinstance(value, str):
        return _parsed_amount(value)
    raise TypeError(f"cannot decode {kind.__name__} from {type(value).__name__}")
