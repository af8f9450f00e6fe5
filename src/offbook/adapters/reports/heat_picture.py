"""A sweep as a picture: a map over two parameters, or a line over one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from offbook.adapters.reports.picture import BLUE, GREY, VERMILLION, canvas, save_png
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.heat import HeatMap
from offbook.services.sweeping.statistics import RETURN, label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS: Final = 16
_WRITTEN: Final = 150
"""Up to so many places each shows its number."""

_MOST_DECIMALS: Final = 8
_LARGEST, _SMALLEST = 8.5, 4.5
"""Points: what numbers are written in, and below what nobody could read them."""
_ACROSS: Final = 500.0
"""Points that the places of a row have together, at least."""
_A_DIGIT: Final = 0.68
"""The width of a digit with what parts it from others, as a part of the size of the font."""
_DARK: Final = 0.55


def write_heat_png(heat: HeatMap, title: str, path: Path, *, dpi: int = 144) -> Path:
    """Draw the map. Raises ExtraNotInstalled without matplotlib, OSError."""
    return save_png(draw_heat(heat, title), path, dpi=dpi)


def draw_heat(heat: HeatMap, title: str) -> Figure:
    """The map as a figure; the best place is framed. Raises ExtraNotInstalled."""
    height = 5.0 if heat.down is None else min(3.2 + 0.32 * len(heat.down.values), 9.0)
    figure = canvas(9.0, height)
    axes = figure.subplots()
    (_line if heat.down is None else _map)(figure, axes, heat)
    _ticks(axes, "x", heat.across.values)
    axes.set_xlabel(heat.across.name)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    over = f", best over {', '.join(heat.over)}" if heat.over else ""
    places = counted(sum(v is not None for row in heat.values for v in row), "place")
    told = f"{_label(heat)}, {places}{over}; framed: {_best(heat)}"
    axes.set_title(told, loc="left", fontsize="small", color=GREY)
    return figure


def _best(heat: HeatMap) -> str:
    """Which place is framed: one of thousands cannot be read from the axes."""
    row, column = heat.best
    down = f" {heat.down.name}={heat.down.values[row]}" if heat.down is not None else ""
    return f"{heat.across.name}={heat.across.values[column]}{down}"


def _label(heat: HeatMap) -> str:
    return f"{label_of(heat.figure)} (%)" if heat.figure == RETURN else label_of(heat.figure)


def _map(figure: Figure, axes: Axes, heat: HeatMap) -> None:
    assert heat.down is not None
    grid = [[math.nan if v is None else v for v in row] for row in heat.values]
    # Of a colour map that the colour-blind read too; the better end is the light one.
    colours = "viridis_r" if heat.less else "viridis"
    axes.set_facecolor("#EEEEEE")  # where there is no value
    image = axes.imshow(grid, aspect="auto", origin="lower", cmap=colours, interpolation="nearest")
    figure.colorbar(image, ax=axes, label=_label(heat), pad=0.02)
    _ticks(axes, "y", heat.down.values)
    axes.set_ylabel(heat.down.name)
    row, column = heat.best
    axes.add_patch(_frame(column, row))
    if len(heat.values) * len(heat.values[0]) <= _WRITTEN:
        _numbers(axes, heat)


def _frame(column: int, row: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=VERMILLION, linewidth=2.5, zorder=3
    )


def _numbers(axes: Axes, heat: HeatMap) -> None:
    known = [value for row in heat.values for value in row if value is not None]
    least, span = min(known), (max(known) - min(known)) or 1.0
    decimals = min(max(2 - math.floor(math.log10(span)), 0), _MOST_DECIMALS)
    longest = max(len(f"{value:.{decimals}f}") for value in known)
    size = min(_ACROSS / len(heat.values[0]) / (longest * _A_DIGIT), _LARGEST)
    if size < _SMALLEST:
        return
    for row, values in enumerate(heat.values):
        for column, value in enumerate(values):
            if value is None:
                continue
            light = (value - least) / span
            light = 1 - light if heat.less else light
            axes.text(
                column,
                row,
                f"{value:.{decimals}f}",
                ha="center",
                va="center",
                fontsize=size,
                color="black" if light > _DARK else "white",
            )


def _line(_figure: Figure, axes: Axes, heat: HeatMap) -> None:
    (values,) = heat.values
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    axes.plot([p for p, _ in known], [v for _, v in known], color=BLUE, marker="o", markersize=4)
    best = heat.best[1]
    axes.plot(
        [best], [dict(known)[best]], marker="o", markersize=11, mfc="none", mec=VERMILLION, mew=2
    )
    axes.set_ylabel(_label(heat))
    axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _ticks(axes: Axes, which: str, values: Sequence[Any]) -> None:
    step = max(1, math.ceil(len(values) / _TICKS))
    places = list(range(0, len(values), step))
    setter = axes.set_xticks if which == "x" else axes.set_yticks
    setter(places, [str(values[place]) for place in places])
