"""What an exchange says of an instrument, as the venue obeys it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from offbook.domain import records as r
from offbook.domain.book_states import KnownStatus
from offbook.domain.market_data import StatusUpdate
from offbook.domain.status import StatusEvent
from offbook.domain.values import MAX_UNITS
from offbook.engine.kernel import Kernel


def take_status(kernel: Kernel, update: StatusUpdate) -> None:
    """Trading is halted, or goes on, or between other prices than before."""
    symbol = update.instrument.symbol
    if update.event is StatusEvent.BANDS:
        kernel.bands[symbol] = _bounds(update.lower_px, update.upper_px)
        return
    halted = update.event is StatusEvent.HALT
    if halted is (symbol in kernel.halted):
        return
    if halted:
        kernel.halted[symbol] = kernel.now
    else:
        del kernel.halted[symbol]
        kernel.resumed[symbol] = kernel.now
    kernel.emit(r.TradingStatusChanged, symbol=symbol, halted=halted, row=update.row)


def know_statuses(
    kernel: Kernel, known: Iterable[KnownStatus] | msgspec.UnsetType, since_row: int = 0
) -> None:
    """Know what is in force where the session begins, or what rows from a position on have said."""
    for status in () if known is msgspec.UNSET else known:
        symbol = status.symbol
        if status.halted is not None:
            kernel.halted.setdefault(symbol, status.halted)
        if status.resumed is not None:
            # What the session knows may be later, of a split.
            kernel.resumed[symbol] = max(status.resumed, kernel.resumed.get(symbol, 0))
        if status.bands is not None and status.bands[2] >= since_row:
            kernel.bands[symbol] = _bounds(*status.bands[:2])


def follow_statuses(
    kernel: Kernel, known: Iterable[KnownStatus] | msgspec.UnsetType, since_row: int
) -> None:
    """Come to what is in force after rows from a position on were left out; a halt, or its end,
    among them is a record."""
    for status in () if known is msgspec.UNSET else known:
        symbol, before = status.symbol, status.symbol in kernel.halted
        kernel.halted.pop(symbol, None)
        know_statuses(kernel, (status,), since_row)
        if before is not (symbol in kernel.halted):
            row = 0 if kernel.last is None else kernel.last.row
            kernel.emit(r.TradingStatusChanged, symbol=symbol, halted=not before, row=row)


def _bounds(lower_px: int, upper_px: int) -> tuple[int, int]:
    return lower_px, upper_px or MAX_UNITS
