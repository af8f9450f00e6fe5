"""Performance figures from daily equity, each with its formula and source.

Money stays exact until a ratio is formed; ratios are floats, as fractions (0.01 is one percent).
Formulas follow the package ``empyrical-reloaded`` with a risk-free rate of zero, so that figures
can be compared with what other tools print.  What cannot be said is None with the reason: an
annualised figure from less than a month of days is noise, whatever its decimals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from offbook.services.reporting.drawdown import Drawdown
from offbook.services.reporting.equity_curve import EquityCurve, EquitySample
from offbook.services.reporting.figure import Figure

LEAST_DAYS: Final = 30
"""Daily returns below which nothing is annualised."""

_FLAT: Final = 1e-15
"""Deviations below this are rounding of equal returns, not variance."""


def daily_returns(equity: Sequence[int]) -> list[float] | None:
    """``E[i] / E[i-1] - 1`` of consecutive samples; None where equity was not positive before.

    The difference is taken exactly, the ratio rounded once.
    """
    if any(before <= 0 for before in equity[:-1]):
        return None
    return [(after - before) / before for before, after in pairwise(equity)]


def total_return(first: int, last: int) -> Figure:
    """``last / first - 1``."""
    if first <= 0:
        return Figure(None, "the account began without money")
    return Figure((last - first) / first)


def cagr(returns: Sequence[float], per_year: int) -> float:
    """Compound annual growth rate: ``(E_end / E_begin) ** (per_year / n) - 1`` over n days.

    As ``empyrical.cagr``.  A total loss gives -1.
    """
    growth = math.prod(1 + daily for daily in returns)
    return float(max(growth, 0.0) ** (per_year / len(returns))) - 1


def volatility(returns: Sequence[float], per_year: int) -> float:
    """``stdev(r) * sqrt(per_year)``, the sample deviation (n - 1).

    As ``empyrical.annual_volatility``.
    """
    return _deviation(returns) * math.sqrt(per_year)


def sharpe(returns: Sequence[float], per_year: int) -> float | None:
    """``mean(r) / stdev(r) * sqrt(per_year)``, risk-free rate zero (Sharpe 1994, ex post).

    As ``empyrical.sharpe_ratio``.  None where returns do not vary.
    """
    deviation = _deviation(returns)
    if deviation <= _FLAT:
        return None
    return _mean(returns) / deviation * math.sqrt(per_year)


def downside_deviation(returns: Sequence[float], per_year: int) -> float:
    """``sqrt(mean(min(r, 0) ** 2) * per_year)``, over all days (Sortino and Price 1994).

    As ``empyrical.downside_risk``.
    """
    return math.sqrt(_mean([min(daily, 0.0) ** 2 for daily in returns]) * per_year)


def sortino(returns: Sequence[float], per_year: int) -> float | None:
    """``mean(r) * per_year / downside_deviation``, target zero (Sortino and Price 1994).

    As ``empyrical.sortino_ratio``.  None without a losing day.
    """
    downside = downside_deviation(returns, per_year)
    return _mean(returns) * per_year / downside if downside > _FLAT else None


def daily_drawdown(returns: Sequence[float]) -> float:
    """The largest fall of compounded daily returns from their peak, 0 to 1.

    As ``-empyrical.max_drawdown``.
    """
    level = peak = 1.0
    deepest = 0.0
    for daily in returns:
        level *= 1 + daily
        peak = max(peak, level)
        deepest = max(deepest, 1 - level / peak)
    return deepest


def calmar(returns: Sequence[float], per_year: int) -> float | None:
    """``cagr / daily_drawdown`` (Young 1991), over the whole session.

    As ``empyrical.calmar_ratio``.  None where the daily equity never fell.
    """
    deepest = daily_drawdown(returns)
    return cagr(returns, per_year) / deepest if deepest > _FLAT else None


class DayReturn(msgspec.Struct, frozen=True):
    """A trading day's return, by the moment of its sample (ns UTC)."""

    ts: int
    value: float


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """A session's performance. Ratios are fractions, times ns UTC, lengths ns.

    ``days`` is the number of daily returns; ``days_per_year`` is what annualises.
    ``max_drawdown`` is over every market row, ``max_drawdown_daily`` over daily samples, and
    Calmar uses the latter.  ``drawdown_peak_ts`` to ``drawdown_recovered_ts`` tell when the
    deepest fall was and ``drawdown_ns`` how long, to the end where it was not made good;
    ``underwater_ns`` is the longest time below any peak.  ``market_return`` is that of the
    instruments bought in equal parts at their first mids and held; ``market_returns`` are theirs.
    Exposure is the value of the positions over equity at evenly spaced moments (and fills, for
    the extremes): gross, and ``net_*`` with short positions negative; ``time_in_market`` is the
    share of time with a position.  ``turnover`` is traded value over mean equity, not annualised.
    """

    days: int
    days_per_year: int
    total_return: Figure
    market_return: Figure
    market_returns: dict[str, Figure]
    cagr: Figure
    volatility: Figure
    sharpe: Figure
    sortino: Figure
    calmar: Figure
    max_drawdown: Figure
    max_drawdown_daily: Figure
    drawdown_peak_ts: int | None
    drawdown_trough_ts: int | None
    drawdown_recovered_ts: int | None
    drawdown_ns: int
    underwater_ns: int
    underwater_recovered: bool
    best_day: DayReturn | None
    worst_day: DayReturn | None
    exposure_mean: Figure
    exposure_max: Figure
    net_exposure_mean: Figure
    net_exposure_least: Figure
    net_exposure_most: Figure
    time_in_market: Figure
    turnover: Figure


def compute_statistics(
    curve: EquityCurve, per_year: int, *, traded: int, held_ns: int
) -> Statistics:
    """All figures of one session.

    ``per_year`` are the days of a year, ``traded`` is the value of all fills (10**-18),
    ``held_ns`` the time with a position.
    """
    equity = [point.equity for point in curve.daily]
    returns = daily_returns(equity)
    fall, under = curve.drawdown, curve.underwater
    by_day = _by_day(curve.daily[1:], returns)
    length = curve.end_ts - curve.begin_ts
    mean_equity = sum(point.equity for point in curve.even) // max(len(curve.even), 1)
    every = (*curve.even, *curve.at_fills)
    return Statistics(
        days=len(equity) - 1,
        days_per_year=per_year,
        total_return=total_return(equity[0], equity[-1]),
        market_return=_bought_and_held(curve.market_returns),
        market_returns={
            symbol: _NO_ROW if value is None else Figure(value)
            for symbol, value in curve.market_returns.items()
        },
        cagr=_annual(returns, lambda r: cagr(r, per_year), ""),
        volatility=_annual(returns, lambda r: volatility(r, per_year), ""),
        sharpe=_annual(returns, lambda r: sharpe(r, per_year), "the returns do not vary"),
        sortino=_annual(returns, lambda r: sortino(r, per_year), "no day lost"),
        calmar=_annual(returns, lambda r: calmar(r, per_year), "no day ended below a peak"),
        max_drawdown=Figure(fall.ratio if fall else 0.0),
        max_drawdown_daily=_NOT_POSITIVE if returns is None else Figure(daily_drawdown(returns)),
        drawdown_peak_ts=fall.peak_ts if fall else None,
        drawdown_trough_ts=fall.trough_ts if fall else None,
        drawdown_recovered_ts=fall.recovered_ts if fall else None,
        drawdown_ns=_length(fall, curve.end_ts),
        underwater_ns=under.duration_ns if under else 0,
        underwater_recovered=under.recovered if under else True,
        best_day=max(by_day, key=lambda day: day.value, default=None),
        worst_day=min(by_day, key=lambda day: day.value, default=None),
        exposure_mean=_shares([point.exposure for point in curve.even], _mean),
        exposure_max=_shares([point.exposure for point in every], max),
        net_exposure_mean=_shares([point.net_exposure for point in curve.even], _mean),
        net_exposure_least=_shares([point.net_exposure for point in every], min),
        net_exposure_most=_shares([point.net_exposure for point in every], max),
        time_in_market=Figure(held_ns / length) if length > 0 else _NO_TIME,
        turnover=Figure(traded / mean_equity) if mean_equity > 0 else _NOT_POSITIVE,
    )


_NOT_POSITIVE: Final = Figure(None, "equity was not positive")
_NO_TIME: Final = Figure(None, "no time has passed")
_NO_ROW: Final = Figure(None, "no market row was taken")


def _bought_and_held(returns: Mapping[str, float | None]) -> Figure:
    """Equal parts of the instruments that had rows, each from its first mid to its last."""
    found = [value for value in returns.values() if value is not None]
    return Figure(_mean(found)) if found else _NO_ROW


def _length(fall: Drawdown | None, end_ts: int) -> int:
    if fall is None:
        return 0
    return (end_ts if fall.recovered_ts is None else fall.recovered_ts) - fall.peak_ts


def _annual(
    returns: Sequence[float] | None,
    formula: Callable[[Sequence[float]], float | None],
    undefined: str,
) -> Figure:
    if returns is None:
        return _NOT_POSITIVE
    if len(returns) < LEAST_DAYS:
        return Figure(None, f"fewer than {LEAST_DAYS} days ({len(returns)})")
    value = formula(returns)
    return Figure(None, undefined) if value is None else Figure(value)


def _shares(found: Sequence[float | None], fold: Callable[[Sequence[float]], float]) -> Figure:
    shares = [share for share in found if share is not None]
    return Figure(fold(shares)) if shares and len(shares) == len(found) else _NOT_POSITIVE


def _by_day(points: Sequence[EquitySample], returns: Sequence[float] | None) -> list[DayReturn]:
    values = returns or ()
    return [DayReturn(point.ts, value) for point, value in zip(points, values, strict=False)]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
