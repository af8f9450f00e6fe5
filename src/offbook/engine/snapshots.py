"""An engine's whole state as bytes, between two steps.

Both parts are in it: ledger state, which the records also give, and market state, which moves
with data and without records.  The last rows kept for ``history`` stand in columns.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import msgspec

from offbook.domain.errors import EngineFault, InvalidStrategy
from offbook.domain.joining import BegunBars
from offbook.domain.market_data import Bar
from offbook.domain.records import decode_hook, encode_hook
from offbook.engine.agenda import AgendaEntry
from offbook.engine.books.books import load_books
from offbook.engine.books.depth_book import DepthBook, DepthState
from offbook.engine.books.order_book import OrderBook, OrderBookState
from offbook.engine.events.restating import CarriedRow, carried_rows, know_carried
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.market.bar_builder import BuilderState
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.market.history import Histories, HistoryState
from offbook.engine.rows.last_rows import know_last_rows
from offbook.engine.strategy.interruption import is_from_a_signal
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.view import StrategyView
from offbook.engine.venue.book import Taken
from offbook.engine.venue.queue_places import PlacesState
from offbook.engine.venue.venue import Venue

SNAPSHOT_FORMAT: Final = 1
_INT64_MIN: Final = -(2**63)


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument's working orders, those that wait with trailing stops' marks, and what the
    session took of shown liquidity."""

    symbol: str
    at_venue: list[int]
    fresh: list[int]
    marks: dict[int, int | None]
    taken_bid: Taken | None
    taken_ask: Taken | None
    ahead_bid: Taken | None
    ahead_ask: Taken | None
    bar_left: int
    places: PlacesState | None = None
    auctions: list[int] = []


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an engine knows."""

    format: int
    row: int
    now: int
    rounds: int
    unbegun: bool
    hours_known: bool
    hours: dict[str, bool]
    extended: dict[str, int] = {}
    ledger: LedgerState
    view: StrategyView
    agenda_ordinal: int
    agenda: list[AgendaEntry]
    books: list[BookState]
    depths: dict[str, DepthState] = {}
    order_books: dict[str, OrderBookState] = {}
    dropped: dict[str, tuple[int, bool]] = {}
    books_since: dict[str, int] = {}
    halted: dict[str, int] = {}
    resumed: dict[str, int] = {}
    bands: dict[str, tuple[int, int]] = {}
    carried: dict[str, CarriedRow] = {}
    ended: int
    history: list[HistoryState]
    built: list[BuilderState]
    begun: BegunBars | None = None
    memory: msgspec.Raw


ENCODER: Final = msgspec.json.Encoder(enc_hook=encode_hook)
_DECODER: msgspec.json.Decoder[EngineState] = msgspec.json.Decoder(
    EngineState, dec_hook=decode_hook
)


def save_memory(strategy: Strategy) -> bytes:
    """A strategy's memory as JSON. Raises InvalidStrategy when it cannot be had, or would come
    back as something else."""
    name = type(strategy).__name__
    try:
        state = strategy.save_state()
        _require_plain(state, "state")
        return msgspec.json.encode(state)
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        raise InvalidStrategy(
            f"{name}.save_state: {error}; give dict, list, str, int, float, bool or None",
            strategy=name,
        ) from error


def load_memory(strategy: Strategy, memory: Any) -> None:
    """Hand a strategy its memory back. Raises InvalidStrategy for whatever it raises."""
    name = type(strategy).__name__
    try:
        strategy.load_state(memory)
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        raise InvalidStrategy(
            f"{name}.load_state: {type(error).__name__}: {error}", strategy=name
        ) from error


def _require_plain(value: object, where: str) -> None:
    """JSON writes NaN as null, a set as a list, a number used as a key as text: refuse these. A
    tuple comes back as a list, which reads the same."""
    if isinstance(value, dict):
        for key, part in value.items():
            if type(key) is not str:
                raise TypeError(f"{where} has the key {key!r}, which is no text")
            _require_plain(part, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            _require_plain(part, f"{where}[{index}]")
    elif value is not None and type(value) not in {bool, int, float, str}:
        raise TypeError(f"{where} is a {type(value).__name__}")
    elif not _can_be_written(value):
        raise ValueError(f"{where} is {value!r}, which JSON cannot hold")


def _can_be_written(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return _INT64_MIN <= value < -_INT64_MIN
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


class Parts(NamedTuple):
    """The parts of an engine that have a state of their own."""

    kernel: Kernel
    venue: Venue
    instants: Instants
    history: Histories
    built: BuiltBars


def state_of(parts: Parts, row: int, memory: bytes | None) -> EngineState:
    """The state as it is kept; what grows and changes in it is the engine's own."""
    kernel, venue, instants, history, built = parts
    ordinal, entries = kernel.agenda.dump()
    return EngineState(
        format=SNAPSHOT_FORMAT,
        row=row,
        now=kernel.now,
        rounds=instants.rounds,
        unbegun=instants.unbegun,
        hours_known=instants.hours_known,
        hours=venue.times.hours,
        extended=venue.times.extended,
        ledger=kernel.ledger,
        view=kernel.view,
        agenda_ordinal=ordinal,
        agenda=entries,
        books=_books(kernel, venue),
        depths={s: d.dump() for s, d in kernel.depths.all() if isinstance(d, DepthBook)},
        order_books={s: d.dump() for s, d in kernel.depths.all() if isinstance(d, OrderBook)},
        dropped=kernel.depths.dropped(),
        books_since=kernel.depths.since,
        halted=kernel.halted,
        resumed=kernel.resumed,
        bands=kernel.bands,
        carried=carried_rows(kernel),
        ended=len(instants.ended),
        history=history.dump(row),
        built=built.dump(),
        begun=built.begun,
        memory=msgspec.Raw(b"null" if memory is None else memory),
    )


def _books(kernel: Kernel, venue: Venue) -> list[BookState]:
    """The books that hold anything, by symbol: which empty ones there are, and in which order they
    came, depends on the rows that were looked at."""
    found = []
    for symbol, book in sorted(venue.books.items()):
        state = BookState(
            symbol=symbol,
            at_venue=book.by_priority(),
            fresh=book.fresh_ordinals(),
            marks=book.triggers.marks(),
            taken_bid=book.taken_bid,
            taken_ask=book.taken_ask,
            ahead_bid=book.ahead_bid,
            ahead_ask=book.ahead_ask,
            bar_left=book.bar_left,
            auctions=sorted([*book.auctions, *book.unpriced]),
            places=venue.depth.places(symbol).dump() if symbol in kernel.depths else None,
        )
        places = state.places
        holds = places is not None and places.holds
        remembers = book.remembers or book.ahead_bid is not None or book.ahead_ask is not None
        if len(book) or state.auctions or book.bar_left or holds or remembers:
            found.append(state)
    return found


def load(parts: Parts, raw: bytes) -> Any:
    """Take the state back into fresh parts; returns the strategy's memory.

    Raises EngineFault when the bytes are not a snapshot of this format.
    """
    kernel, venue, instants, history, built = parts
    try:
        state = _DECODER.decode(raw)
    except msgspec.MsgspecError as error:
        raise EngineFault(f"the snapshot cannot be read: {error}", reason="snapshot") from error
    if state.format != SNAPSHOT_FORMAT or kernel.market is None:
        raise EngineFault(f"snapshot format {state.format} is not known", reason="snapshot")
    kernel.adopt(state.ledger)
    kernel.view = state.view
    kernel.now = state.now
    kernel.agenda.load(state.agenda_ordinal, state.agenda)
    instants.rounds = state.rounds
    instants.unbegun = state.unbegun
    instants.hours_known = state.hours_known
    venue.times.hours, venue.times.extended = state.hours, state.extended
    kernel.halted, kernel.resumed, kernel.bands = state.halted, state.resumed, state.bands
    load_books(kernel.depths.known(), state.depths, state.order_books)
    kernel.depths.know_dropped(state.dropped)
    kernel.depths.since = state.books_since
    for kept in state.books:
        book, fresh = venue.book(kept.symbol), set(kept.fresh)
        book.bar_left = kept.bar_left
        for ordinal in [*kept.at_venue, *kept.auctions]:
            book.add(state.ledger.orders[ordinal], fresh=ordinal in fresh)
        book.expect(kernel.now)
        for ordinal, mark in kept.marks.items():
            book.wait(state.ledger.orders[ordinal], mark)
        if kept.places is not None:
            venue.depth.places(kept.symbol).load(kept.places)
        book.restore_taken((kept.taken_bid, kept.taken_ask), (kept.ahead_bid, kept.ahead_ask))
    history.load(state.history)
    rows = know_last_rows(kernel, history, state.row)
    know_carried(kernel, state.carried)
    # What ended at one instant came last, a bar from each of as many sources.
    instants.ended = [row for row in rows[len(rows) - state.ended :] if isinstance(row, Bar)]
    built.load(state.built)
    built.know(state.begun, state.row)
    return msgspec.json.decode(state.memory)
