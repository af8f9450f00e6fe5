"""Books against plain ones: every level, every fill, however rows come."""

from __future__ import annotations

from math import log2
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.book_pairs import compare_books
from tests.properties.random_markets import depth_at_random

from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.engine.depth_book import DepthBook, DepthState
from offbook.engine.models.queues import LOG_BITS, log2_units
from offbook.engine.rows import each_update


@pytest.mark.parametrize("start", list(BookStart))
@pytest.mark.parametrize("seed", range(30))
def test_a_book_holds_what_a_dict_holds(seed: int, start: BookStart) -> None:
    """After each message; and the same where rows come in slices, or through a snapshot."""
    rng = Random(seed)
    (piece,) = depth_at_random(rng, 150).slices
    one_by_one, in_slices = (DepthBook(piece.instrument, start) for _ in range(2))
    sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
    begun: list[tuple[int, int, int]] = []
    number, fed, numbers = -1, 0, np.array(piece.positions())
    for place, update in enumerate(each_update(piece)):
        begun.append((update.side, update.price_px, update.size_qty))
        assert one_by_one.take(update) is bool(update.flags & LAST)
        if not update.flags & LAST:
            continue
        if update.flags & SNAPSHOT or update.last_seq > number:
            gap = number >= 0 and update.first_seq > number + 1
            if update.flags & SNAPSHOT or (gap and start is BookStart.UPDATES):
                sides = {1: {}, -1: {}}
            number = update.last_seq
            for side, px, qty in begun:
                if side:
                    sides[side][px] = qty
        begun = []
        held = [{px: qty for px, qty in sides[side].items() if qty} for side in (1, -1)]
        assert [one_by_one.bids.sizes, one_by_one.asks.sizes] == held, f"seed {seed}, row {place}"
        bids, asks = (sorted(side) for side in held)
        assert [px for px, _ in one_by_one.bids.walk()] == bids[::-1]
        assert [px for px, _ in one_by_one.asks.walk()] == asks
        top = one_by_one.top()
        if top is not None:
            assert (top.bid_px, top.ask_px) == (bids[-1], asks[0])
            assert top.bid_px <= top.ask_px
        if rng.random() < 0.2:
            end = rng.randint(fed, place + 1)
            in_slices.take_all(piece, fed, end, numbers[fed:end])
            fed = end
        if rng.random() < 0.1:
            again = DepthBook(piece.instrument, start)
            raw = msgspec.json.encode(one_by_one.dump())
            again.load(msgspec.json.decode(raw, type=DepthState))
            assert again.dump() == one_by_one.dump()
            assert again.quote() == one_by_one.quote()
            one_by_one = again
    in_slices.take_all(piece, fed, len(piece), numbers[fed:])
    assert in_slices.dump() == one_by_one.dump(), f"seed {seed}"
    assert in_slices.quote() == one_by_one.quote()


<<<<<<< HEAD
class Pair:
    """The engine and the plain venue, side by side."""

    def __init__(
        self, power: int | None, rows: str = "depth trades status", rules: str = ""
    ) -> None:
        self.setting = Setting()
        rules = rules or ("queue fifo" if power is None else f"queue power {power}")
        self.setting.read(f"given rows {rows}; {rules}; margin 9x; cash 100000000")
        self.engine = ProcessingEngine(new_session(config=self.setting.config))
        self.plain = PlainVenue(power)
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

    def row(self, words: list[str]) -> list[tuple[str, int, int, str]]:
        """A message or a print."""
        self.now += SECOND
        return self.feed(market_row(self.setting, self.engine.cursor.row, self.now, words))

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


def text(px: int) -> str:
    return f"{px // 100}.{px % 100:02d}"


=======
>>>>>>> f2f7028 (Compare random books in the long comparison too, and look that nothing is left out of the short one)
@pytest.mark.parametrize(
    ("seed", "power"),
    [*((seed, None) for seed in range(36)), *((seed, 1 + seed % 2 * 2) for seed in range(24))],
)
def test_fills_are_those_of_a_plain_venue(seed: int, power: int | None) -> None:
    """After every step: messages, gaps, snapshots, prints, cancels, and orders of every kind that
    rests or takes, at random."""
    compare_books(seed, power)


@given(st.integers(1, 2**62))
def test_logarithms_are_those_of_two_rounded_down(value: int) -> None:
    """To a place of 2**-16; exact for powers of two."""
    log = log2_units(value)
    assert -1e-9 < log2(value) * 2**LOG_BITS - log < 1 + 1e-3
    assert log2_units(1 << value.bit_length()) == value.bit_length() << LOG_BITS
