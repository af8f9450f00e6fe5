"""The venue's working orders in price-time order, and what the session took of shown liquidity."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Final

import msgspec
import numpy as np

from offbook.domain.market_data import IntColumn, Quote, QuoteSlice
from offbook.domain.orders import BUY, OrderSide
from offbook.domain.values import MAX_UNITS
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.price_levels import Place, PriceLevels
from offbook.engine.venue.triggers import Triggers
from offbook.engine.wake import NO_FALL, NO_RISE, UNBOUNDED, Band

NO_BUY: Final = -1
NO_SELL: Final = MAX_UNITS
HIDDEN: Final = 2**62
_FIRST_LOOK: Final = 64
_TIME: Final = itemgetter(1)
"""What of a place says when its order came."""


class Taken(msgspec.Struct, array_like=True):
    """What is left of one price level that the session traded against."""

    px: int
    shown: int
    available: int


class Book:
    """Working orders of one instrument.

    ``top_buy`` and ``top_sell`` are the prices at which the best order on each side trades (a
    market order at any price), or at which an order that waits is touched or a trailing stop
    follows; ``rise`` and ``fall`` those at which a stop is triggered, or the account's equity must
    be judged (its guard).  Where limits fill by a touch (``touches``), these are also the prices at
    which the market stands where the best limit does.  ``watching`` says whether every quote must
    be seen even when none of these is reached, ``looking`` whether ``concerns`` must be asked.
    """

    def __init__(self, *, touches: bool = False) -> None:
        self.touches = touches
        self.bar_left = 0
        """What may still be taken of the last bar."""
        self._buys = PriceLevels()
        self._sells = PriceLevels()
        self._keys: dict[int, Place] = {}
        self._fresh: dict[int, tuple[OrderSide, int]] = {}
        self.triggers = Triggers()
        self.auctions: dict[int, OrderState] = {}
        """Orders for an auction, which stand apart."""
        self.pegs: dict[int, OrderState] = {}
        """Orders that follow the market; those without a price yet stand nowhere else."""
        self.awaiting = False
        """Whether the price of an auction may come that one of them is for."""
        self.taken_ask: Taken | None = None
        self.taken_bid: Taken | None = None
        self.ahead_ask: Taken | None = None
        self.ahead_bid: Taken | None = None
        self.top_buy = NO_BUY
        self.top_sell = NO_SELL
        self.rise = NO_RISE
        self.fall = NO_FALL
        self.watching = False
        self.guarded = False
        """Whether a position needs every row to be looked at."""
        self.guard_band = UNBOUNDED
        self.looking = False
        self._band: Band | None = None

    def __len__(self) -> int:
        held = len(self._keys) + len(self.triggers) + len(self.auctions)
        return held + len(self.unpriced) if self.pegs else held

    @property
    def unpriced(self) -> list[int]:
        """Pegged orders that have no price yet."""
        return [ordinal for ordinal in self.pegs if ordinal not in self._keys]

    @property
    def sees_all(self) -> bool:
        """Whether every row of the instrument matters."""
        return bool(self._fresh) or self.awaiting or bool(self.pegs)

    def concerns(self, quote: Quote) -> bool:
        """Whether a quote that is within the tops matters all the same."""
        return self.watching or quote.ask_px >= self.rise or quote.bid_px <= self.fall

    @property
    def band(self) -> Band:
        """The prices between which nothing happens to any order, or to the account."""
        if self._band is None:
            band = Band(
                ask_falls=max(self.top_buy, NO_FALL),
                ask_rises=min(self.rise, NO_RISE),
                bid_falls=max(self.fall, NO_FALL),
                bid_rises=min(self.top_sell, NO_RISE),
            )
            self._band = UNBOUNDED if band == UNBOUNDED else band
        return self._band

    @property
    def must_see(self) -> bool:
        """Whether the next row must be looked at, whatever its prices; what was taken of a size
        shown can be caught up later."""
        ahead = self.ahead_ask is not None or self.ahead_bid is not None
        return ahead or self.guarded or self.sees_all

    def wait(self, order: OrderState, mark: int | None) -> None:
        """Enter an order that the market must trigger first; a trailing stop with its mark."""
        self.triggers.add(order, mark)
        self._retop()

    def follow(self, ask_px: int, bid_px: int, ordinals: Iterable[int] | None = None) -> None:
        """Let trailing stops, or some of them, follow the market."""
        self.triggers.move(ask_px, bid_px, ordinals)
        self._retop()

    def add(self, order: OrderState, *, fresh: bool = True) -> None:
        """Enter an order; until it ``rest``s it trades as a taker. One for an auction waits."""
        if order.auction_ts is not None:
            self.auctions[order.ordinal] = order
            return
        if order.peg is not None:
            self.pegs[order.ordinal] = order
            self.watching = self.looking = True
            if order.price_px is None:
                self._retop()
                return
        # An order more can only better the top of its side; the rest stays as it is.
        # By time; at a price what is hidden comes after all that is shown.
        rank = order.priority + HIDDEN if order.display_qty == 0 else order.priority
        limit, ordinal = order.price_px, order.ordinal
        if order.side is BUY:
            px = MAX_UNITS if limit is None else limit
            key = (-px, rank, ordinal)
            self._buys.add(key)
            if px > self.top_buy:
                self.top_buy = px
        else:
            px = 0 if limit is None else limit
            key = (px, rank, ordinal)
            self._sells.add(key)
            if px < self.top_sell:
                self.top_sell = px
        self._keys[ordinal] = key
        if fresh and limit is not None:
            self._fresh[ordinal] = (order.side, px)
            self.watching = self.looking = True
        self._band = None
        if self.touches:
            self._retop()

    def remove(self, order: OrderState) -> None:
        """Take an order out, if it is in."""
        if self.auctions.pop(order.ordinal, None) is not None:
            self.awaiting = self.awaiting and len(self.auctions) > 0
            self._retop()
            return
        key = self._keys.pop(order.ordinal, None)
        if self.pegs.pop(order.ordinal, None) is not None and key is None:
            self._retop()
        if order.ordinal in self.triggers:
            self.triggers.remove(order.ordinal)
            self._retop()
        if key is not None:
            (self._buys if order.side is BUY else self._sells).remove(key)
            self._fresh.pop(order.ordinal, None)
            self._retop()

    def expect(self, now: int) -> None:
        """Look whether the price of an auction may come from now on."""
        self.awaiting = any((o.auction_ts or 0) <= now for o in self.auctions.values())
        self._retop()

    def for_auction(self, ts: int) -> list[OrderState]:
        """The orders whose auction was at or before a time: market orders, then the best limit,
        then the earliest."""
        due = [order for order in self.auctions.values() if (order.auction_ts or 0) <= ts]
        return sorted(due, key=by_limit)

    def rest(self, order: OrderState) -> None:
        """The market is away from the order: from now on it trades at its own price."""
        if self._fresh.pop(order.ordinal, None) is not None and not self._fresh:
            self._rewatch()

    def is_fresh(self, order: OrderState) -> bool:
        """Whether the order still trades as a taker."""
        return order.ordinal in self._fresh

    def fresh_ordinals(self) -> list[int]:
        """The orders that still trade as takers, for a snapshot."""
        return sorted(self._fresh)

    def crosses(self, order: OrderState, quote: Quote) -> bool:
        """Whether the other side of a quote satisfies the order."""
        if order.price_px is None:
            return True
        if order.side is BUY:
            return quote.ask_px <= order.price_px
        return quote.bid_px >= order.price_px

    def buys_crossing(self, ask_px: int) -> list[int]:
        """Buys that an ask satisfies, best price first, then time."""
        return self._buys.up_to(-ask_px)

    def sells_crossing(self, bid_px: int) -> list[int]:
        """Sells that a bid satisfies, best price first, then time."""
        return self._sells.up_to(bid_px)

    def crossing(self, side: OrderSide, px: int) -> list[int]:
        """Orders of a side that a price satisfies, best price first, then time."""
        return self.buys_crossing(px) if side is BUY else self.sells_crossing(px)

    def resting_to(self, side: OrderSide, px: int) -> list[int]:
        """Orders of a side at a price or better that no longer trade as takers, best price first,
        then time."""
        return [ordinal for ordinal in self.crossing(side, px) if ordinal not in self._fresh]

    def by_priority(self) -> list[int]:
        """All working orders, earliest first."""
        return [key[2] for key in sorted(self._keys.values(), key=_TIME)]

    # -- liquidity --------------------------------------------------------------------------

    def see(self, quote: Quote) -> None:
        """Carry the memory of what was taken over to a new quote."""
        if self.ahead_ask is not None or self.ahead_bid is not None:
            self._meet(quote)
        if self.taken_ask is not None:
            self.taken_ask = carry(self.taken_ask, quote.ask_px, quote.ask_qty)
        if self.taken_bid is not None:
            self.taken_bid = carry(self.taken_bid, quote.bid_px, quote.bid_qty)

    def settle(self, quote: Quote) -> None:
        """After matching: orders that the market is away from rest from now on."""
        if self._fresh:
            for ordinal, (side, px) in list(self._fresh.items()):
                away = quote.ask_px > px if side is BUY else quote.bid_px < px
                if away:
                    del self._fresh[ordinal]
        self._rewatch()

    def available(self, side: OrderSide, quote: Quote) -> int:
        """What an order of ``side`` may still take of the quote's other side."""
        if side is BUY:
            return quote.ask_qty if self.taken_ask is None else self.taken_ask.available
        return quote.bid_qty if self.taken_bid is None else self.taken_bid.available

    def take(self, side: OrderSide, quote: Quote, qty: int) -> None:
        """Remember what was taken."""
        left = self.available(side, quote) - qty
        if side is BUY:
            self.taken_ask = Taken(quote.ask_px, quote.ask_qty, left)
        else:
            self.taken_bid = Taken(quote.bid_px, quote.bid_qty, left)
        self._rewatch()

    def missing(self, side: OrderSide, px: int) -> int:
        """What the session took of the level shown at a price: a print there may be the same."""
        taken = self.taken_ask if side is BUY else self.taken_bid
        return taken.shown - taken.available if taken is not None and taken.px == px else 0

    def take_print(self, side: OrderSide, px: int, qty: int) -> None:
        """Remember what a print gave: the level at its price may be the same shares."""
        buying = side is BUY
        taken = self.taken_ask if buying else self.taken_bid
        if taken is not None and taken.px == px:
            taken.available = max(0, taken.available - qty)
            return
        ahead = self.ahead_ask if buying else self.ahead_bid
        before = ahead.shown if ahead is not None and ahead.px == px else 0
        if buying:
            self.ahead_ask = Taken(px, before + qty, 0)
        else:
            self.ahead_bid = Taken(px, before + qty, 0)
        self._rewatch()

    def _meet(self, quote: Quote) -> None:
        """The first quote after prints: what they gave is missing in a level at their price."""
        if self.ahead_ask is not None and self.ahead_ask.px == quote.ask_px:
            self.taken_ask = self.ahead_ask
        if self.ahead_bid is not None and self.ahead_bid.px == quote.bid_px:
            self.taken_bid = self.ahead_bid
        self.ahead_ask = self.ahead_bid = None

    def restore_taken(
        self, taken: tuple[Taken | None, Taken | None], ahead: tuple[Taken | None, Taken | None]
    ) -> None:
        """Take a snapshot's memory of what was taken back: (bid, ask) of each."""
        self.taken_bid, self.taken_ask = taken
        self.ahead_bid, self.ahead_ask = ahead
        self._retop()

    @property
    def remembers(self) -> bool:
        """Whether anything of what was taken is remembered."""
        return self.taken_ask is not None or self.taken_bid is not None

    def pass_over(self, piece: QuoteSlice, begin: int, end: int) -> None:
        """Quotes were passed over that no order met: carry what was taken over to the last."""
        taken_ask, taken_bid = self.taken_ask, self.taken_bid
        if taken_ask is None and taken_bid is None:
            return
        if taken_ask is not None:
            self.taken_ask = _carry_far(taken_ask, piece.ask_px, piece.ask_qty, begin, end)
        if taken_bid is not None:
            self.taken_bid = _carry_far(taken_bid, piece.bid_px, piece.bid_qty, begin, end)
        self._rewatch()

    def guard(self, band: Band | None) -> None:
        """Wake outside a band, or with None at every row, whatever is working: the account's
        equity turns on it."""
        guarded, band = band is None, band or UNBOUNDED
        if guarded is not self.guarded or band != self.guard_band:
            self.guarded, self.guard_band = guarded, band
            self._retop()

    def _retop(self) -> None:
        triggers, guard = self.triggers, self.guard_band
        bid, offer = self._buys.best(), self._sells.best()
        self.top_buy = NO_BUY if bid is None else -bid
        self.top_sell = NO_SELL if offer is None else offer
        if len(triggers):
            self.top_buy = max(self.top_buy, triggers.touch_buy)
            self.top_sell = min(self.top_sell, triggers.touch_sell)
        self.rise = min(triggers.rise, guard.ask_rises)
        self.fall = max(triggers.fall, guard.bid_falls)
        if self.touches:
            self.rise, self.fall = min(self.rise, self.top_sell), max(self.fall, self.top_buy)
        self._band = None
        self._rewatch()

    def _rewatch(self) -> None:
        # What was taken, and who still trades as a taker, moves no price at which orders trade.
        # Asked one by one, and not as a tuple, for every order that comes to rest asks.
        self.watching = bool(
            self._fresh
            or self.guarded
            or self.awaiting
            or self.pegs
            or self.taken_ask is not None
            or self.taken_bid is not None
            or self.ahead_ask is not None
            or self.ahead_bid is not None
        )
        self.looking = self.watching or self.rise < NO_RISE or self.fall > NO_FALL


def carry(taken: Taken, px: int, shown: int) -> Taken | None:
    """min(shown, shown - taken + increases seen at the price since); None once it left the top."""
    if px != taken.px:
        return None
    return Taken(px, shown, _left(shown, taken.available, taken.shown))


def _left(shown: int, left: int, before: int) -> int:
    return min(shown, left + max(0, shown - before))


def _carry_far(taken: Taken, px: IntColumn, shown: IntColumn, begin: int, end: int) -> Taken | None:
    """The same over many quotes. Mostly the price soon leaves the top: then sizes mean nothing."""
    first, window = begin, _FIRST_LOOK
    while first < end:
        if (px[first : min(first + window, end)] != taken.px).any():
            return None
        first, window = first + window, 4 * window
    sizes = shown[begin:end]
    last = int(sizes[-1])
    if max(int(sizes.max()), taken.shown) * len(sizes) < MAX_UNITS:
        # With s the sum of increases so far, left - s is the least of what size - s ever was.
        increases = np.maximum(np.diff(sizes, prepend=taken.shown), 0).cumsum()
        least = min(taken.available, int((sizes - increases).min()))
        return Taken(taken.px, last, least + int(increases[-1]))
    before, left = taken.shown, taken.available
    for qty in sizes.tolist():
        before, left = qty, _left(qty, left, before)
    return Taken(taken.px, last, left)


def by_limit(order: OrderState) -> tuple[int, int]:
    """Market orders, then the best limit, then the earliest: whom an auction serves first."""
    limit = -MAX_UNITS if order.price_px is None else -order.side.sign * order.price_px
    return limit, order.priority
