"""A report as a picture: prices with fills, equity, and drawdown, over one axis of time in UTC."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from offbook.domain.calendars import DAY_NS
from offbook.domain.errors import ExtraNotInstalled, InvalidInput
from offbook.services.paper_trading.report import FillLine
from offbook.services.reporting.by_instrument import InstrumentLine
from offbook.services.reporting.formatting import clock, money, percent, strategy_name
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.lines import EquityPoint, EquitySection
from offbook.services.reporting.sections import return_pct

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito (2008), which the colour-blind tell apart; markers differ in shape.
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
GREY: Final = "#6E6E6E"

_MOST_DECIMALS: Final = 12
_MARKERS: Final = 400
"""Fills above this number are drawn small."""
_MOST_PRICES: Final = 4
"""Instruments drawn: those of which most was traded."""
_PRICED_BY: Final = {"bars": "close", "trades": "last trade", "quotes": "mid"}


def write_png(report: FullReport, path: Path, *, dpi: int = 144) -> Path:
    """Draw the report; 11 by 8.25 inches for one instrument, higher for several.

    Raises ExtraNotInstalled without matplotlib, InvalidInput for a report without equity over
    time, OSError.
    """
    return save_png(draw(report), path, dpi=dpi)


def save_png(figure: Figure, path: Path, *, dpi: int) -> Path:
    """Write a figure; the file appears whole or not at all, its folder is made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        # Without the library's version in the file, the same report gives the same bytes.
        figure.savefig(unfinished, dpi=dpi, format="png", metadata={"Software": None})
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def draw(report: FullReport) -> Figure:
    """The report as a figure, 11 inches wide.

    Raises ExtraNotInstalled without matplotlib, InvalidInput for a report without equity.
    """
    if report.equity is None:
        why = "; ".join(report.notes) or "it has no equity over time"
        raise InvalidInput(f"the report cannot be drawn: {why}")
    return _draw(report, report.equity)


def canvas(width: float, height: float) -> Figure:
    """An empty white figure, in inches. Raises ExtraNotInstalled without matplotlib."""
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise ExtraNotInstalled(
            'drawing needs matplotlib: pip install "offbook[report]"', extra="report"
        ) from None
    # Made without pyplot, which would keep state for the whole process and look for a screen.
    return Canvas(figsize=(width, height), layout="constrained", facecolor="white")


def _draw(report: FullReport, equity: EquitySection) -> Figure:
    shown = _most_traded(report)
    figure = canvas(11, 8.25 + 1.75 * max(len(shown) - 1, 0))
    ratios = [5.0 if len(shown) == 1 else 3.2] * len(shown) + [4.0, 2.0]
    panels = figure.subplots(
        len(ratios), 1, sharex=True, gridspec_kw={"height_ratios": ratios, "hspace": 0.03}
    )
    points = _all_points(equity)
    *prices, middle, lower = panels
    for axes, line in zip(prices, shown, strict=True):
        _price(axes, report, line, points)
    _equity(middle, report, equity, points)
    _drawdown(lower, equity, points)
    for axes in panels:
        axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.01)
    _time_axis(lower, equity)
    figure.align_ylabels(list(panels))
    _titles(figure, report, equity, len(shown))
    return figure


def _most_traded(report: FullReport) -> list[InstrumentLine]:
    """The instruments to draw, in the market's order."""
    by_value = sorted(report.instruments, key=lambda line: -float(line.traded))
    chosen = {line.symbol for line in by_value[:_MOST_PRICES]}
    return [line for line in report.instruments if line.symbol in chosen]


def _all_points(equity: EquitySection) -> list[EquityPoint]:
    """Samples of all grids in time order, those of one moment once."""
    by_time = {p.ts: p for p in (*equity.even, *equity.daily, *equity.at_fills)}
    return [by_time[ts] for ts in sorted(by_time)]


def _time(ts: int) -> float:
    """Days since 1970, which is how matplotlib counts time; right to a microsecond or so."""
    return ts / DAY_NS


def _price(
    axes: Axes, report: FullReport, line: InstrumentLine, points: Sequence[EquityPoint]
) -> None:
    symbol = line.symbol
    priced = [(_time(p.ts), float(p.prices[symbol])) for p in points if symbol in p.prices]
    axes.plot(
        [t for t, _ in priced],
        [price for _, price in priced],
        color=GREY,
        linewidth=1.0,
        label=_PRICED_BY[line.priced_by],
    )
    own = [fill for fill in report.session.fills if fill.symbol == symbol]
    few = len(own) <= _MARKERS
    for side, marker, colour in (("BUY", "^", BLUE), ("SELL", "v", VERMILLION)):
        fills = [fill for fill in own if fill.side == side]
        axes.scatter(
            [_time(fill.ts) for fill in fills],
            [float(fill.price) for fill in fills],
            marker=marker,
            s=42 if few else 12,
            color=colour,
            edgecolors="white" if few else "none",
            linewidths=0.6,
            zorder=3,
            label=f"{side.lower()} ({len(fills)})",
        )
    _liquidations(axes, [fill for fill in own if fill.origin == "liquidation"])
    axes.set_ylabel(f"{symbol} ({line.currency})")
    _even_decimals(axes)
    axes.legend(loc="best", ncols=4, frameon=True, framealpha=0.9, fontsize="small")


def _liquidations(axes: Axes, fills: Sequence[FillLine]) -> None:
    """What the venue closed after a margin call, circled."""
    if fills:
        axes.scatter(
            [_time(fill.ts) for fill in fills],
            [float(fill.price) for fill in fills],
            marker="o",
            s=110,
            facecolors="none",
            edgecolors="black",
            linewidths=1.2,
            zorder=4,
            label=f"liquidated ({len(fills)})",
        )


def _equity(
    axes: Axes, report: FullReport, equity: EquitySection, points: Sequence[EquityPoint]
) -> None:
    times = [_time(point.ts) for point in points]
    marked = [float(point.equity) for point in points]
    closing = [float(point.equity_closing) for point in points]
    opening = float(equity.daily[0].equity if equity.daily else report.session.initial_cash)
    axes.axhline(opening, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(times, marked, color=BLUE, linewidth=1.5, label="at mid", zorder=3)
    if closing != marked:
        axes.plot(times, closing, color=ORANGE, linewidth=1.0, label="at the closing side")
    axes.set_ylabel(f"equity ({report.session.currency})")
    _even_decimals(axes)
    axes.legend(loc="best", ncols=2, frameon=True, framealpha=0.9, fontsize="small")


def _drawdown(axes: Axes, equity: EquitySection, points: Sequence[EquityPoint]) -> None:
    """The fall from the highest equity so far; the deepest of every row is marked."""
    found = {point.ts: float(point.equity) for point in points}
    deepest = equity.drawdown
    if deepest is not None:
        found[deepest.peak_ts] = float(deepest.peak)
        found[deepest.trough_ts] = float(deepest.trough)
    peak, falls = 0.0, []
    for ts in sorted(found):
        peak = max(peak, found[ts])
        falls.append(100 * (found[ts] / peak - 1) if peak > 0 else 0.0)
    when = [_time(ts) for ts in sorted(found)]
    axes.fill_between(when, falls, 0.0, color=VERMILLION, alpha=0.25, linewidth=0)
    axes.plot(when, falls, color=VERMILLION, linewidth=1.0)
    if deepest is not None:
        axes.plot(_time(deepest.trough_ts), -100 * deepest.ratio, "o", color=VERMILLION, ms=5)
    axes.set_ylabel("drawdown (%)")
    axes.set_ylim(min(falls, default=0.0) * 1.15 or -1.0, 0.0)
    _even_decimals(axes)


def _even_decimals(axes: Axes) -> None:
    """Label the vertical axis with as many decimals as its steps need, the same on every tick."""

    def label(value: float, _position: float) -> str:
        # Asked when drawing, for only then the ticks are known.
        ticks = axes.get_yticks()
        step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
        places = 0
        while places < _MOST_DECIMALS and abs(step - round(step, places)) > step / 1000:
            places += 1
        return f"{value:,.{places}f}"

    axes.yaxis.set_major_formatter(label)


def _time_axis(axes: Axes, equity: EquitySection) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator: Any = AutoDateLocator(tz=UTC, minticks=6, maxticks=13)  # type: ignore[no-untyped-call] # matplotlib.dates has no types
    formatter: Any = ConciseDateFormatter(locator, tz=UTC, show_offset=False)  # type: ignore[no-untyped-call] # the same
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    began, ended = clock(equity.begin_ts), clock(equity.end_ts)
    axes.set_xlabel(f"time in UTC, {began} to {ended}")


def _titles(figure: Figure, report: FullReport, equity: EquitySection, shown: int) -> None:
    base = report.session
    strategy = strategy_name(base.strategy)
    name = f"  {base.name}" if base.name else ""
    figure.suptitle(f"{strategy} on {base.symbol}{name}", x=0.01, ha="left", fontweight="bold")
    fall = "none" if equity.drawdown is None else percent(-equity.drawdown.ratio)
    parts = [
        f"return {return_pct(report):+.4f} %",
        f"equity {money(base.equity)} {base.currency}",
        f"largest drawdown {fall}",
        f"{report.by_position.statistics.trips} round trips",
        f"fees {money(base.fees)}",
        f"slippage {money(base.slippage)} {base.currency}",
    ]
    if shown < len(report.instruments):
        parts.append(f"prices of the {shown} most traded of {len(report.instruments)}")
    axes: Any = figure.axes[0]
    axes.set_title("   ".join(parts), loc="left", fontsize="small", color=GREY)
