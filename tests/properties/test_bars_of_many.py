"""Bars that several sessions of one market build: those who join in the middle of one get it whole,
and each gets what it would have made alone."""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np
import pytest
from tests.properties.random_markets import MAKERS, Kind, days_at_random, hours_at_random
from tests.rehearsal import Snapshotting, attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.joining import BegunBars, Joined
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    DataKind,
    MarketSlice,
    MergedSlice,
    SourceSlice,
)
from offbook.domain.records import SessionAttached, decode_record, encode_record
from offbook.domain.timeframes import format_timeframe
from offbook.engine.inputs import Advance, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.rows.rows import each_bar
from offbook.services.market_hub.begun_bars import USUAL_TIMEFRAMES
from offbook.services.market_hub.log import MarketLog
from offbook.testing.markets import BuiltCombination, BuiltMarket

KINDS: list[Kind] = [DataKind.QUOTES, DataKind.TRADES, DataKind.BARS, "several"]
SMALL_CHUNK = 16


class Watching(Snapshotting):
    """Has bars built and sends orders named by all that it was shown."""

    plan: str = ""

    def on_start(self) -> None:
        self.shown: list[list[int]] = []
        for wish in self.plan.split():
            symbol, timeframe, price = wish.split("/")
            self.subscribe_bars(symbol, timeframe, price=price or None)

    def on_bar(self, bar: Bar) -> None:
        prices = [bar.open_px, bar.high_px, bar.low_px, bar.close_px]
        self.shown.append(
            [ord(bar.instrument.symbol[0]), bar.ts, bar.ts_open, *prices, bar.volume_qty, bar.row]
        )
        name = f"o{len(self.shown)}-{sum(self.shown[-1]) % 2**40}"
        self.buy(bar.instrument.symbol, 2, price="1", client_order_id=name)


class Seat:
    """One session of the market."""

    def __init__(self, market: ManyBuilders, joined: Joined, plan: str) -> None:
        self.market = market
        self.strategy = Watching(plan=plan)
        self.attach = msgspec.structs.replace(market.attach, joined=joined)
        self.session = session_of(market.built, self.strategy)
        self.engine = ProcessingEngine(self.session, self.strategy, "source")
        self.raws: list[bytes] = []
        self.feed(self.attach, Take(command=c.Start(command_id="start"), ts=joined.ts))

    def feed(self, *inputs: EngineInput) -> None:
        """Process inputs and keep the records."""
        self.raws += map(encode_record, self.engine.process(inputs))

    def follow(self) -> None:
        """Take all that has come, in pieces; another engine may go on from a snapshot."""
        rng, log = self.market.rng, self.market.log
        while (rows := log.from_row(self.engine.cursor.row)) is not None:
            self.feed(rows.rows(0, rng.randint(1, len(rows))))
            if rng.random() < 0.1:
                self.move()
        self.feed(Advance(ts=log.floor - 1))

    def move(self) -> None:
        """Go on from a snapshot."""
        state = self.engine.snapshot()
        assert state is not None
        self.strategy = Watching(plan=self.strategy.plan)
        self.engine = ProcessingEngine(self.session, self.strategy, "source")
        self.engine.restore(self.attach, state)


class ManyBuilders:
    """One live market and the sessions that join it at any moment."""

    def __init__(self, seed: int, kind: Kind) -> None:
        self.rng = rng = Random(seed)
        self.built: BuiltMarket | BuiltCombination = MAKERS[kind](rng, 150)
        (self.rows,) = self.built.slices
        if isinstance(self.rows, MergedSlice):
            self.rows = with_ties(rng, self.rows)
        hours = days_at_random if kind == "several" else hours_at_random
        self.attach = attach_of(self.built, hours(rng), clock_stops=False)
        self.log = MarketLog(self.attach.market, self.attach.calendars)
        self.log.maker.shared = True
        self.log.pass_time(int(self.rows.ts[0]) - 1)
        self.since = self.log.floor
        self.pushed = 0
        self.recorded: list[MarketSlice] = []
        self.plan = self._plan()
        self.early = Seat(self, self.joined(), self.plan)
        self.late: list[tuple[Seat, int]] = []

    def _plan(self) -> str:
        sources = self.attach.market.sources
        quoted = {source.symbol for source in sources if source.kind is DataKind.QUOTES}
        return " ".join(
            f"{symbol}/{format_timeframe(timeframe)}/{self._price() if symbol in quoted else ''}"
            for symbol in sorted({source.symbol for source in sources})
            for timeframe in USUAL_TIMEFRAMES
        )

    def _price(self) -> str:
        return self.rng.choice(["", "bid", "ask", "mid"])

    def joined(self) -> Joined:
        """The present place."""
        log = self.log
        return Joined(
            recording="r",
            row=log.rows,
            ts=log.floor,
            last=log.last(),
            bars=log.bars_in_progress(),
            books=log.books(),
            statuses=log.statuses(),
        )

    def run(self) -> None:
        """Let everything come, and so many sessions join."""
        rng = self.rng
        while self.pushed < len(self.rows):
            roll = rng.random()
            if roll < 0.4:
                self._push()
            elif roll < 0.6:
                ahead = int(self.rows.ts[self.pushed]) - self.log.floor
                # Now and then later than the next row, which is late then.
                self.log.pass_time(self.log.floor + rng.randint(-1, max(ahead + 1, 0)))
            elif roll < 0.75 and len(self.late) < 8:
                if isinstance(self.rows, MergedSlice):
                    # Among bars of one moment, some late, who joins cannot tell which are over.
                    self.log.pass_time(self.log.floor)
                self.early.follow()
                shown = len(self.early.strategy.shown)
                self.late.append((Seat(self, self.joined(), self.plan), shown))
            elif roll < 0.8:
                self._forget()
            else:
                rng.choice([self.early, *(seat for seat, _ in self.late)]).follow()
        self._forget()

    def _push(self) -> None:
        count = min(self.rng.choice([1, 1, 2, 9]), len(self.rows) - self.pushed)
        self.log.add(0, self.rows.rows(self.pushed, self.pushed + count))
        self.pushed += count

    def _forget(self) -> None:
        for seat in (self.early, *(seat for seat, _ in self.late)):
            seat.follow()
        while (piece := self.log.unsaved()) is not None:
            self.recorded += [] if piece.rows is None else [plain(piece.rows)]
            self.log.saved(piece)
        self.log.forget(SMALL_CHUNK)

    def is_whole(self, bar: list[int]) -> bool:
        """Whether its beginning was seen; among sources of which one may end bars before another
        gives its last, that of the bar before too, for what comes late goes into the next."""
        since, (ts, opens) = self.since, bar[1:3]
        return (opens - (ts - opens) if isinstance(self.rows, MergedSlice) else opens) >= since

    def given(self) -> set[tuple[int, int, int]]:
        """The bars that are rows of the market: when each ended and began, and its position."""
        return {
            (row.ts, row.ts_open, row.row)
            for piece in self.recorded
            for _, part in (piece.parts() if isinstance(piece, MergedSlice) else [(0, piece)])
            if isinstance(part, BarSlice)
            for row in each_bar(part)
        }

    def alone(self, seat: Seat) -> list[bytes]:
        """The records of a session that is run again from what was recorded."""
        first = decode_record(seat.raws[0])
        assert isinstance(first, SessionAttached)
        assert isinstance(first.joined, Joined)
        again = Seat(self, first.joined, self.plan)
        for piece in self.recorded:
            while again.engine.cursor.row < piece.start + len(piece):
                place = again.engine.cursor.row - piece.start
                again.feed(piece.rows(place, self.rng.randint(place + 1, len(piece))))
        again.feed(Advance(ts=self.log.floor - 1))
        return again.raws


def with_ties(rng: Random, rows: MergedSlice) -> MergedSlice:
    """The same rows, many quotes and prints at the ends of bars, before or after what else comes at
    that moment."""
    pieces = [piece.rows(0, len(piece)) for piece in rows.pieces]
    bars = [piece.ts for piece in pieces if isinstance(piece, BarSlice)]
    ends = np.unique(np.concatenate([*bars, rows.ts[-1:]]))
    for piece in pieces:
        if not isinstance(piece, BarSlice):
            spread = np.sort(np.array(rng.choices(rows.ts.tolist(), k=len(piece))))
            at_end = np.array([rng.random() < 0.5 for _ in range(len(piece))])
            piece.ts = np.where(at_end, ends[np.searchsorted(ends, spread)], spread)
            piece.ts = np.maximum.accumulate(piece.ts)
    places = [(int(ts), n, i) for n, one in enumerate(pieces) for i, ts in enumerate(one.ts)]
    turns = {ts: rng.sample(range(len(pieces)), len(pieces)) for ts, _, _ in places}
    places.sort(key=lambda place: (place[0], turns[place[0]][place[1]]))
    columns = np.array(places, dtype=np.int64).T.copy()
    made = MergedSlice(0, columns[0], columns[1], columns[2], tuple(pieces))
    made.check()
    return made


def plain(rows: MarketSlice) -> MarketSlice:
    """The same rows as a recording gives them: nothing is made for others."""
    if isinstance(rows, MergedSlice):
        pieces = tuple(map(plain_piece, rows.pieces))
        return MergedSlice(rows.start, rows.ts, rows.which, rows.index, pieces)
    return plain_piece(rows)


def plain_piece(rows: SourceSlice) -> SourceSlice:
    """The same of one source."""
    part = rows.rows(0, len(rows))
    part.made = part.stretches = None
    return part


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chunks", "log"):
        monkeypatch.setattr(f"offbook.services.market_hub.{name}.CHUNK_ROWS", SMALL_CHUNK)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 5])
def test_who_joins_within_a_bar_gets_it_whole(kind: Kind, seed: int) -> None:
    """The bars of who was there, but those whose beginning nobody saw; and alone the same."""
    many = ManyBuilders(seed, kind)
    many.run()
    handed = [seat.attach.joined.bars for seat, _ in many.late if seat.attach.joined is not None]
    assert any(isinstance(bars, BegunBars) for bars in handed)
    given = many.given()
    for seat, shown in many.late:
        joined = seat.attach.joined
        assert joined is not None
        expected = [
            bar
            for bar in many.early.strategy.shown[shown:]
            # A row that came before is not shown, whoever built something of it.
            if many.is_whole(bar) and not (bar[-1] < joined.row and (*bar[1:3], bar[-1]) in given)
        ]
        assert [bar for bar in seat.strategy.shown if many.is_whole(bar)] == expected
    for seat in (many.early, *(seat for seat, _ in many.late)):
        assert many.alone(seat) == seat.raws
