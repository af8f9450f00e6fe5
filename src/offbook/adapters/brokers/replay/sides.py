"""Who took at a print, and on which side of a book a level is: what files write for it, and what
that is as a number."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from offbook.domain.book_orders import ACTION_WORDS

_BUY = ("buy", "b", "buyer", "1", "+1")
_SELL = ("sell", "s", "seller", "-1")
_UNKNOWN = ("", "0", "n", "none", "unknown", "no_aggressor", "null", "na", "n/a")
_YES = ("true", "1", "t", "yes", "y")
_NO = ("false", "0", "f", "no")

MEANINGS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "aggressor": {
            **dict.fromkeys(_BUY, 1),
            **dict.fromkeys(_SELL, -1),
            **dict.fromkeys(_UNKNOWN, 0),
        },
        "book_side": {
            **dict.fromkeys(("bid", "b", "bids", "buy", "true", "1"), 1),
            **dict.fromkeys(("ask", "a", "asks", "sell", "false", "-1", "offer"), -1),
            **dict.fromkeys(("none", "n", "0", ""), 0),
        },
        "auction": {
            **dict.fromkeys(("open", "opening", "o", "opg"), 2),
            **dict.fromkeys(("close", "closing", "c", "cls"), 3),
            **dict.fromkeys(("reopen", "reopening", "r", "halt"), 4),
            **dict.fromkeys(("", "0", "n", "none", "null", "na", "n/a", "false"), 0),
        },
        "action": {word: number for number, word in enumerate(ACTION_WORDS)},
        "event": {
            **dict.fromkeys(("halt", "halted", "h", "pause", "paused"), 1),
            **dict.fromkeys(("resume", "resumed", "r", "trading", "t"), 2),
            **dict.fromkeys(("bands", "band", "b", "luld"), 3),
        },
        # The buyer made the price, so the seller took it.
        "buyer_maker": {**dict.fromkeys(_YES, -1), **dict.fromkeys(_NO, 1), "": 0},
    }
)
"""Our column -> what a cell says, in lower case -> 1 where a buyer took, -1 a seller, 0 unknown;
of a book 1 for bids, -1 for asks, 0 for neither; of a print 2, 3 and 4 for the official price of an
opening, a closing and a reopening auction; of a status 1, 2 and 3 for a halt, a resumption and
price bands; of an order in a book
the number of what happened to it."""


def side_sql(ours: str, cell: str) -> str:
    """The expression that turns a cell's text into its number; null where it means none."""
    cases = " ".join(f"WHEN '{text}' THEN {side}" for text, side in MEANINGS[ours].items())
    return f"CASE {cell} {cases} END::BIGINT"


def expected(ours: str) -> str:
    """What a cell of the column says and may say, for people."""
    return {
        "aggressor": "who took: expected buy or sell (b, s, 1, -1)",
        "auction": "of which auction it is: expected open, close, reopen or none (o, c, r, n)",
        "event": "what happened: expected halt, resume or bands (h, r, b)",
        "buyer_maker": "who took: expected true or false",
        "action": f"what happened to an order: expected {', '.join(ACTION_WORDS)} "
        "(offbook data convert makes these of the files of LOBSTER and Databento)",
        "book_side": "on which side of the book: expected bid, ask or none (b, a, n, 1, -1, 0)",
    }[ours]
