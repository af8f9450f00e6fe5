"""Running a sweep's cells under a progress bar, until they are done or somebody stops it."""

from __future__ import annotations

import asyncio
from typing import Any

from offbook.bootstrap.sweeps import OpenSweep
from offbook.cli.failures import INTERRUPTED, TERMINATED
from offbook.cli.interrupts import Interrupts
from offbook.cli.shell import Shell, short
from offbook.cli.sweep_progress import SweepProgress
from offbook.domain.sweeps import CellResult
from offbook.services.sweeping.ranking import usual_figure, value_of
from offbook.services.sweeping.statistics import CellFigure


class Ended:
    """Why a sweep was left."""

    def __init__(self) -> None:
        self.code = 0


async def carry_out(
    shell: Shell,
    sweep: OpenSweep,
    jobs: int,
    figure: CellFigure | None,
    done: int,
    *,
    give_up: float,
) -> Ended:
    """Run what is left, to its end or until somebody stops it."""
    ended, best = Ended(), _Best(sweep, figure)
    with SweepProgress(shell, sweep.name, len(sweep.plan.cells), done) as progress:

        def result(found: CellResult) -> None:
            best.take(found)
            progress.cell(failed=found.error is not None, best=best.text)

        def stuck(session_id: str, stack: str) -> None:
            where = "\n".join(stack.strip().splitlines()[-2:])
            progress.say(f"a callback does not return, in session {short(session_id)}:\n{where}")

        running = asyncio.ensure_future(
            sweep.run(jobs, on_result=result, on_stuck=stuck, give_up=give_up)
        )

        def leave(code: int) -> None:
            ended.code = code
            running.cancel()

        with Interrupts(
            lambda: leave(INTERRUPTED),
            lambda: leave(TERMINATED),
            lambda: progress.shout("stopping; Ctrl-C again leaves at once"),
            lambda: progress.shout("left at once; what is done is kept, the same command goes on"),
        ):
            try:
                await running
            except asyncio.CancelledError:
                if not ended.code:
                    raise
    return ended


class _Best:
    """The best cell so far, in words."""

    def __init__(self, sweep: OpenSweep, figure: CellFigure | None) -> None:
        self.text = ""
        self._figure = figure
        self._value: Any = None
        self._cells = dict(zip(sweep.ids, sweep.plan.cells, strict=True))
        self._names = [axis.name for axis in sweep.plan.axes if len(axis.values) > 1]
        for found in sweep.results():
            if found is not None:
                self.take(found)

    def take(self, result: CellResult) -> None:
        """One more result."""
        from offbook.cli.sweep_view import figure_text

        if self._figure is None and result.error is None:
            self._figure = usual_figure([result])
        if self._figure is None:
            return
        name = self._figure.name
        value = value_of(result.statistics, name)
        if value is None:
            return
        if self._value is not None and (
            value >= self._value if self._figure.less else value <= self._value
        ):
            return
        self._value = value
        params = self._cells[result.session_id].params
        told = " ".join(f"{axis}={params[axis]}" for axis in self._names)
        self.text = f"best {figure_text(name, result.statistics[name])} ({told})"
