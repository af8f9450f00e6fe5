"""Books of the engine and of the plain venue, side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import numpy as np
from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_updates import PlainLevelsOfUpdates
from tests.scenarios.books import joined
from tests.scenarios.setting import Setting
from tests.scenarios.steps import command, market_row

from offbook.domain import records as r
from offbook.domain.commands import Start
from offbook.domain.config import BookStart
from offbook.domain.orders import Liquidity
from offbook.engine.inputs import Advance, Attach, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import SECOND, START
from offbook.testing.sessions import new_session

STEPS = 120


class Pair:
    """The engine and the plain venue, side by side."""

    def __init__(
        self,
        plain: PlainVenue,
        rules: str,
        rows: str = "depth trades status",
        events: Sequence[tuple[int, str]] = (),
    ) -> None:
        """``events`` are splits and dividends, and when they take effect."""
        self.setting = Setting()
        self.plain, self.events = plain, deque(events)
        for ts, what in events:
            when = datetime.fromtimestamp(ts / SECOND, UTC).isoformat()
            rules += f"; action {what} ex {when}"
        self.setting.read(f"given rows {rows}; {rules}; margin 9x; cash 100000000")
        self.engine = ProcessingEngine(new_session(config=self.setting.config))
        self.now = START
        self.commands = 0
        self.records: list[bytes] = []
        self.moves: list[tuple[str, int]] = []
        self.inputs: list[EngineInput] = []
        market = Attach(market=self.setting.market, calendars=self.setting.calendars)
        self.feed(market, Take(command=Start(command_id="start"), ts=self.now))

    def feed(self, *given: EngineInput) -> list[tuple[str, int, int, str]]:
        """The fills that inputs make."""
        orders = self.engine._kernel.ledger.orders
        self.inputs += given
        records = self.engine.process(given)
        self.records += map(r.encode_record, records)
        self.moves += [
            (orders[record.order].client_order_id, record.price_px)
            for record in records
            if isinstance(record, r.OrderRepegged)
        ]
        return [
            (
                orders[record.order].client_order_id,
                record.last_qty,
                record.last_px,
                "maker" if record.liquidity is Liquidity.ADDED else "taker",
            )
            for record in records
            if isinstance(record, r.OrderFilled)
        ]

    def come(self, ts: int) -> None:
        """What happens up to a time happens to the plain venue, before what comes then."""
        while self.events and self.events[0][0] < ts:
            what, amount = self.events.popleft()[1].split()
            if what == "split":
                new, _, old = amount.partition(":")
                self.plain.split(int(new), int(old))
            else:
                self.plain.dividend(round(100 * float(amount)))

    def row(self, words: list[str], event: int | None = None) -> list[tuple[str, int, int, str]]:
        """A message or a print; ``event`` is when it was at the venue."""
        self.now += SECOND
        made = market_row(self.setting, self.engine.cursor.row, self.now, words)
        if event is not None:
            for piece in getattr(made, "pieces", [made]):
                piece.ts_event = np.full(len(piece), event, np.int64)
        return self.feed(made)

    def command(self, verb: str, words: list[str]) -> list[tuple[str, int, int, str]]:
        """A command of the outside, with what it brings at once."""
        self.now += SECOND // 2
        self.commands += 1
        given = command(f"c{self.commands}", verb, words, self.setting.instrument.symbol)
        return self.feed(Take(command=given, ts=self.now), *self.advance())

    def run_again(self) -> list[bytes]:
        """The records where rows come in slices as long as commands let them be, through a
        snapshot now and then."""
        merged: list[EngineInput] = []
        for fed in self.inputs:
            one = joined(merged[-1], fed) if merged else None
            merged[-1:] = [*merged[-1:], fed] if one is None else [one]
        engine = ProcessingEngine(new_session(config=self.setting.config))
        made: list[bytes] = []
        for place, fed in enumerate(merged):
            made += map(r.encode_record, engine.process([fed]))
            if place % 7 == 6:
                state = engine.snapshot()
                assert state is not None
                assert isinstance(merged[0], Attach)
                engine = ProcessingEngine(new_session(config=self.setting.config))
                engine.restore(merged[0], state)
        return made

    def advance(self) -> list[EngineInput]:
        """Let what is due now happen."""
        return [Advance(ts=self.now)]


def when_at_the_venue(rng: Random, kind: str, now: int) -> int:
    """Of what is told next: prints come late, often after the message that has told them already
    by a smaller level."""
    ago = rng.choice([0, 3, 6, 20]) if kind == "print" else rng.choice([0, 0, 1])
    return now + SECOND - ago * SECOND


def text(px: int) -> str:
    return f"{px // 100}.{px % 100:02d}"


def events_at_random(rng: Random) -> list[tuple[int, str]]:
    """Splits and dividends between rows, so small that prices stay where orders are."""
    kinds = ["split 10001:10000", "split 5001:5000", "dividend 0.02", "dividend 0.01"]
    times = sorted(rng.sample(range(5, 90), rng.choice([0, 0, 1, 2, 3])))
    return [(START + at * SECOND + SECOND // 4, rng.choice(kinds)) for at in times]


def compare_books(seed: int, queue: str, start: BookStart = BookStart.SNAPSHOT) -> int:
    """A book with orders of every kind, at random: AssertionError where the two differ after a
    step, or where rows in slices and through snapshots make other records.  How many fills came
    after the first corporate action."""
    rng, own = Random(seed), Random(f"events {seed}")
    plain = (PlainVenue if start is BookStart.SNAPSHOT else PlainLevelsOfUpdates)(queue)
    rules = f"queue {queue}; begins {start.value}"
    pair = Pair(plain, rules, events=events_at_random(own))
    number, acted, fills = 0, len(pair.events), 0
    timed = own.random() < 1 / 2
    for step in range(STEPS):
        plain.fills, plain.moves, pair.moves = [], [], []
        kind = rng.choices(["depth", "print", "order", "cancel", "status"], [49, 20, 25, 5, 3])[0]
        event = when_at_the_venue(own, kind, pair.now) if timed else None
        pair.come(pair.now + (SECOND // 2 if kind in {"order", "cancel"} else SECOND))
        if step == 0 or kind == "depth":
            anew = plain.dropped and own.random() < 0.3
            snapshot = step == 0 or rng.random() < 0.04 or anew
            first = number + rng.choices([1, 2, 0], [96, 2, 2])[0]
            last = first + rng.randint(0, 2)
            number = max(number, last)
            levels = levels_at_random(rng, 8 if snapshot else rng.randint(1, 3), whole=snapshot)
            sides = [
                " ".join(f"{text(px)}x{qty}" for is_bid, px, qty in levels if is_bid is bid)
                for bid in (True, False)
            ]
            words = f"depth {sides[0]} / {sides[1]} #{first}-{last}" + " snapshot" * snapshot
            got = pair.row(words.split(), event)
            number = last if snapshot else number
            in_order = sorted(levels, key=lambda level: not level[0])
            plain.message(in_order, first, last, snapshot, event)
        elif kind == "print":
            px, size = 10000 + rng.randint(-4, 4), rng.randint(1, 12)
            side = rng.choice(["buy", "sell", ""])
            got = pair.row(f"print {text(px)} {size} {side}".split(), event)
            plain.print(px, size, {"buy": False, "sell": True, "": None}[side], event)
        elif kind == "order" and plain.last is not None:
            wish = order_at_random(rng, f"o{step}")
            got = pair.command("buy" if wish.buying else "sell", words_of(wish))
            plain.new(wish)
        elif kind == "status":
            got = pair.row(status_at_random(rng, plain), event)
        elif plain.orders:
            name = rng.choice(plain.orders).name
            got = pair.command("cancel", [name])
            plain.cancel(name)
        else:
            continue
        assert got == plain.fills, f"seed {seed}, step {step}, {kind}"
        fills += len(got) if len(pair.events) < acted else 0
        assert pair.moves == plain.moves, f"seed {seed}, step {step}, {kind}"
        places = pair.engine._venue.depth.places(pair.setting.instrument.symbol)
        for order in plain.orders:
            if order.place:
                ordinal = pair.engine._kernel.ledger.by_client_id[order.name]
                found = places.place(ordinal)
                assert found is not None
                assert found.ahead == order.ahead, f"seed {seed}, step {step}: {order}"
    assert pair.run_again() == pair.records, f"seed {seed}"
    return fills


def order_at_random(rng: Random, name: str) -> PlainOrder:
    """Plain limits and market orders mostly."""
    px = 10000 + rng.randint(-4, 4)
    order = PlainOrder(name=name, buying=rng.random() < 0.5, px=px, left=rng.randint(1, 12))
    kind = rng.choice(["limit", "limit", "market", "iceberg", "hidden", "IOC", "FOK", "peg"])
    if kind == "market":
        order.px = None
    elif kind == "iceberg" and order.left > 1:
        order.display = rng.randint(1, min(3, order.left - 1))
    elif kind == "hidden":
        order.display, order.least = 0, min(rng.choice([0, 0, 2]), order.left)
    elif kind in {"IOC", "FOK"}:
        order.immediate = True
        order.least = order.left if kind == "FOK" else min(rng.choice([0, 3]), order.left)
    elif kind == "peg":
        order.peg = rng.choice(["PRIMARY", "MARKET", "MIDPOINT"])
        order.offset = rng.choice([0, 0, 1, -1])
        order.px, order.cap = None, rng.choice([None, px])
    return order


def words_of(order: PlainOrder) -> list[str]:
    """The order as a scenario says it."""
    words = [order.name, str(order.left)]
    if order.peg:
        words += ["peg", order.peg]
        words += ["off", f"{'-' * (order.offset < 0)}0.0{abs(order.offset)}"]
    worst = order.cap if order.peg else order.px
    if worst is not None:
        words += ["@", text(worst)]
    if order.immediate:
        words.append("FOK" if order.least == order.left else "IOC")
    if order.display is not None:
        words += ["show", str(order.display)]
    if order.least and "FOK" not in words:
        words += ["least", str(order.least)]
    return words


def status_at_random(rng: Random, plain: PlainVenue) -> list[str]:
    """A halt, a resumption, or bands around the prices that there are."""
    event = rng.choice(["halt", "resume", "resume", "bands"])
    if event == "bands":
        plain.bands = 9998 - rng.randint(0, 3), 10002 + rng.randint(0, 3)
        return ["status", event, *map(text, plain.bands)]
    (plain.halt if event == "halt" else plain.resume)()
    return ["status", event]


def levels_at_random(rng: Random, count: int, *, whole: bool) -> list[tuple[bool, int, int]]:
    levels = []
    for _ in range(count):
        bid, away = rng.random() < 0.5, rng.choices([-1, 1, 2, 3], [3, 40, 30, 27])[0]
        px = 10000 + (-away if bid else away) + rng.choice([0, 0, 1, -1])
        levels.append((bid, px, rng.randint(1, 15) if whole or rng.random() < 0.7 else 0))
    return levels
