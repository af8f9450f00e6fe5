"""What each instrument of a session came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.values import Amount
from offbook.engine.ledger.ledger import LedgerState
from offbook.services.reporting.account_path import AccountPath
from offbook.services.reporting.equity_curve import EquityCurve
from offbook.services.reporting.execution_quality import ExecutionQuality
from offbook.services.reporting.lines import mid_text
from offbook.services.reporting.round_trips import RoundTrip
from offbook.services.reporting.worth import Worth


class InstrumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of a session; money is decimal text in the account's currency, ``price`` in
    the instrument's ``currency``.

    ``priced_by`` is the kind of rows that give its price; ``market_return`` goes from its first
    mid to its last.  ``position`` is what is held at the end, ``value`` its worth at ``price``,
    the last mid.  ``net`` is realized and unrealized gain after fees.  What needs the market's
    rows is None without them.
    """

    symbol: str
    currency: str
    priced_by: str
    market_return: float | None
    fills: int
    traded: str
    fees: str
    slippage: str
    slippage_bps: float | None
    realized: str
    unrealized: str | None
    net: str | None
    position: str
    price: str | None
    value: str | None


def instrument_lines(
    ledger: LedgerState,
    path: AccountPath,
    curve: EquityCurve | None,
    trips: Sequence[RoundTrip],
    quality: Mapping[str, ExecutionQuality],
) -> tuple[InstrumentLine, ...]:
    """A line for each instrument, in the market's order; ``trips`` are those by position."""
    worth = Worth(path.account, path.market).at({} if curve is None else curve.last.marks)
    return tuple(
        _line(instrument, ledger, path, curve, trips, quality[instrument.symbol], worth)
        for instrument in path.instruments
    )


def _line(
    instrument: Instrument,
    ledger: LedgerState,
    path: AccountPath,
    curve: EquityCurve | None,
    trips: Sequence[RoundTrip],
    quality: ExecutionQuality,
    worth: Worth,
) -> InstrumentLine:
    symbol, market = instrument.symbol, path.market
    position = ledger.position(symbol)
    # Contracts realize by settlements too, of what is still open.
    by_trips = sum(trip.gross for trip in trips if trip.symbol == symbol)
    realized = path.gained.get(symbol, by_trips)
    mark = unrealized = value = net = None
    if curve is not None:
        mark = curve.last.marks.get(symbol)
        value = worth.net({symbol: position.qty})
        # What a short position was sold for is owed.
        cost = position.cost if position.qty > 0 else -position.cost
        unrealized = worth.gain(symbol, position.qty, cost)
        net = realized + unrealized - Amount.parse(quality.fees)
    return InstrumentLine(
        symbol=symbol,
        currency=instrument.quote_currency,
        priced_by=market.sources[market.pricing_sources()[symbol]].kind.value,
        market_return=None if curve is None else curve.market_returns[symbol],
        fills=quality.fills,
        traded=quality.traded,
        fees=quality.fees,
        slippage=quality.slippage,
        slippage_bps=quality.slippage_bps.value,
        realized=str(Amount(realized)),
        unrealized=_text(unrealized),
        net=_text(net),
        position=instrument.qty_text(position.qty),
        price=None if mark is None else mid_text(sum(mark), instrument),
        value=_text(value),
    )


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(Amount(amount))
