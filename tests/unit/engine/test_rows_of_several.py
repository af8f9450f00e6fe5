"""Rows of several sources, made as they are shown, say what those say that are made whole."""

import copy
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.rehearsal import rehearse

from offbook.domain.commands import SubmitOrder
from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    DataKind,
    MergedSlice,
    Quote,
    QuoteSlice,
    SourceSlice,
    Trade,
    TradeSlice,
)
from offbook.domain.merging import merge
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import OrderFilled, decode_record
from offbook.engine.inputs import Take
from offbook.engine.rows import shown_several
from offbook.engine.rows.packed_rows import GROUP
from offbook.engine.rows.rows import merged_rows
from offbook.engine.rows.running_several import FEW, _lasts
from offbook.engine.rows.several_block import SeveralBlock, SeveralPack
from offbook.engine.rows.shown_several import ShownSeveral
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ, BuiltCombination, BuiltMarket, combined

FINE = msgspec.structs.replace(XYZ, symbol="ABC", price_precision=4, tick_size="0.0001")
ROWS = 3 * GROUP + 5
COUNT = np.arange(ROWS)
TS, PX, SIZE = 10**18 + COUNT // 3 * 1000, 50_000 + COUNT % 11, 5 + COUNT % 3
QUOTES_OF_ONE = QuoteSlice(XYZ, 0, TS, PX, PX + 2, SIZE, SIZE + 1)
QUOTES_OF_OTHER = QuoteSlice(FINE, 0, TS + 1, PX + 7, PX + 9, SIZE, SIZE + 2, TS - 17)
PRINTS = TradeSlice(FINE, 0, TS + 500, PX, SIZE, COUNT % 6 - 1, TS - 3)
BARS = BarSlice(XYZ, 0, TS[::3] + 60, TS[::3], *(PX[::3] + d for d in (0, 3, -1, 1)), SIZE[::3])
MARKETS: dict[str, list[SourceSlice]] = {
    "quotes of two": [QUOTES_OF_ONE, QUOTES_OF_OTHER],
    "of one scale": [QUOTES_OF_ONE, QUOTES_OF_ONE],
    "quotes and prints": [QUOTES_OF_ONE, PRINTS, QUOTES_OF_OTHER],
    "bars among them": [BARS, PRINTS, QUOTES_OF_OTHER],
}
CALLED = ("on_quote", "on_trade")
LATER = OrderRequest(
    symbol="ABC", side=OrderSide.BUY, order_qty="1", order_type=OrderType.LIMIT, price="4"
)


def block_of(market: str, called: tuple[str, ...] = CALLED) -> tuple[SeveralBlock, list[Any]]:
    """A block out of the middle of a market, and what it shows, by what."""
    whole = merge(1000, MARKETS[market])
    shown: list[Any] = []

    def callback(name: str) -> Any:
        return lambda row: shown.append((name, row))

    rows = whole.rows(17, len(whole) - 11)
    return SeveralBlock(rows, {name: callback(name) for name in called}), shown


def show(block: SeveralBlock, begin: int, end: int) -> None:
    """Show the rows at some places."""
    first, last = block.between(begin, end)
    if first < last:
        coming, callback, callbacks = block.coming(first, last)
        if callback is None:
            for row, each in zip(coming.rows, callbacks, strict=False):
                each(row)
        else:
            list(map(callback, coming.rows))


def expected(rows: MergedSlice, called: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The rows that are shown, made whole, in the market's order."""
    named = {Quote: "on_quote", Trade: "on_trade"}
    found = [(named.get(type(row), ""), row) for _, row in merged_rows(rows)]
    return [(name, row) for name, row in found if name in called]


@pytest.mark.parametrize("called", [CALLED, CALLED[:1], CALLED[1:]])
@pytest.mark.parametrize("market", MARKETS)
def test_rows_are_shown_in_order_and_say_what_whole_ones_do(
    market: str, called: tuple[str, ...]
) -> None:
    """All numbers and their types, wherever the stretches are cut and whatever lies between."""
    block, shown = block_of(market, called)
    length, begin, whole = len(block.rows), 0, []
    for number, end in enumerate([1, 2, 40, 41, 150, 151, length - 1, length]):
        if number != 4:  # those are taken one by one
            show(block, begin, end)
            whole += expected(block.rows.rows(begin, end), called)
        begin = end
    assert [name for name, _ in shown] == [name for name, _ in whole]
    for (_, row), (_, other) in zip(shown, whole, strict=True):
        for name in reversed(other.__struct_fields__):
            one, two = getattr(row, name), getattr(other, name)
            assert (one, type(one)) == (two, type(two)), name
        assert row == other
        assert hash(row) == hash(other)


@pytest.mark.parametrize("market", MARKETS)
def test_rows_that_are_held_keep_what_they_say_and_nothing_of_the_columns(market: str) -> None:
    """Nothing is packed for groups of which nobody holds a row; copies are whole."""
    block, shown = block_of(market)
    show(block, 0, len(block.rows))
    whole = expected(block.rows, CALLED)
    packs: set[int] = {row._pack.begin for _, row in shown}
    held = {place: shown[place][1] for place in (3, 5, len(shown) - 1)}
    shown.clear()
    packed: list[int] = []
    real = SeveralPack.pack
    with pytest.MonkeyPatch.context() as counting:
        counting.setattr(
            SeveralPack, "pack", lambda pack: (packed.append(pack.begin), real(pack))[1]
        )
        block.let_go()
    assert sorted(packed) == sorted({row._pack.begin for row in held.values()})
    assert len(packed) < len(packs)
    for place, row in held.items():
        other = whole[place][1]
        assert row._pack.piece is None
        assert row == other
        assert repr(row) == repr(other)
        for copied in (pickle.loads(pickle.dumps(row)), copy.copy(row)):
            assert copied == row
            assert type(copied) is type(other)
        for name in row.__struct_fields__:
            with pytest.raises(AttributeError):
                setattr(row, name, 1)


def test_numbers_that_are_asked_for_are_counted() -> None:
    """But not what was made: prices and instruments."""
    block, shown = block_of("quotes of two")
    show(block, 0, 10)
    for _, row in shown:
        assert row.bid < row.ask
        assert row.instrument in (XYZ, FINE)
    assert block.reads == 0
    assert shown[4][1].ts > 0
    assert block.reads == 1


@pytest.mark.parametrize("market", MARKETS)
def test_the_rows_of_each_source_are_found_at_their_places(market: str) -> None:
    """Held against looking at each row."""
    rows = merge(1000, MARKETS[market]).rows(5, 300)
    which = rows.which.tolist()
    found = {source: places.tolist() for source, places in rows.places()}
    assert found == {
        source: [place for place, one in enumerate(which) if one == source]
        for source in sorted(set(which))
    }
    for source, part in rows.parts():
        assert list(part.positions()) == [rows.start + place for place in found[source]]
        assert part.ts.tolist() == rows.ts[found[source]].tolist()
    assert list(rows.rows(3, 3).places()) == []


class Watcher(Strategy):
    """Turns to the engine at some rows, and writes down what it finds there."""

    every: int = 1

    def on_start(self) -> None:
        self.rows: list[Any] = []
        self.found: list[Any] = []

    def on_quote(self, quote: Quote) -> None:
        self._see(quote)

    def on_trade(self, trade: Trade) -> None:
        self._see(trade)

    def on_bar(self, bar: Bar) -> None:
        self._see(bar)

    def _see(self, row: Any) -> None:
        self.rows.append(row)
        if len(self.rows) % self.every == 0:
            lasts = [self.history(symbol, 1) for symbol in ("XYZ", "ABC")]
            self.found.append((row.ts, self.now, lasts, self.account.equity))
        if len(self.rows) % GROUP == 0:
            self.buy("ABC", 1)
        if len(self.rows) == 3 * GROUP:
            raise ZeroDivisionError


def market_of(*pieces: Any) -> BuiltCombination:
    """Sources of rows as one market."""
    made = []
    for piece in pieces:
        frame = 60 if piece.kind is DataKind.BARS else None
        instrument = piece.instrument
        config = ReplayMarket(
            path="rows", kind=piece.kind, instrument=instrument, timeframe_ns=frame
        )
        made.append(BuiltMarket(config=config, slices=(piece,)))
    return combined(*made)


def watched(
    market: BuiltCombination, every: int, kind: type[Watcher] = Watcher
) -> tuple[list[bytes], list[Any], list[Any]]:
    """The records of a session, and what its strategy saw."""
    strategy = kind(every=every)
    rehearsal = rehearse(market, strategy, cash="1000000")
    rehearsal.rest()
    return rehearsal.raws, strategy.rows, strategy.found


@pytest.mark.parametrize("every", [1, 9, 50])
@pytest.mark.parametrize("market", ["quotes of two", "quotes and prints", "bars among them"])
def test_whoever_turns_to_the_engine_finds_it_at_the_present_row(
    market: str, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And after an order and an error; with bars shown when they have ended, before all that comes
    later, though the block in which they ended is over."""
    several = market_of(*MARKETS[market])
    monkeypatch.setattr(ShownSeveral, "may_show", lambda *_: False)
    expected = watched(several, every)
    assert len(expected[1]) == 3 * GROUP
    monkeypatch.undo()
    monkeypatch.setattr(shown_several, "LEAST_RUN", 1)
    for block in (1, 50, 4096):
        monkeypatch.setattr(shown_several, "RUN_BLOCK", block)
        assert watched(several, every) == expected


class OfQuotes(Watcher):
    """Is shown no prints, and sends an order at the last of six quotes, before three prints."""

    on_trade = Strategy.on_trade

    def on_quote(self, quote: Quote) -> None:
        self.rows.append(quote)
        if len(self.rows) % 6 == 0:
            self.buy("ABC", 1)
            self.found.append((self.now, self.account.equity, len(self.open_orders())))


def test_rows_that_are_not_shown_are_taken_after_an_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the strategy acts at the last row that it is shown of a block, the rest comes after
    what it has sent."""
    several = market_of(*(piece.rows(0, 60) for piece in MARKETS["quotes and prints"]))
    monkeypatch.setattr(ShownSeveral, "may_show", lambda *_: False)
    expected = watched(several, 1, OfQuotes)
    assert len(expected[2]) > 9
    monkeypatch.undo()
    monkeypatch.setattr(shown_several, "RUN_BLOCK", 9)
    monkeypatch.setattr(shown_several, "STEPPED_BLOCKS", 0)
    assert watched(several, 1, OfQuotes) == expected


class OneLimit(Watcher):
    """Sends one limit at the start, and then leaves the engine alone."""

    def on_quote(self, quote: Quote) -> None:
        if not self.rows:
            self.buy("ABC", 1, price="4.995")
        self.rows.append(quote)


@pytest.mark.parametrize("block", [16, 50, 4096])
def test_an_order_waits_for_its_price_across_blocks(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no price came to it in a block, one may in the next: what was found is of that block
    alone."""
    falls = np.where(COUNT < ROWS // 2, 0, 100)
    quotes = QuoteSlice(FINE, 0, TS, 50_000 - falls, 50_009 - falls, SIZE, SIZE)
    several = market_of(quotes, QUOTES_OF_ONE)
    monkeypatch.setattr(shown_several, "RUN_BLOCK", block)
    raws, rows, _ = watched(several, 1, OneLimit)
    assert len(rows) == 2 * ROWS
    (fill,) = [record for record in map(decode_record, raws) if isinstance(record, OrderFilled)]
    assert fill.ts == int(TS[ROWS // 2])


class Nearer(Watcher):
    """Sends a limit that no price comes to, much later one that many come to, and again."""

    def on_quote(self, quote: Quote) -> None:
        self.rows.append(quote)
        if len(self.rows) in {3, 90, 200}:
            self.buy("ABC", 1, price="4.00" if len(self.rows) == 3 else "4.995")


def test_what_is_reached_is_found_anew_when_orders_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within one block; before and after, most rows are shown in runs."""
    down = np.repeat([0, 0, 100, 0, 0, 100, 0, 0], ROWS // 8 + 1)[:ROWS]
    quotes = QuoteSlice(FINE, 0, TS, 50_000 - down, 50_009 - down, SIZE, SIZE)
    several = market_of(quotes, QUOTES_OF_ONE)
    shown: list[int] = []
    real = ShownSeveral._pass

    def counted(one: Any, block: Any, rows: Any, begin: int, end: int) -> int:
        place = real(one, block, rows, begin, end)
        shown.append(place - begin)
        return place

    monkeypatch.setattr(ShownSeveral, "_pass", counted)
    found = watched(several, 1, Nearer)
    assert sum(shown) > ROWS
    fills = [one for one in map(decode_record, found[0]) if isinstance(one, OrderFilled)]
    assert [fill.ts for fill in fills] == [int(TS[down.argmax()]), int(TS[5 * (ROWS // 8 + 1)])]
    monkeypatch.setattr(ShownSeveral, "may_show", lambda *_: False)
    assert watched(several, 1, Nearer) == found


def test_rows_from_before_a_command_do_not_turn_time_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken one by one, and in the same order of instruments as if all were."""

    def told() -> tuple[list[bytes], int, list[str]]:
        rehearsal = rehearse(market_of(QUOTES_OF_ONE, QUOTES_OF_OTHER), Watcher(every=GROUP))
        rehearsal.rows(9)
        rehearsal.feed(Take(command=SubmitOrder(command_id="c", order=LATER), ts=int(TS[30])))
        rehearsal.rows(9)
        engine = rehearsal.engine
        now = engine.now
        rehearsal.rest()
        return rehearsal.raws, now, list(engine._venue.books)

    found = told()
    assert found[1] >= int(TS[30])
    monkeypatch.setattr(ShownSeveral, "may_show", lambda *_: False)
    assert told() == found


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 200])
def test_the_last_rows_of_sources_are_in_the_order_of_their_first(count: int) -> None:
    """However many rows there are."""
    which = np.array([7, 3, 3, 0, 7, 5] * 40)[:count]
    expected = {source: place for place, source in enumerate(which.tolist())}
    assert _lasts(which) == list(expected.items())
