"""Books and queues written for obviousness, by the rules of ``docs/reference/depth.md``."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_queues import left_ahead, share

ALL_PRICES = (0, 10**9)
Fill = tuple[str, int, int, str]
"""Order, quantity, price, and whether it was maker or taker."""


class PlainVenue:
    """One book, the orders of one session, and what came of each step in ``fills``."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.live = False
        self.begun = False
        self.number = -1
        self.orders: list[PlainOrder] = []
        self.taken: dict[tuple[bool, int], tuple[int, int]] = {}
        self.held: dict[tuple[bool, int], tuple[int, int]] = {}
        self.whole = False
        self.fills: list[Fill] = []
        self.moves: list[tuple[str, int]] = []
        self.event: int | None = None
        self.turns = 0
        self.last: tuple[int, int] | None = None
        self.halted = self.is_old = self.dropped = False
        self.bands = ALL_PRICES

    # -- the book ---------------------------------------------------------------------------

    @property
    def sound(self) -> bool:
        return (
            self.live
            and len(self.bids) > 0
            and len(self.asks) > 0
            and max(self.bids) <= min(self.asks)
        )

    # -- what the exchange says -------------------------------------------------------------

    def halt(self) -> None:
        """Nothing trades from now on; of what was seen so far nothing ever will."""
        self.halted = True

    def resume(self) -> None:
        """Trading goes on with the next message."""
        self.is_old = self.is_old or self.halted
        self.halted = False

    # -- what a company does ------------------------------------------------------------------

    def split(self, new: int, old: int) -> None:
        """Buys are divided down, sells up; sizes are so small that none grows."""
        for order in self.orders:
            for name in ("px", "cap"):
                px = getattr(order, name)
                if px is not None:
                    exact = Fraction(px * old, new)
                    setattr(order, name, floor(exact) if order.buying else ceil(exact))
            offset = Fraction(order.offset * old, new)
            order.offset = floor(offset) if order.buying else ceil(offset)
        if self.last is not None:
            bid, ask = (round(Fraction(px * old, new)) for px in self.last)
            self.last = bid, ask
        if self.bands != ALL_PRICES:
            low, high = (Fraction(px * old, new) for px in self.bands)
            self.bands = floor(low), ceil(high)
        self.drop()

    def dividend(self, units: int) -> None:
        """Buys fall by it."""
        for order in self.orders:
            if order.buying:
                order.px = None if order.px is None else order.px - units
                order.cap = None if order.cap is None else order.cap - units
        self.drop()

    def drop(self) -> None:
        """The book is another from now on: nothing of it is known until it is told."""
        self.bids, self.asks, self.live = {}, {}, False
        self.taken, self.held = {}, {}
        self.is_old = self.dropped = True
        for order in self.working():
            if order.place:
                self.rest(order)

    def inside(self, px: int) -> bool:
        return self.bands[0] <= px <= self.bands[1]

    def message(
        self,
        levels: list[tuple[bool, int, int]],
        first: int,
        last: int,
        snapshot: bool,
        event: int | None = None,
    ) -> None:
        """A whole message: bid or ask, price and size of each level; ``event`` is the venue's
        time."""
        self.event = event
        if snapshot:
            self.bids, self.asks, self.live = {}, {}, True
            self.whole = True
        elif last <= self.number:
            return  # known already
        elif self.number >= 0 and first > self.number + 1:
            self.live = False
        self.number = last
        for bid, px, qty in levels:
            side = self.bids if bid else self.asks
            side[px] = qty
            if qty == 0:
                del side[px]
        self.after_message()

    def after_message(self) -> None:
        self.refresh()
        if self.live:
            for order in self.working():
                if order.place:
                    self.move(order)
        if self.sound:
            self.match()

    def working(self) -> list[PlainOrder]:
        """The orders that there are."""
        return self.orders

    def refresh(self) -> None:
        whole, self.whole = self.whole, False
        if not self.live:
            return  # what is told meanwhile is not believed
        for (buying, px), (shown, free) in list(self.taken.items()):
            now = (self.asks if buying else self.bids).get(px, 0)
            self.taken[buying, px] = (now, min(now, free + max(0, now - shown)))
            if now == 0:
                del self.taken[buying, px]
        for (buying, px), (missing, until) in list(self.held.items()):
            now = (self.asks if buying else self.bids).get(px, 0)
            if whole or now >= until:
                del self.held[buying, px]
                if now:
                    self.taken[buying, px] = (now, max(0, now - missing))

    def hold(self) -> None:
        """What was taken of levels that are gone may be shown again as if it were new."""
        for key, (shown, free) in self.taken.items():
            if free < shown:
                self.held[key] = shown - free, shown
        self.taken = {}

    def free(self, buying: bool, px: int) -> int:
        """What an order may still take of a level."""
        shown = (self.asks if buying else self.bids)[px]
        if (buying, px) in self.held:
            return max(0, shown - self.held[buying, px][0])
        return self.taken.get((buying, px), (shown, shown))[1]

    def took(self, buying: bool, px: int, qty: int) -> None:
        """Remember what it took."""
        if (buying, px) in self.held:
            missing, until = self.held[buying, px]
            self.held[buying, px] = missing + qty, max(until, missing + qty)
            return
        shown = (self.asks if buying else self.bids)[px]
        self.taken[buying, px] = (shown, max(0, self.free(buying, px) - qty))

    def missing(self, buying: bool, px: int) -> int:
        """What was taken of a level."""
        if (buying, px) in self.held:
            return self.held[buying, px][0]
        shown, free = self.taken.get((buying, px), (0, 0))
        return shown - free

    def match(self) -> None:
        self.last = max(self.bids), min(self.asks)
        self.is_old = self.dropped = False
        for buying in (True, False):
            for order in self.by_priority(buying):
                if self.crosses(order) and not self.halted:
                    self.walk(order)
        for order in self.orders:
            if order.px is not None and order.taker and not self.crosses(order):
                self.rest(order)
        for order in sorted(self.orders, key=lambda o: o.turn):
            if order.peg and order in self.orders and not self.halted:
                self.follow(order)

    def move(self, order: PlainOrder) -> None:
        assert order.px is not None
        own = self.bids if order.buying else self.asks
        now = own.get(order.px, 0)
        if order.ahead is None:
            order.ahead, order.seen, order.printed = self.shown_ahead(order), now, 0
        elif now != order.seen and (now or self.reaches(order)):
            before = order.ahead
            if self.queue.startswith("pro_rata"):
                order.ahead = now
            else:
                taken = 0 if self.queue.endswith("as_shown") else order.printed
                back = max(0, order.seen - taken - order.ahead)
                lost = order.seen - now - order.printed
                order.ahead = left_ahead(self.queue, lost, order.ahead, back)
            order.ahead = min(order.ahead, now)
            order.seen, order.printed = now, 0
            if order.ahead < before:
                order.told += before - order.ahead
                order.told_at = self.event

    def reaches(self, order: PlainOrder) -> bool:
        """Whether the book reaches as far as an order's price: or it is empty, and says so."""
        assert order.px is not None
        own = self.bids if order.buying else self.asks
        if not own:
            return True
        return order.px >= min(own) if order.buying else order.px <= max(own)

    def shown_ahead(self, order: PlainOrder) -> int | None:
        own = self.bids if order.buying else self.asks
        if not self.sound or not own or not self.reaches(order):
            return None
        assert order.px is not None
        return own.get(order.px, 0)

    # -- orders -----------------------------------------------------------------------------

    def by_priority(self, buying: bool) -> list[PlainOrder]:
        mine = [order for order in self.working() if order.buying == buying]
        market = [order for order in mine if order.px is None and not order.peg]
        limits = [order for order in mine if order.px is not None]
        sign = -1 if buying else 1
        return market + sorted(limits, key=lambda o: (sign * (o.px or 0), o.hidden, o.turn))

    def next_turn(self) -> int:
        self.turns += 1
        return self.turns

    def crosses(self, order: PlainOrder) -> bool:
        if order.px is None:
            return True
        assert self.last is not None
        return order.px >= self.last[1] if order.buying else order.px <= self.last[0]

    def new(self, order: PlainOrder) -> None:
        self.orders.append(order)
        order.turn = self.next_turn()
        if order.peg:
            if not self.halted and not self.is_old:
                self.follow(order)
            return
        self.meet(order)
        if order.immediate:
            self.cancel(order.name)

    def meet(self, order: PlainOrder) -> None:
        if not self.crosses(order):
            self.rest(order)
        elif self.sound and not self.halted and not self.is_old:
            self.walk(order)

    def follow(self, order: PlainOrder) -> None:
        """A peg goes where the best bid and ask as last known put it, to the back of its price."""
        assert self.last is not None
        bid, ask = self.last
        own, other = (bid, ask) if order.buying else (ask, bid)
        down = (own + other) // 2
        middle = down if order.buying else own + other - down
        px = {"PRIMARY": own, "MARKET": other, "MIDPOINT": middle}[order.peg] + order.offset
        if order.cap is not None:
            px = min(px, order.cap) if order.buying else max(px, order.cap)
        if px == order.px:
            return
        self.moves.append((order.name, px))
        order.px, order.taker, order.place, order.turn = px, True, False, self.next_turn()
        self.meet(order)

    def rest(self, order: PlainOrder) -> None:
        own = self.bids if order.buying else self.asks
        order.taker, order.place, order.slice_left = False, True, order.display or 0
        order.told, order.told_at = 0, None
        order.ahead, order.seen, order.printed = (
            self.shown_ahead(order),
            own.get(order.px or 0, 0),
            0,
        )

    def cancel(self, name: str) -> None:
        self.orders = [order for order in self.orders if order.name != name]

    def walk(self, order: PlainOrder) -> None:
        other = self.asks if order.buying else self.bids
        levels = []
        for px in sorted(other, reverse=not order.buying):
            if order.px is not None and (px > order.px if order.buying else px < order.px):
                break
            if not self.inside(px):
                break
            levels.append((px, self.free(order.buying, px)))
        if sum(free for _, free in levels) < min(order.least, order.left):
            return
        for px, free in levels:
            qty = min(order.left, free)
            if qty:
                self.took(order.buying, px, qty)
                paid = px if order.taker or order.px is None else self.moved(order.px)
                self.fill(order, qty, paid, "taker" if order.taker else "maker")

    def moved(self, px: int) -> int:
        """A resting limit's price, where the bands have let it be."""
        return min(max(px, self.bands[0]), self.bands[1])

    def fill(self, order: PlainOrder, qty: int, px: int, how: str) -> None:
        order.left -= qty
        self.fills.append((order.name, qty, px, how))
        if order.left == 0:
            self.cancel(order.name)

    # -- prints -----------------------------------------------------------------------------

    def print(self, px: int, size: int, seller_took: bool | None, event: int | None = None) -> None:
        left = size
        for buying in (True, False):
            mine = self.by_priority(buying)
            for order in mine:
                beyond = order.px is not None and (px < order.px if buying else px > order.px)
                if beyond and not order.taker and self.sound and not self.halted:
                    left -= self.printed(order, left - self.missing(buying, px), px)
            if seller_took in (None, buying):
                left -= self.at_the_price(mine, px, left, event)

    def late_for(self, order: PlainOrder, size: int, event: int | None) -> int:
        """How much of a print a message has told before it, by a level that was smaller: one that
        is no later, at the venue, than the message."""
        if event is None or order.told_at is None:
            return 0
        if event > order.told_at:
            order.told = 0
        late = min(order.told, size)
        order.told -= late
        return late

    def at_the_price(
        self, orders: list[PlainOrder], px: int, left: int, event: int | None = None
    ) -> int:
        """A print at the price of resting orders: in their turns, what is hidden after all that is
        shown; how much of it they had."""
        given = 0
        mine = [o for o in orders if o.px == px and not o.taker]
        for order in sorted(mine, key=lambda o: (o.hidden, max(o.turn, o.shown_turn))):
            if order.ahead is None or order.left == 0:
                continue
            ahead = order.ahead
            late = self.late_for(order, left, event)
            new = left - late
            if order.hidden:  # what this print has beyond all that is shown
                beyond = max(0, order.printed + new - order.seen)
                reach = beyond - max(0, order.printed - order.seen) - given
            elif "pro_rata" in self.queue:  # by size, whenever it came, of what there was before
                shows = min(order.left, order.slice_left or order.left)
                reach = min(share(self.queue, left, shows, order.ahead + late), left - given)
            else:
                reach = max(0, new - order.ahead) - given
                order.ahead = max(0, order.ahead - new)
            order.printed += new
            if order.slice_left:
                reach = min(reach, order.slice_left)
            if not self.sound or self.halted or reach <= 0:
                continue
            qty = self.printed(order, reach, px, ahead)
            given += qty
            if order.slice_left and order.left:
                order.slice_left -= qty
                if order.slice_left <= 0:  # the next part is shown at the back
                    self.rest(order)
                    order.shown_turn = self.next_turn()
        return given

    def printed(self, order: PlainOrder, offered: int, px: int, ahead: int | None = None) -> int:
        """What an order has of a print that offers it so much; at its price there was so much
        ``ahead`` of it."""
        qty = min(order.left, offered)
        if qty <= 0 or qty < min(order.least, order.left) or not self.inside(px):
            return 0
        other = self.asks if order.buying else self.bids
        if px in other:
            self.took(order.buying, px, qty)
        assert order.px is not None
        self.fill(order, qty, self.moved(order.px), "maker")
        return qty
