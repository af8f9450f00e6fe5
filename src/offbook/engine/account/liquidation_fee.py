"""What a venue charges for closing positions after a margin call, beside its usual charges."""

from __future__ import annotations

from offbook.domain.action_records import FlowReason
from offbook.domain.config import RATIO_PRECISION
from offbook.domain.orders import Origin
from offbook.domain.records import OrderFilled
from offbook.domain.values import flow_of, text_to_units
from offbook.engine.account.cash_flows import Flow, exchange
from offbook.engine.kernel import Kernel


class LiquidationFee:
    """A share of the value of each fill of a liquidation, rounded once against the account."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._text = kernel.config.account.liquidation_fee
        self._rate = text_to_units(self._text, RATIO_PRECISION)

    @property
    def is_needed(self) -> bool:
        """Whether fills can have anything to do with it."""
        return self._rate != 0

    def filled(self, fill: OrderFilled) -> None:
        """A fill was booked."""
        kernel = self._kernel
        if not self._rate or kernel.ledger.orders[fill.order].origin is not Origin.LIQUIDATION:
            return
        instrument = kernel.instrument(fill.symbol)
        value = instrument.value_of(fill.last_qty, fill.last_px)
        amount = flow_of(-value * self._rate, 10**RATIO_PRECISION, instrument.charge_unit)
        if amount:
            flow = Flow(
                reason=FlowReason.LIQUIDATION_FEE,
                symbol=fill.symbol,
                currency=instrument.settle_currency,
                basis=value,
                rate=self._text,
                amount=amount,
            )
            exchange(kernel, flow)
