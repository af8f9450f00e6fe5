"""An engine's whole state as bytes, between two steps.

Both parts are in it: ledger state, which the records also give, and market state, which moves
with data and without records.  The last rows kept for ``history`` stand in columns.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from offbook.domain.errors import EngineFault, InvalidStrategy
from offbook.domain.records import decode_hook, encode_hook
from offbook.engine.agenda import AgendaEntry
from offbook.engine.book import Taken
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.ledger import LedgerState
from offbook.engine.rows import History, HistoryState
from offbook.engine.strategy import Strategy
from offbook.engine.venue import Venue
from offbook.engine.view import StrategyView

SNAPSHOT_FORMAT: Final = 1
_INT64_MIN: Final = -(2**63)


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an engine knows."""

    format: int
    row: int
    now: int
    rounds: int
    unbegun: bool
    hours_known: bool
    is_open: bool
    ledger: LedgerState
    view: StrategyView
    agenda_ordinal: int
    agenda: list[AgendaEntry]
    fresh: list[int]
    at_venue: list[int]
    taken_bid: Taken | None
    taken_ask: Taken | None
    history: HistoryState
    memory: msgspec.Raw


_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)
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
    except Exception as error:
        raise InvalidStrategy(
            f"{name}.save_state: {error}; give dict, list, str, int, float, bool or None",
            strategy=name,
        ) from error


def load_memory(strategy: Strategy, memory: Any) -> None:
    """Hand a strategy its memory back. Raises InvalidStrategy for whatever it raises."""
    name = type(strategy).__name__
    try:
        strategy.load_state(memory)
    except Exception as error:
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


def dump(
    kernel: Kernel,
    venue: Venue,
    instants: Instants,
    history: History,
    row: int,
    memory: bytes | None,
) -> bytes:
    """The state as bytes."""
    ordinal, entries = kernel.agenda.dump()
    state = EngineState(
        format=SNAPSHOT_FORMAT,
        row=row,
        now=kernel.now,
        rounds=instants.rounds,
        unbegun=instants.unbegun,
        hours_known=instants.hours_known,
        is_open=venue.is_open,
        ledger=kernel.ledger,
        view=kernel.view,
        agenda_ordinal=ordinal,
        agenda=entries,
        fresh=venue.book.fresh_ordinals(),
        at_venue=venue.book.by_priority(),
        taken_bid=venue.book.taken_bid,
        taken_ask=venue.book.taken_ask,
        history=history.dump(row),
        memory=msgspec.Raw(b"null" if memory is None else memory),
    )
    return _ENCODER.encode(state)


def load(kernel: Kernel, venue: Venue, instants: Instants, history: History, raw: bytes) -> Any:
    """Take the state back into fresh parts; returns the strategy's memory.

    Raises EngineFault when the bytes are not a snapshot of this format.
    """
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
    venue.is_open = state.is_open
    history.load(kernel.market.instruments[0], state.history)
    last = history.last(1, state.row)
    kernel.last = last[0] if last else None
    fresh = set(state.fresh)
    for ordinal in state.at_venue:
        venue.book.add(state.ledger.orders[ordinal], fresh=ordinal in fresh)
    venue.book.restore_taken(state.taken_bid, state.taken_ask)
    return msgspec.json.decode(state.memory)
