"""What an exchange says of an instrument, as the venue obeys it."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.market_data import StatusUpdate
from offbook.domain.status import StatusEvent
from offbook.domain.values import MAX_UNITS
from offbook.engine.kernel import Kernel


def take_status(kernel: Kernel, update: StatusUpdate) -> None:
    """Trading is halted, or goes on, or between other prices than before."""
    symbol = update.instrument.symbol
    if update.event is StatusEvent.BANDS:
        kernel.bands[symbol] = (update.lower_px, update.upper_px or MAX_UNITS)
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
