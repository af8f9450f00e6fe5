"""What one message of a venue says of a market, in one form for all venues."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from offbook.adapters.brokers.replay.capture_faults import require_numbers, require_texts

Level = tuple[str, str]
"""A price and a size, as the venue writes them."""
MS: Final = 1_000_000
US: Final = 1_000
S: Final = 1_000_000_000
SIDES: Final = ("buy", "sell")
"""Of those who took."""


class Trade(msgspec.Struct, frozen=True):
    """A print: ``side`` is that of who took."""

    price: str
    size: str
    side: str
    ts: int | None


class VenueMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one market.

    ``bids`` and ``asks`` are levels with their new size, of a snapshot all there are.  ``ts`` is
    the venue's time in ns, ``seq`` and ``prev_seq`` its numbers of the message and of the one
    before; ``first_seq`` is the first of those that it sums up.  ``channel`` is by which its book
    comes, where a market may have several of them at a time.  A snapshot that was asked for
    ``is_answer``: it may be older than updates before it, and need not name its market.
    Where ``depth`` is told, levels beyond so many of a side have left the book without a word.
    ``checksum`` is that of the book which the message leaves.
    """

    venue: str
    symbol: str
    channel: str = ""
    is_snapshot: bool = False
    bids: list[Level] = []
    asks: list[Level] = []
    trades: list[Trade] = []
    ts: int | None = None
    seq: int = -1
    prev_seq: int = -1
    first_seq: int = -1
    is_answer: bool = False
    depth: int | None = None
    checksum: int | None = None

    @property
    def has_book(self) -> bool:
        """Whether it tells of a book."""
        return self.is_snapshot or not self.trades

    def checked(self) -> VenueMessage:
        """Itself. Raises ValueError and TypeError where a name or a number is none."""
        require_texts(self.symbol, self.channel)
        for levels in (self.bids, self.asks):
            for price, size in levels:
                require_numbers(price, size)
        for trade in self.trades:
            require_numbers(trade.price, trade.size)
            if trade.side not in SIDES:
                raise ValueError(f"the side {trade.side!r} is neither buy nor sell")
        return self


def traded(
    venue: str, symbol: str, price: str, size: str, side: str, ts: int | None
) -> VenueMessage:
    return VenueMessage(venue=venue, symbol=symbol, trades=[Trade(price, size, side, ts)], ts=ts)


def plain_market(symbol: str) -> str:
    """As names of markets are compared: ``BTC/USD``, ``BTC-USD`` and ``btcusd`` are the same."""
    return "".join(letter for letter in symbol.upper() if letter.isalnum())


def told_depth(said: dict[str, Any], channel: str) -> dict[str, int]:
    """By its market the depth of which Kraken says that a channel was subscribed to; else none."""
    result = said.get("result")
    if not isinstance(result, dict) or result.get("channel") != channel or "depth" not in result:
        return {}
    return {result["symbol"]: int(result["depth"])}


def is_zero(number: str) -> bool:
    """Whether a number is 0, as ``0``, ``0.000`` and ``0E-18`` are."""
    return not number.upper().partition("E")[0].strip("0.")


def pairs(levels: Any) -> list[Level]:
    return [(level[0], level[1]) for level in levels]


def seconds(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole) * S + int(fraction[:9].ljust(9, "0"))


def iso(text: str) -> int:
    """A time of ISO 8601 in UTC, to at most nanoseconds."""
    clock, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(f"{clock}+00:00")
    return int(moment.timestamp()) * S + int(fraction[:9].ljust(9, "0"))
