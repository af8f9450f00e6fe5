"""A report as sections of labels and formatted values, for whatever prints them.

Values are rounded for reading; the exact ones stand in the report.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from offbook.services.paper_trading.report import SessionReport
from offbook.services.reporting.attribution import attribution_rows
from offbook.services.reporting.by_instrument import InstrumentLine
from offbook.services.reporting.execution_quality import Delays, LiquidityCost
from offbook.services.reporting.formatting import (
    clock,
    counted,
    duration,
    figure,
    money,
    percent,
    words,
)
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.interval_rows import interval_rows
from offbook.services.reporting.lines import TripSection
from offbook.services.reporting.statistics import Statistics
from offbook.services.reporting.trip_statistics import TripStatistics


class Row(NamedTuple):
    """One figure."""

    label: str
    value: str


class Section(NamedTuple):
    """Figures that belong together; never empty."""

    title: str
    rows: tuple[Row, ...]


def sections(report: FullReport) -> tuple[Section, ...]:
    """The report's figures in reading order; parts that it does not have are left out."""
    found = [_result(report)]
    if len(report.instruments) > 1:
        found.append(_instruments(report))
    if report.attribution is not None and report.session.fills:
        rows = attribution_rows(report.attribution)
        found.append(Section("Attribution", tuple(Row(label, value) for label, value in rows)))
    if report.statistics is not None:
        found.append(_risk(report.statistics))
    if report.by_position.trips:
        found.append(_trips(report))
    if report.execution is not None and (report.session.orders or report.execution.fills):
        found.append(_execution(report))
    if report.interval is not None:
        rows = interval_rows(report.interval, report.session.initial_equity)
        found.append(Section("Interval", tuple(Row(label, value) for label, value in rows)))
    if report.notes:
        found.append(Section("Notes", tuple(Row(str(i), n) for i, n in _numbered(report.notes))))
    return tuple(found)


def _instruments(report: FullReport) -> Section:
    """The instruments below each other, their figures in columns."""
    trips = report.by_position.by_symbol
    cells = [_instrument(line, trips[line.symbol]) for line in report.instruments]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        Row(
            line.symbol,
            "   ".join(cell.rjust(width) for cell, width in zip(found, widths, strict=True)),
        )
        for line, found in zip(report.instruments, cells, strict=True)
    ]
    return Section("Instruments", tuple(rows))


def _instrument(line: InstrumentLine, trips: TripStatistics) -> tuple[str, ...]:
    market, net, slippage = line.market_return, line.net, line.slippage_bps
    return (
        "market " + ("-" if market is None else percent(market)),
        "net " + ("-" if net is None else money(net, signed=True)),
        f"fees {money(line.fees)}",
        "slippage " + ("-" if slippage is None else f"{slippage:+.2f} bp"),
        counted(line.fills, "fill"),
        f"{trips.won:,} of {trips.trips:,} trips won",
        f"holds {line.position}" if line.position != "0" else "holds none",
    )


def _numbered(notes: tuple[str, ...]) -> list[tuple[int, str]]:
    return list(enumerate(notes, start=1))


def _result(report: FullReport) -> Section:
    base, coin = report.session, report.session.currency
    rows = [Row("return", f"{return_pct(report):+.4f} %")]
    if report.statistics is not None:
        held = figure(report.statistics.market_return, percent)
        if len(report.instruments) > 1:
            held += ", held in equal parts"
        rows.append(Row("market's return", held))
    rows += [
        Row("equity", f"{money(base.equity)} {coin}"),
        Row(
            "at closing side",
            "-" if base.equity_closing is None else _coin(base.equity_closing, coin),
        ),
        *(Row(f"cash in {name}", money(amount)) for name, amount in _foreign(base)),
        Row("realized", f"{money(base.realized, signed=True)} {coin}"),
        Row("unrealized", f"{money(base.unrealized, signed=True)} {coin}"),
        Row("fees", _coin(base.fees, coin)),
        *_income(base, coin),
        Row("traded", _coin(base.traded, coin)),
    ]
    if base.account_type == "margin":
        rows.append(Row("margin used", _coin(base.margin_used, coin)))
        rows.append(Row("margin calls", _margin_calls(base)))
    if report.equity is not None:
        rows.append(Row("from", f"{clock(report.equity.begin_ts)} UTC"))
        rows.append(Row("to", f"{clock(report.equity.end_ts)} UTC"))
    return Section("Result", tuple(rows))


def _income(base: SessionReport, coin: str) -> list[Row]:
    """Dividends, interest, funding and borrow fees, where there were any."""
    if Decimal(base.income) == 0:
        return []
    return [Row("dividends, interest, funding", f"{money(base.income, signed=True)} {coin}")]


def _margin_calls(base: SessionReport) -> str:
    calls = [moment for moment in base.moments if moment.event == "margin call"]
    if not calls:
        return "none"
    closed = sum(fill.origin == "liquidation" for fill in base.fills)
    return f"{len(calls):,}, first {clock(calls[0].ts)} UTC, {counted(closed, 'fill')} to close"


def return_pct(report: FullReport) -> Decimal:
    """What the account gained, in percent. Where money of other currencies was there from the
    beginning, equity over time knows what it was worth then."""
    found = report.statistics
    if found is None or found.total_return.value is None or not _foreign(report.session):
        return Decimal(report.session.return_pct)
    return Decimal(100 * found.total_return.value)


def _foreign(base: SessionReport) -> list[tuple[str, str]]:
    """Cash in other currencies than the account's."""
    return [(name, text) for name, text in base.balances.items() if name != base.currency]


def _coin(text: str, coin: str) -> str:
    return f"{money(text)} {coin}"


def _risk(found: Statistics) -> Section:
    rows = [
        Row("days", f"{found.days:,} ({found.days_per_year} a year)"),
        Row("growth a year (CAGR)", figure(found.cagr, percent)),
        Row("volatility a year", figure(found.volatility, _share)),
        Row("Sharpe ratio", figure(found.sharpe, _ratio)),
        Row("Sortino ratio", figure(found.sortino, _ratio)),
        Row("Calmar ratio", figure(found.calmar, _ratio)),
        Row("largest drawdown", _drawdown(found)),
        Row("which lasted", _drawdown_length(found)),
        Row("longest under water", _underwater(found)),
    ]
    if found.best_day is not None and found.worst_day is not None:
        rows.append(Row("best day", f"{percent(found.best_day.value)}, {_day(found.best_day.ts)}"))
        worst = f"{percent(found.worst_day.value)}, {_day(found.worst_day.ts)}"
        rows.append(Row("worst day", worst))
    rows += [
        Row("time in the market", figure(found.time_in_market, _share)),
        Row("mean exposure", figure(found.exposure_mean, _share)),
        Row("largest exposure", figure(found.exposure_max, _share)),
        Row("turnover", figure(found.turnover, "{:.2f} x equity".format)),
    ]
    if found.net_exposure_mean != found.exposure_mean:
        rows.insert(-1, Row("net exposure", _net_exposure(found)))  # something was owed
    return Section("Risk", tuple(rows))


def _share(value: float) -> str:
    return percent(value, signed=False)


def _ratio(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # adding zero makes -0.00 into 0.00


def _drawdown(found: Statistics) -> str:
    text = figure(found.max_drawdown, lambda value: percent(-value))
    if found.drawdown_trough_ts is None:
        return text
    return f"{text}, lowest {clock(found.drawdown_trough_ts)} UTC"


def _drawdown_length(found: Statistics) -> str:
    if found.drawdown_peak_ts is None:
        return "never"
    text = f"{duration(found.drawdown_ns)} from {clock(found.drawdown_peak_ts)} UTC"
    return text if found.drawdown_recovered_ts is not None else f"{text}, to the end"


def _net_exposure(found: Statistics) -> str:
    """Mean, and from the least to the most."""
    least, most = (figure(f, _share) for f in (found.net_exposure_least, found.net_exposure_most))
    mean = figure(found.net_exposure_mean, _share)
    return mean if found.net_exposure_mean.value is None else f"{mean}, from {least} to {most}"


def _underwater(found: Statistics) -> str:
    if not found.underwater_ns:
        return "never"
    return duration(found.underwater_ns) + ("" if found.underwater_recovered else ", to the end")


def _day(ts: int) -> str:
    # A sample at midnight is the end of the day before.
    return clock(ts - 1)[:10]


def _trips(report: FullReport) -> Section:
    coin = report.session.currency
    rows = []
    for name, section in (("", report.by_position), ("FIFO: ", report.fifo)):
        rows += [Row(f"{name}{label}", value) for label, value in _trip_rows(section, coin)]
        if report.fifo.statistics == report.by_position.statistics:
            break  # told once
    return Section("Round trips", tuple(rows))


def _trip_rows(section: TripSection, coin: str) -> list[Row]:
    found = section.statistics
    still_open = len(section.trips) - found.trips
    count = f"{found.trips:,} ({found.won:,} won, {found.lost:,} lost)"
    rows = [Row("closed", count + (f", {still_open} open" if still_open else ""))]
    if not found.trips:
        return rows
    rows += [
        Row("win rate", figure(found.win_rate, _share)),
        Row("profit factor", figure(found.profit_factor, _ratio)),
        Row("net gain", f"{money(found.net, signed=True)} {coin}"),
        Row("expectancy", _optional(found.expectancy, coin)),
        Row("average win, loss", _pair(found.average_win, found.average_loss, coin)),
        Row("largest win, loss", _pair(found.largest_win, found.largest_loss, coin)),
        Row("longest streaks", f"{found.longest_winning} won, {found.longest_losing} lost"),
        Row("mean holding time", duration(found.mean_holding_ns or 0)),
    ]
    return rows


def _optional(text: str | None, coin: str) -> str:
    return "-" if text is None else f"{money(text, signed=True)} {coin}"


def _pair(first: str | None, second: str | None, coin: str) -> str:
    texts = ["-" if text is None else money(text, signed=True) for text in (first, second)]
    return f"{', '.join(texts)} {coin}"


def _execution(report: FullReport) -> Section:
    found, coin = report.execution, report.session.currency
    assert found is not None
    rows = [
        Row("orders sent", f"{found.sent_orders:,}, {found.filled_orders:,} filled"),
        Row("quantity filled", figure(found.fill_ratio, _share)),
        Row("slippage", f"{money(found.slippage, signed=True)} {coin}"),
        Row("slippage, mean", figure(found.slippage_bps, "{:+.2f} bp".format)),
        Row("slippage, worst", figure(found.worst_slippage_bps, "{:+.2f} bp".format)),
        Row("slippage and fees", _coin(found.implementation_cost, coin)),
        Row("fees as taker", _cost(found.removed, coin)),
        Row("fees as maker", _cost(found.added, coin)),
        Row("time to first fill", _delays(found.first_fill)),
        Row("time to complete", _delays(found.complete)),
    ]
    if report.grades:
        told = [f"{one.grade} {_share(one.share)} of value" for one in report.grades]
        rows.append(Row("grades of fills", ", ".join(told)))
    for refused in found.refusals:
        label = f"{words(refused.what)}: {words(refused.reason)}"
        rows.append(Row(label, f"{refused.count:,}"))
    return Section("Execution", tuple(rows))


def _cost(cost: LiquidityCost, coin: str) -> str:
    if not cost.fills:
        return "no fill"
    return f"{_coin(cost.fees, coin)} on {cost.fills:,}, {figure(cost.fee_bps, '{:.2f} bp'.format)}"


def _delays(delays: Delays | None) -> str:
    if delays is None:
        return "-"
    return f"median {duration(delays.median)}, at most {duration(delays.most)}"
