"""A sweep's map as a picture: what is written in it can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest

from offbook.adapters.reports.heat_picture import draw_heat
from offbook.domain.sweeps import SweepAxis
from offbook.services.sweeping.heat import HeatMap

pytest.importorskip("matplotlib")


def heat_of(across: int) -> HeatMap:
    """Two rows of returns with four decimals, as of sessions of some minutes."""
    values = tuple(tuple(-0.045 + 0.001 * (row + i) for i in range(across)) for row in range(2))
    return HeatMap(
        figure="return_pct",
        less=False,
        across=SweepAxis(name="lag", values=tuple(range(across))),
        down=SweepAxis(name="edge", values=(1, 2)),
        over=(),
        values=values,
        best=(1, across - 1),
    )


@pytest.mark.parametrize(("across", "written"), [(4, 8), (16, 32), (60, 0)])
def test_numbers_do_not_run_into_one_another(across: int, written: int) -> None:
    """They are smaller where places are narrow, and left out where nobody could read them."""
    figure = draw_heat(heat_of(across), "a sweep")
    figure.canvas.draw()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == written
    for left, right in pairwise(boxes[:across]):
        assert left.x1 < right.x0
    title = axes.get_title(loc="left")
    assert title.startswith("return (%), ")
    assert title.endswith(f"; framed: lag={across - 1} edge=2")
