"""What a run came to."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from offbook.bootstrap import ReportColumns, draw_report, report_columns, write_report
from offbook.domain.session import PaperTradingSession, SessionSummary
from offbook.notebook.table import Table
from offbook.services.paper_trading.verification import Verification
from offbook.services.reporting.full_report import FullReport
from offbook.services.reporting.sections import Section, sections
from offbook.services.shadowing.document import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class RunResult:
    """A finished run: its report, and its tables for frames and charts.

    ``equity`` holds evenly spaced samples, ``daily`` the ends of trading days, ``fills`` and
    ``orders`` every one, ``flows`` dividends, interest and the like, ``trades`` the round trips
    from flat to flat.
    """

    def __init__(
        self,
        session: PaperTradingSession,
        report: FullReport,
        verification: Verification | None,
        store: Path | None,
    ) -> None:
        self.session = session
        self.report = report
        self.verification = verification
        self.store = store
        self._tables = {found.name: found for found in report_columns(report)}

    @property
    def summary(self) -> SessionSummary:
        """The account at the end."""
        assert self.session.summary is not None
        return self.session.summary

    @property
    def return_pct(self) -> Decimal:
        """What the account gained, in percent of the initial cash."""
        return Decimal(self.report.session.return_pct)

    @property
    def equity(self) -> Table:
        """The account over time, evenly spaced; empty where the market cannot be read again."""
        return _table(self._tables["equity"], "grid", "even")

    @property
    def daily(self) -> Table:
        """The account at the ends of trading days; the first row is the opening."""
        return _table(self._tables["equity"], "grid", "daily")

    @property
    def fills(self) -> Table:
        """Every fill with its cost and its evidence."""
        return _table(self._tables["fills"])

    @property
    def orders(self) -> Table:
        """Every order as it ended."""
        return _table(self._tables["orders"])

    @property
    def flows(self) -> Table:
        """Money without a trade, as it was owed and as it was paid: dividends and what was withheld
        of them, interest, borrow fees, funding, settlements, cash in lieu of fractions."""
        return _table(self._tables["flows"])

    @property
    def trades(self) -> Table:
        """Round trips, from flat to flat."""
        return _table(self._tables["round_trips"], "pairing", "position")

    @property
    def fifo_trades(self) -> Table:
        """Round trips in which what is closed was opened first."""
        return _table(self._tables["round_trips"], "pairing", "fifo")

    @property
    def interval(self) -> Interval | None:
        """The result before a kinder and a harsher venue; None unless it was asked for."""
        return self.report.interval

    def plot(self) -> Figure:
        """Price with fills, equity and drawdown, as a matplotlib figure.

        Raises ExtraNotInstalled without matplotlib, InvalidInput without equity over time.
        """
        return draw_report(self.report)

    def write(self, directory: Path | str, *formats: str) -> list[Path]:
        """Write the report into a directory as ``json``, ``csv``, ``parquet`` or ``png``; without
        a format as JSON and CSV. Raises what ``write_report`` raises."""
        return write_report(self.report, Path(directory), formats or ("json", "csv"))

    def __repr__(self) -> str:
        found = self.report.session
        return (
            f"<RunResult {found.status}, {self.return_pct:+f} %, {len(found.fills)} fills, "
            f"equity {found.equity} {found.currency}>"
        )

    def __str__(self) -> str:
        return "\n\n".join(_text(section) for section in sections(self.report))

    def _repr_html_(self) -> str:
        return "".join(_html(section) for section in sections(self.report))


def _table(found: ReportColumns, label: str | None = None, group: str | None = None) -> Table:
    """A table of a report; with ``label`` the rows of one group, without the column naming it."""
    keep = range(found.height)
    if label is not None:
        keep = [row for row in keep if found.columns[label][row] == group]  # type: ignore[assignment]  # either is walked through
    columns = {
        name: [values[row] for row in keep]
        for name, values in found.columns.items()
        if name != label
    }
    return Table(columns, found.times)


def _text(section: Section) -> str:
    width = max(len(row.label) for row in section.rows)
    lines = [f"  {row.label:<{width}}  {row.value}" for row in section.rows]
    return "\n".join([section.title, *lines])


def _html(section: Section) -> str:
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(row.label)}</th><td>{escape(row.value)}</td></tr>"
        for row in section.rows
    )
    return f"<h4>{escape(section.title)}</h4><table>{rows}</table>"
