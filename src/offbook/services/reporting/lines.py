"""The lines of a report: the account at a moment, a round trip, an instrument; as plain data.

Amounts, prices and quantities are decimal text, times integers of ns UTC, ratios floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.values import Amount, share_of, units_to_text
from offbook.services.reporting.account_path import AccountPath
from offbook.services.reporting.drawdown import Drawdown
from offbook.services.reporting.equity_curve import EquityCurve, EquitySample
from offbook.services.reporting.round_trips import RoundTrip
from offbook.services.reporting.trip_statistics import (
    Excursions,
    TripStatistics,
    trip_statistics,
)


class EquityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The account at ``ts``: marked at mid, and at the side at which it would be closed.

    ``cash`` is told by currency.  ``positions`` are signed, of symbols that are held; ``prices``
    are the mids, of symbols that had a row.  ``exposure`` is the gross value of the positions over
    equity, ``net_exposure`` the value with short ones negative; both None unless equity is
    positive.
    """

    ts: int
    equity: str
    equity_closing: str
    cash: dict[str, str]
    positions: dict[str, str]
    prices: dict[str, str]
    exposure: float | None
    net_exposure: float | None


class DrawdownLine(msgspec.Struct, frozen=True, kw_only=True):
    """The deepest fall over every market row and fill: equity at its peak and its trough."""

    ratio: float
    amount: str
    peak: str
    peak_ts: int
    trough: str
    trough_ts: int
    recovered_ts: int | None


class EquitySection(msgspec.Struct, frozen=True, kw_only=True):
    """Equity from ``begin_ts`` to ``end_ts`` on three grids; see ``EquityCurve``."""

    begin_ts: int
    end_ts: int
    daily: tuple[EquityPoint, ...]
    even: tuple[EquityPoint, ...]
    at_fills: tuple[EquityPoint, ...]
    drawdown: DrawdownLine | None


class TripLine(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip; ``exit_*`` and ``holding_ns`` are None while it is open.

    ``side`` is LONG or SHORT; prices are in the instrument's currency, money in the account's;
    average prices are rounded to the stored decimals plus four;
    ``return_ratio`` is net over the value of what was opened.  ``favourable`` and ``adverse`` are
    the furthest that the price went for and against it, as fractions of the entry price.
    ``exit_reason`` is what ended it without an order: ``expiry`` or ``delisting``.
    """

    symbol: str
    side: str
    entry_ts: int
    exit_ts: int | None
    qty: str
    entry_px: str
    exit_px: str | None
    gross: str
    fees: str
    net: str
    return_ratio: float
    holding_ns: int | None
    favourable: float | None
    adverse: float | None
    fills: int
    entry_order: str
    exit_order: str | None
    exit_reason: str | None = None


class TripSection(msgspec.Struct, frozen=True, kw_only=True):
    """Round trips by one way of pairing, and what the closed ones come to: all, and by symbol."""

    statistics: TripStatistics
    by_symbol: dict[str, TripStatistics]
    trips: tuple[TripLine, ...]


def equity_section(path: AccountPath, curve: EquityCurve) -> EquitySection:
    """A curve as text."""
    instruments = {found.symbol: found for found in path.instruments}
    daily, even, at_fills = (
        tuple(_point(sample, instruments) for sample in samples)
        for samples in (curve.daily, curve.even, curve.at_fills)
    )
    return EquitySection(
        begin_ts=curve.begin_ts,
        end_ts=curve.end_ts,
        daily=daily,
        even=even,
        at_fills=at_fills,
        drawdown=None if curve.drawdown is None else _drawdown_line(curve.drawdown),
    )


def mid_text(twice_mid: int, instrument: Instrument) -> str:
    """Half of a doubled price, exact."""
    return format(instrument.price_decimal(twice_mid) / 2, "f")


def _point(sample: EquitySample, instruments: Mapping[str, Instrument]) -> EquityPoint:
    return EquityPoint(
        ts=sample.ts,
        equity=str(Amount(sample.equity)),
        equity_closing=str(Amount(sample.equity_closing)),
        cash={currency: str(Amount(amount)) for currency, amount in sample.cash.items()},
        positions={s: instruments[s].qty_text(qty) for s, qty in sample.positions.items()},
        prices={s: mid_text(sum(mark), instruments[s]) for s, mark in sample.marks.items()},
        exposure=sample.exposure,
        net_exposure=sample.net_exposure,
    )


def _drawdown_line(fall: Drawdown) -> DrawdownLine:
    return DrawdownLine(
        ratio=fall.ratio,
        amount=str(Amount(fall.amount)),
        peak=str(Amount(fall.peak)),
        peak_ts=fall.peak_ts,
        trough=str(Amount(fall.trough)),
        trough_ts=fall.trough_ts,
        recovered_ts=fall.recovered_ts,
    )


def trip_section(
    trips: Sequence[RoundTrip], path: AccountPath | None, curve: EquityCurve | None
) -> TripSection:
    """Round trips as text; without a curve they have no excursions."""
    if path is None:
        return TripSection(statistics=trip_statistics(()), by_symbol={}, trips=())
    found = None if curve is None else Excursions(path, curve)
    instruments = {instrument.symbol: instrument for instrument in path.instruments}
    return TripSection(
        statistics=trip_statistics(trips),
        by_symbol={
            symbol: trip_statistics([trip for trip in trips if trip.symbol == symbol])
            for symbol in instruments
        },
        trips=tuple(_trip_line(trip, instruments[trip.symbol], found) for trip in trips),
    )


def _trip_line(trip: RoundTrip, instrument: Instrument, found: Excursions | None) -> TripLine:
    excursion = None if found is None else found.of(trip)
    return TripLine(
        symbol=trip.symbol,
        side="LONG" if trip.sign > 0 else "SHORT",
        entry_ts=trip.entry_ts,
        exit_ts=trip.exit_ts,
        qty=instrument.qty_text(trip.qty),
        entry_px=_average(trip.entry_notional, trip.qty, instrument),
        exit_px=_average(trip.exit_notional, trip.closed_qty, instrument)
        if trip.closed_qty
        else None,
        gross=str(Amount(trip.gross)),
        fees=str(Amount(trip.fees)),
        net=str(Amount(trip.net)),
        return_ratio=trip.net / trip.paid,
        holding_ns=trip.holding_ns,
        favourable=None if excursion is None else excursion.favourable,
        adverse=None if excursion is None else excursion.adverse,
        fills=trip.fills,
        entry_order=trip.entry_order,
        exit_order=trip.exit_order,
        exit_reason=trip.exit_reason,
    )


def _average(notional: int, qty: int, instrument: Instrument) -> str:
    price, of = instrument.average_px(notional, qty)
    places = instrument.price_precision + 4
    # An inverse contract that is worth nothing has no price that says so.
    units = share_of(price, 10**places, of) if of else 0
    return units_to_text(units, places, trim=False)
