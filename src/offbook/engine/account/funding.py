"""Funding of perpetual contracts, exchanged at its moment by whoever holds a position then.

A position of ``qty`` pays ``qty * mark * rate`` (times its multiplier; of an inverse contract,
``qty * multiplier / mark * rate`` of the base currency), rounded once against the account to the
smallest unit of its currency.  The moment belongs to what is held before its rows.
"""

from __future__ import annotations

from bisect import bisect_right

from offbook.domain.action_records import FlowReason
from offbook.domain.config import FundingRate, funding_of
from offbook.domain.config.funding import RATE_DECIMALS
from offbook.domain.values import flow_of
from offbook.engine.account.cash_flows import Flow, exchange
from offbook.engine.account.margin_draws import MarginDraws
from offbook.engine.agenda import STAGE_VENUE, FundingDue
from offbook.engine.kernel import Kernel

_ONE = 10**RATE_DECIMALS


class Funding:
    """Funding of one session; only the next payment of each symbol waits at a time."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._rates = funding_of(kernel.config.market)
        self._draws = MarginDraws(kernel)

    def schedule(self) -> None:
        """The session has begun: what was due before is past."""
        for symbol, rates in self._rates.items():
            self._wait(symbol, bisect_right(rates, self._kernel.now, key=lambda rate: rate.due))

    def _wait(self, symbol: str, number: int) -> None:
        rates = self._rates[symbol]
        if number < len(rates):
            self._kernel.agenda.add(rates[number].due, STAGE_VENUE, FundingDue(symbol, number))

    def exchange(self, item: FundingDue) -> None:
        """One payment."""
        kernel, rate = self._kernel, self._rates[item.symbol][item.number]
        self._wait(item.symbol, item.number + 1)
        qty = kernel.ledger.position(item.symbol).qty
        value = self._value(item.symbol, qty, rate)
        instrument = kernel.instrument(item.symbol)
        amount = flow_of(-value * rate.rate_units, _ONE * 2 * _ONE, instrument.charge_unit)
        if not amount:
            return
        exchange(
            kernel,
            Flow(
                reason=FlowReason.FUNDING,
                symbol=item.symbol,
                currency=instrument.settle_currency,
                basis=flow_of(value, 2 * _ONE, 1),
                rate=rate.rate,
                amount=amount,
            ),
        )
        self._draws.flowed(item.symbol, -amount)

    def _value(self, symbol: str, qty: int, rate: FundingRate) -> int:
        """The position's value, signed, in units of 10**-18 / (2 * 10**12)."""
        kernel, mark = self._kernel, rate.mark_units
        instrument, prices = kernel.instrument(symbol), kernel.prices(symbol)
        twice = 0 if prices is None else prices.bid_px + prices.ask_px
        units = int(10**instrument.price_precision)
        if instrument.is_inverse:
            px, of = (twice, 2) if mark is None else (mark * units, _ONE)
            return 2 * _ONE * instrument.value_of(qty, px, of)
        if mark is not None:
            return 2 * qty * mark * units * instrument.notional_scale
        return qty * twice * instrument.notional_scale * _ONE
