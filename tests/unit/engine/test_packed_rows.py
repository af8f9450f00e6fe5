"""Packed rows say what whole ones do, and a strategy that is shown them finds the engine as far."""

import copy
import gc
import operator
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.rehearsal import rehearse

from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import Bar, BarSlice, DataKind, Quote, QuoteSlice, Trade, TradeSlice
from offbook.engine.market.price_table import PriceTable
from offbook.engine.rows import shown_rows
from offbook.engine.rows.packed_rows import (
    BARS,
    GROUP,
    QUOTES,
    TRADES,
    PackedBlock,
    Packing,
    RowPack,
)
from offbook.engine.rows.rows import each_row, rows_of
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ, BuiltMarket

ROWS = 2 * GROUP + 7
PX = 50_000 + np.arange(ROWS) % 11
TS = 10**18 + np.arange(ROWS) * 1000
SIZE = 5 + np.arange(ROWS) % 3
EVENTS = TS - 17
AT_ALL_SIDES = np.arange(ROWS) % 6 - 1
SLICES: list[tuple[Any, Packing[Any]]] = [
    (QuoteSlice(XYZ, 40, TS, PX, PX + 2, SIZE, SIZE + 1), QUOTES),
    (QuoteSlice(XYZ, 40, TS, PX, PX + 2, SIZE, SIZE + 1, EVENTS), QUOTES),
    (QuoteSlice(XYZ, 0, TS, PX, PX + 2, SIZE, SIZE).numbered(np.arange(ROWS) * 3), QUOTES),
    (TradeSlice(XYZ, 40, TS, PX, SIZE, AT_ALL_SIDES), TRADES),
    (TradeSlice(XYZ, 40, TS, PX, SIZE, AT_ALL_SIDES, EVENTS), TRADES),
    (BarSlice(XYZ, 40, TS + 60, TS, PX, PX + 3, PX - 1, PX + 1, SIZE), BARS),
]


def packed(piece: Any, packing: Packing[Any]) -> list[Any]:
    """All rows of a slice, packed."""
    block = PackedBlock(piece, packing, PriceTable(10**XYZ.price_precision))
    return list(map(block.make, *block.columns))


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_packed_rows_are_those_made_whole(piece: Any, packing: Packing[Any]) -> None:
    """All numbers and their types, in whatever order they are asked for."""
    for row, whole in zip(packed(piece, packing), each_row(piece), strict=True):
        assert isinstance(row, type(whole))
        for name in reversed(whole.__struct_fields__):
            one, other = getattr(row, name), getattr(whole, name)
            assert (one, type(one)) == (other, type(other)), name
        assert row == whole
        assert whole == row
        assert operator.ne(row, whole) is False
        assert operator.ne(whole, row) is False
        assert hash(row) == hash(whole)
        assert repr(row) == repr(whole)


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_the_garbage_collector_has_nothing_to_do_with_rows(
    piece: Any, packing: Packing[Any]
) -> None:
    """A replay makes millions: to be tracked would cost each of them, and bring collections."""
    for row in (packed(piece, packing)[0], next(each_row(piece))):
        assert not gc.is_tracked(row)
        assert not type(row).__struct_config__.gc


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_packed_rows_differ_where_whole_ones_do(piece: Any, packing: Packing[Any]) -> None:
    """Also from rows of other kinds."""
    first, second = packed(piece, packing)[:2]
    assert first != second
    assert first != next(each_row(piece.rows(1, 2)))
    assert first not in (1, None, "row")


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_copies_of_packed_rows_are_whole(piece: Any, packing: Packing[Any]) -> None:
    """They drag no other rows along."""
    row = packed(piece, packing)[3]
    for copied in (pickle.loads(pickle.dumps(row)), copy.deepcopy(row), copy.copy(row)):
        assert copied == row
        assert type(copied) is packing.whole


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_what_looks_into_packed_rows_finds_whole_ones(piece: Any, packing: Packing[Any]) -> None:
    """To show them, and to change some of a copy."""
    row: Any = packed(piece, packing)[3]
    whole: Any = next(each_row(piece.rows(3, 4)))
    assert list(row.__rich_repr__()) == list(whole.__rich_repr__())
    changes = {"ts": 5, "row": 7}
    for given in (row, whole):
        changed = given.__class__.__replace__(given, **changes)  # as ``copy.replace`` does
        assert type(changed) is packing.whole
        assert changed == msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_rows_that_are_held_when_their_block_has_been_shown_keep_their_group_alone(
    piece: Any, packing: Packing[Any]
) -> None:
    """All that they say, and nothing of the columns; nothing is packed for others."""
    block = PackedBlock(piece, packing, PriceTable(10**XYZ.price_precision))
    rows, whole = list(map(block.make, *block.columns)), list(each_row(piece))
    held = {place: rows[place] for place in (3, 5, ROWS - 1)}
    del rows
    block.let_go()
    for place, row in held.items():
        assert row._pack.piece is None
        assert row == whole[place]
        assert repr(row) == repr(whole[place])


def test_nothing_is_packed_of_groups_of_which_nobody_holds_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which is all, for most strategies."""
    packed_groups: list[int] = []
    monkeypatch.setattr(RowPack, "pack", lambda pack: packed_groups.append(pack.begin))
    block = PackedBlock(SLICES[0][0], QUOTES, PriceTable(10**XYZ.price_precision))
    kept = [row for row in map(block.make, *block.columns) if row.row == 40 + GROUP]
    assert len(kept) == 1
    block.let_go()
    assert packed_groups == [GROUP]


def test_packed_rows_cannot_be_changed() -> None:
    """Neither what is made nor what is packed."""
    row = packed(*SLICES[0])[0]
    for name in row.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(row, name, 1)


@pytest.mark.parametrize(("piece", "packing"), SLICES)
def test_single_rows_are_unpacked_whole(piece: Any, packing: Packing[Any]) -> None:
    """As the engine keeps them."""
    block = PackedBlock(piece, packing, PriceTable(10**XYZ.price_precision))
    for place, whole in enumerate(each_row(piece)):
        row = block.at(place)
        assert type(row) is packing.whole
        for name in whole.__struct_fields__:
            one, other = getattr(row, name), getattr(whole, name)
            assert (one, type(one)) == (other, type(other)), name


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
            seen = self.history("XYZ", 2)
            self.found.append((self.now == row.ts, seen[-1] == row, self.account.equity))
        if len(self.rows) == 2 * GROUP:
            self.buy("XYZ", 1)
        if len(self.rows) == 2 * GROUP + 3:
            raise ZeroDivisionError


class MadeForAll:
    """Rows as objects that several sessions share."""

    def __init__(self, piece: Any) -> None:
        self.rows = rows_of(piece)

    def of(self, first: int, count: int) -> list[Any]:
        """All of them are made."""
        return self.rows[first : first + count]


def from_the_start(number: int) -> Any:
    """The rows of a slice as the first of a market."""
    piece = SLICES[number][0].rows(0, ROWS)
    piece.start, piece.numbers = 0, None
    return piece


def market_of(piece: Any) -> BuiltMarket:
    """Rows as a market."""
    frame = 60 if piece.kind is DataKind.BARS else None
    config = ReplayMarket(path="rows", kind=piece.kind, instrument=XYZ, timeframe_ns=frame)
    return BuiltMarket(config=config, slices=(piece,))


@pytest.mark.parametrize("every", [1, 7, 50])
@pytest.mark.parametrize("number", [1, 4, 5])
def test_whoever_turns_to_the_engine_finds_it_at_the_present_row(
    number: int, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stepped through, or shown in runs of packed rows or shared ones; and after an order and an
    error."""
    piece, heard = from_the_start(number), []
    made = MadeForAll(piece)
    for least, shared in ((1, None), (1, made), (10**9, None)):
        monkeypatch.setattr(shown_rows, "LEAST_RUN", least)
        strategy, piece.made = Watcher(every=every), shared
        rehearsal = rehearse(market_of(piece), strategy, cash="1000000")
        rehearsal.rest()
        assert len(strategy.rows) == 2 * GROUP + 3
        assert all(map(operator.is_, strategy.rows, made.rows)) is (shared is not None)
        assert strategy.found
        assert all(now and last for now, last, _ in strategy.found)
        heard.append((rehearsal.raws, strategy.rows, strategy.found))
    assert heard[0] == heard[1] == heard[2]


class Diary(Strategy):
    """Notes when each of its attributes was set."""

    def on_start(self) -> None:
        self.noted: list[Any] = []

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if "noted" in vars(self):
            self.noted.append((name, self.now))

    def on_quote(self, quote: Quote) -> None:
        self.seen = quote.row


def test_a_strategy_that_watches_its_attributes_sees_its_own_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each at its time, however rows are shown."""
    market, diaries = market_of(from_the_start(1)), []
    for least in (1, 10**9):
        monkeypatch.setattr(shown_rows, "LEAST_RUN", least)
        strategy = Diary()
        rehearse(market, strategy, cash="1000000").rest()
        diaries.append(strategy.noted)
    assert diaries[0] == diaries[1] == [("noted", TS[0]), *(("seen", at) for at in TS.tolist())]
