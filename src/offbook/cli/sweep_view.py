"""A sweep's table and its map on a terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table
from rich.text import Text

from offbook.cli.shell import Shell, short, shows_color
from offbook.domain.sweeps import CellValue
from offbook.services.paper_trading.journal_reader import END_OF_DATA
from offbook.services.reporting.formatting import counted, money, percent
from offbook.services.sweeping.heat import HeatMap
from offbook.services.sweeping.ranking import RankedCell, SweepTable
from offbook.services.sweeping.statistics import RETURN, SHARPE, label_of

FAILED_SHOWN: Final = 5
MAP_ROWS: Final = 24

# Of matplotlib's viridis (CC0), which the colour-blind tell apart: dark is worse, light is better.
_COLOURS: Final = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
    "#b5de2b", "#fde725",
)  # fmt: skip
_DIGITS: Final = "0123456789"

_PERCENTS: Final = frozenset(
    {
        *("total_return", "market_return", "cagr", "volatility", "max_drawdown", "win_rate"),
        *("max_drawdown_daily", "time_in_market", "exposure_mean", "exposure_max", "fill_ratio"),
        "net_exposure_mean",
    }
)
_SHOWN: Final = (RETURN, SHARPE, "max_drawdown", "trips", "win_rate", "fees")
"""Figures beside the one that ranks; the last give way first where a terminal is narrow."""

_ANY: Final = 10_000


def print_table(table: SweepTable, shell: Shell, top: int) -> None:
    """The best cells, and the first of those that failed."""
    console = shell.console
    well = [cell for cell in table.cells if cell.error is None]
    if well and top:
        console.print(_cells(table, well[:top], console))
        if len(well) > top:
            console.print(Text(f" ... and {counted(len(well) - top, 'more cell')}", style="dim"))
    for note in table.notes:
        console.print(Text(f" {note}", style="yellow"))
    print_failed(table, console)


def print_failed(table: SweepTable, console: Console) -> None:
    """The first of the cells that failed, each with its reason."""
    failed = table.failed
    for cell in failed[:FAILED_SHOWN]:
        assert cell.error is not None
        told = cell.error.message.strip().splitlines()[0]
        console.print(Text(f" failed  {_params(table, cell)}: {told}", style="red"))
    if len(failed) > FAILED_SHOWN:
        more = counted(len(failed) - FAILED_SHOWN, "more failed cell")
        console.print(Text(f" ... and {more}", style="red"))


def figure_text(name: str, value: CellValue) -> str:
    """A figure as people read it; a dash for none."""
    if value is None:
        return "-"
    if name == RETURN:
        return f"{Decimal(str(value)):+.4f} %"
    if name in _PERCENTS and isinstance(value, int | float):
        return percent(value, signed=name.endswith("return"))
    if isinstance(value, str):
        return money(value, signed=name.startswith("trip_"))
    return f"{value:,}" if isinstance(value, int) else f"{round(value, 2) + 0.0:.2f}"


def _params(table: SweepTable, cell: RankedCell) -> str:
    return " ".join(f"{axis.name}={cell.params[axis.name]}" for axis in table.axes)


def _cells(table: SweepTable, cells: Sequence[RankedCell], console: Console) -> Table:
    """The cells, without the figures that matter less where not all have room."""
    chosen = table.figure.name
    figures = [chosen, *(name for name in _SHOWN if name != chosen)]
    if all(cell.statistics.get(SHARPE) is None for cell in cells) and chosen != SHARPE:
        figures.remove(SHARPE)
    while True:
        found = _table_of(table, cells, figures)
        wide = Measurement.get(console, console.options.update(width=_ANY), found).maximum
        if wide <= console.width or len(figures) == 1:
            return found
        figures.pop()


def _table_of(table: SweepTable, cells: Sequence[RankedCell], figures: Sequence[str]) -> Table:
    found = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for name in (" rank", *(axis.name for axis in table.axes)):
        found.add_column(name, justify="right", no_wrap=True)
    for name in figures:
        best = name == table.figure.name
        found.add_column(label_of(name), justify="right", no_wrap=True, style="bold" * best)
    early = any(map(_early, cells))
    for name in ("ended", "session")[not early :]:
        found.add_column(name, no_wrap=True, style="dim")
    for cell in cells:
        found.add_row(
            "-" if cell.rank is None else str(cell.rank),
            *(str(cell.params[axis.name]) for axis in table.axes),
            *(figure_text(name, cell.statistics.get(name)) for name in figures),
            *([_early(cell)] * early),
            short(cell.session_id),
        )
    return found


def _early(cell: RankedCell) -> str:
    """Why it went no further than some part of the data; nothing for one that saw all."""
    return "" if cell.ended == END_OF_DATA else cell.ended


# -- the map ----------------------------------------------------------------------------------


def print_map(heat: HeatMap, shell: Shell) -> None:
    """The map in colours, or in digits from 0 (worst) to 9 (best) where there are none."""
    console = shell.console
    colours = shows_color(sys.stdout)
    rows = _gathered(heat, heat.values, MAP_ROWS)
    labels = _labels(heat.down.values if heat.down else ("",), MAP_ROWS)
    width = max(map(len, labels))
    room = max((console.width - width - 4) // 2, 1)
    rows = [_row(heat, row, room) for row in rows]
    known = [value for row in rows for value in row if value is not None]
    ends = min(known), max(known)
    console.print()
    console.print(Text(f" {_heading(heat)}", style="bold"))
    best = _place_of_best(heat, rows)
    for place in reversed(range(len(rows))):  # the least value at the bottom, as on paper
        line = Text(f" {labels[place].rjust(width)} ")
        for column, value in enumerate(rows[place]):
            mark = (place, column) == best
            line.append_text(_place(heat, value, ends, mark=mark, colours=colours))
        console.print(line, soft_wrap=True)
    console.print(Text(" " * (width + 2) + _axis_line(heat, len(rows[0])), style="dim"))
    together = _together(heat, rows)
    if max(together) > 1:
        told = f" each place shows the best of {together[0]} x {together[1]} cells"
        console.print(Text(told, style="dim"))
    console.print(_legend(heat, ends, colours=colours), soft_wrap=True)


def _heading(heat: HeatMap) -> str:
    down = "" if heat.down is None else f" ({heat.down.name} upwards)"
    over = f", the best over {', '.join(heat.over)}" if heat.over else ""
    return f"{label_of(heat.figure)} over {heat.across.name}{down}{over}"


def _better(heat: HeatMap) -> Callable[[list[float]], float]:
    return min if heat.less else max


def _best_of(heat: HeatMap, values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _better(heat)(known) if known else None


def _groups(count: int, room: int) -> list[range]:
    size = math.ceil(count / room)
    return [range(begin, min(begin + size, count)) for begin in range(0, count, size)]


def _gathered(
    heat: HeatMap, rows: Sequence[Sequence[float | None]], room: int
) -> list[Sequence[float | None]]:
    """Not more rows than there is room for: each the best of several."""
    return [
        [_best_of(heat, [rows[row][column] for row in group]) for column in range(len(rows[0]))]
        for group in _groups(len(rows), room)
    ]


def _row(heat: HeatMap, row: Sequence[float | None], room: int) -> list[float | None]:
    return [_best_of(heat, [row[column] for column in group]) for group in _groups(len(row), room)]


def _labels(values: Sequence[Any], room: int) -> list[str]:
    return [str(values[group[0]]) for group in _groups(len(values), room)]


def _place_of_best(heat: HeatMap, rows: Sequence[Sequence[float | None]]) -> tuple[int, int]:
    row, column = heat.best
    across, down = _together(heat, rows)
    return row // down, column // across


def _together(heat: HeatMap, rows: Sequence[Sequence[float | None]]) -> tuple[int, int]:
    """How many values share a place, across and down."""
    across = math.ceil(len(heat.across.values) / len(rows[0]))
    return across, math.ceil(len(heat.values) / len(rows))


def _place(
    heat: HeatMap, value: float | None, ends: tuple[float, float], *, mark: bool, colours: bool
) -> Text:
    if value is None:
        return Text(" ·", style="dim" if colours else "")
    level = _level(heat, value, ends)
    if not colours:
        return Text(f"{'*' if mark else ' '}{_DIGITS[level]}")
    ink = "#000000" if level > len(_COLOURS) // 2 else "#ffffff"
    style = Style(bgcolor=_COLOURS[level], color=ink, bold=mark)
    return Text("◂▸" if mark else "  ", style=style)


def _level(heat: HeatMap, value: float, ends: tuple[float, float]) -> int:
    least, most = ends
    share = (value - least) / (most - least) if most > least else 1.0
    share = 1 - share if heat.less and most > least else share
    return min(int(share * len(_COLOURS)), len(_COLOURS) - 1)


def _axis_line(heat: HeatMap, columns: int) -> str:
    """First and last value under the map, and the name in between where there is room."""
    first, last = str(heat.across.values[0]), str(heat.across.values[-1])
    if columns == 1:
        return f" {first}"
    room = max(2 * columns - len(first) - len(last), 1)
    name = heat.across.name
    return f" {first}{name.center(room) if len(name) + 2 <= room else ' ' * room}{last}"


def _legend(heat: HeatMap, ends: tuple[float, float], *, colours: bool) -> Text:
    worst, best = reversed(ends) if heat.less else ends
    told = [_end_text(heat.figure, value) for value in (worst, best)]
    line = Text(f" {told[0]} ")
    for level, colour in enumerate(_COLOURS):
        line.append("  " if colours else _DIGITS[level], style=f"on {colour}" if colours else "")
    line.append(f" {told[1]}   {'◂▸' if colours else '*'} the best")
    return line


def _end_text(name: str, value: float) -> str:
    return figure_text(name, str(value) if name == RETURN else value)
