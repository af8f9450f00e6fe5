"""The figures of a cell: what its session's full report says, as one flat row."""

from __future__ import annotations

import difflib
import enum
import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from offbook.domain.errors import InvalidInput
from offbook.domain.sweeps import CellValue
from offbook.domain.values import Amount
from offbook.services.reporting.figure import Figure
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.statistics import daily_returns


class FigureKind(enum.Enum):
    """How a figure is written: exact decimal text, a float, or a whole number."""

    EXACT = "exact"
    RATIO = "ratio"
    COUNT = "count"


class CellFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a cell: its column, what kind it is, and whether less of it is better."""

    name: str
    kind: FigureKind
    less: bool = False


Source = Callable[[FullReport], Any]


def _figures(
    kind: FigureKind, source: Source, names: str, less: Iterable[str] = (), prefix: str = ""
) -> dict[CellFigure, tuple[Source, str]]:
    return {
        CellFigure(name=prefix + name, kind=kind, less=name in less): (source, name)
        for name in names.split()
    }


def _session(report: FullReport) -> Any:
    return report.session


def _performance(report: FullReport) -> Any:
    return report.statistics


def _trips(report: FullReport) -> Any:
    return report.by_position.statistics


def _execution(report: FullReport) -> Any:
    return report.execution


_SOURCES: Final = {
    **_figures(
        FigureKind.EXACT,
        _session,
        "return_pct equity realized unrealized fees slippage traded",
        less=("fees", "slippage"),
    ),
    **_figures(
        FigureKind.RATIO,
        _performance,
        "total_return market_return cagr volatility sharpe sortino calmar max_drawdown "
        "max_drawdown_daily exposure_mean exposure_max net_exposure_mean time_in_market turnover",
        less=("volatility", "max_drawdown", "max_drawdown_daily", "exposure_max"),
    ),
    **_figures(FigureKind.COUNT, _performance, "days underwater_ns", less=("underwater_ns",)),
    **_figures(FigureKind.COUNT, _trips, "trips won lost", less=("lost",)),
    **_figures(FigureKind.RATIO, _trips, "win_rate profit_factor"),
    **_figures(
        FigureKind.EXACT,
        _trips,
        "net expectancy average_win average_loss largest_win largest_loss",
        prefix="trip_",
    ),
    **_figures(
        FigureKind.COUNT, _trips, "mean_holding_ns longest_losing", less=("longest_losing",)
    ),
    **_figures(FigureKind.COUNT, _session, "orders"),
    **_figures(FigureKind.COUNT, _execution, "fills"),
    **_figures(FigureKind.RATIO, _execution, "fill_ratio slippage_bps", less=("slippage_bps",)),
}
FIGURES: Final[dict[str, CellFigure]] = {figure.name: figure for figure in _SOURCES}
"""Every figure of a cell by its name; the names are those of the report."""

SHARPE: Final = "sharpe"
RETURN: Final = "return_pct"
_ALIASES: Final = {"return": RETURN, "drawdown": "max_drawdown", "pnl": "equity"}
_MOMENTS: Final = ("daily_mean", "daily_deviation", "daily_skewness", "daily_kurtosis")


def figure_named(name: str) -> CellFigure:
    """A figure by its name, as ``sharpe`` or ``return``; ``NAME:least`` and ``NAME:most`` say which
    end is the better one. Raises InvalidInput."""
    given, _, end = name.strip().lower().replace("-", "_").partition(":")
    given = _ALIASES.get(given, given)
    if given not in FIGURES:
        near = difflib.get_close_matches(given, [*FIGURES, *_ALIASES], n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InvalidInput(
            f"no figure is called {name!r}: {hint}there are return, {', '.join(FIGURES)}",
            field="rank",
        )
    if end not in ("", "least", "most"):
        raise InvalidInput(f"rank {name!r}: write {given}:least or {given}:most", field="rank")
    found = FIGURES[given]
    return found if not end else msgspec.structs.replace(found, less=end == "least")


def label_of(name: str) -> str:
    """A figure's name as people read it."""
    return "return" if name == RETURN else name.replace("_", " ")


def figures_of(report: FullReport) -> dict[str, CellValue]:
    """All figures of a report by name; None for what it does not have.

    Beside those of ``FIGURES`` stand the moments of its daily returns, which judge a Sharpe ratio:
    ``daily_mean``, ``daily_deviation``, ``daily_skewness`` and ``daily_kurtosis`` (3 if normal).
    """
    row: dict[str, CellValue] = {}
    for figure, (source, field) in _SOURCES.items():
        part = source(report)
        value = None if part is None else getattr(part, field)
        row[figure.name] = value.value if isinstance(value, Figure) else value
    return row | _moments(report)


def _moments(report: FullReport) -> dict[str, CellValue]:
    empty: dict[str, CellValue] = dict.fromkeys(_MOMENTS)
    if report.equity is None:
        return empty
    returns = daily_returns([int(Amount.parse(point.equity)) for point in report.equity.daily])
    if returns is None or len(returns) < 2:
        return empty
    count = len(returns)
    mean = math.fsum(returns) / count
    second, third, fourth = (
        math.fsum((value - mean) ** power for value in returns) / count for power in (2, 3, 4)
    )
    if second <= 0:
        return empty | {_MOMENTS[0]: mean}
    deviation = math.sqrt(second * count / (count - 1))
    return dict(
        zip(_MOMENTS, (mean, deviation, third / second**1.5, fourth / second**2), strict=True)
    )
