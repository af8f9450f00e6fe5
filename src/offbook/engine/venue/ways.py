"""The ways to the venue and back: on each, no message overtakes an earlier one.

Venues that have latencies of their own have ways of their own, which know nothing of one another.
A message about an order, or about what is held of an instrument, goes by those of its instrument;
what concerns no instrument, such as interest, by the session's own.
"""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import margin_records as m
from offbook.domain import order_records as o
from offbook.domain import records as r
from offbook.engine.ledger.state import OrderState

_ENTRIES: Final = (r.OrderSubmitted, r.CancelRequested, r.ReplaceRequested)
_RESPONSES: Final = (
    o.OrderAccepted,
    o.OrderTriggered,
    o.OrderRestated,
    m.ReservationsMoved,
    r.OrderRejected,
    r.OrderFilled,
    r.OrderCanceled,
    r.OrderExpired,
    r.OrderReplaced,
    r.CancelRejected,
    r.ReplaceRejected,
    r.OrderAdjusted,
    r.PositionRestated,
    r.PositionDelisted,
    r.PositionSettled,
    r.FlowPaid,
)
TRAVELS: Final[dict[object, bool]] = {kind: kind in _ENTRIES for kind in _ENTRIES + _RESPONSES}
"""Records that tell of a message, and whether it is on its way to the venue, not back."""


class Arrivals(msgspec.Struct, kw_only=True):
    """When the last message on each of two ways arrives (ns UTC)."""

    entry: int = 0
    response: int = 0


class VenueArrivals(Arrivals, kw_only=True):
    """The same of a venue that has ways of its own, at which these instruments trade."""

    symbols: tuple[str, ...]


class Ways(Arrivals, kw_only=True):
    """The session's own ways, and those of the ``venues`` that have ways of their own."""

    venues: list[VenueArrivals] | msgspec.UnsetType = msgspec.UNSET

    def of(self, symbol: str | None) -> Arrivals:
        """The ways of messages about an instrument; None for what concerns none."""
        for venue in self.venues or ():
            if symbol in venue.symbols:
                return venue
        return self

    def take(self, record: r.Record, orders: dict[int, OrderState]) -> None:
        """A message left that a record tells of, one of ``TRAVELS``."""
        ways = self if self.venues is msgspec.UNSET else self.of(_symbol_of(record, orders))
        due: int = record.due  # type: ignore[union-attr]  # all of them have it
        if TRAVELS[type(record)]:
            if due > ways.entry:
                ways.entry = due
        elif due > ways.response:
            ways.response = due


def _symbol_of(record: r.Record, orders: dict[int, OrderState]) -> str | None:
    """Which instrument a record is about: one that does not say it is about an order."""
    if hasattr(record, "symbol"):
        return record.symbol
    return orders[record.order].symbol  # type: ignore[union-attr]  # all others have it


class _Named(msgspec.Struct, frozen=True):
    symbols: tuple[str, ...]


class _Latency(msgspec.Struct, frozen=True):
    venues: tuple[_Named, ...] = ()


class _Venue(msgspec.Struct, frozen=True):
    latency: _Latency = _Latency()


class _Config(msgspec.Struct, frozen=True):
    """What of a session's configuration tells which ways there are."""

    venue: _Venue = _Venue()


_DECODER: Final = msgspec.json.Decoder(_Config)


def ways_of(config: msgspec.Raw) -> Ways:
    """The ways of a session, as yet without a message, by its configuration."""
    venues = _DECODER.decode(config).venue.latency.venues
    own = [VenueArrivals(symbols=venue.symbols) for venue in venues]
    return Ways(venues=own or msgspec.UNSET)
