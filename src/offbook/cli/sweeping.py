"""``offbook sweep``: many sessions of one strategy, ranked."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from offbook.bootstrap.sweeps import (
    GIVE_UP_SECONDS,
    cores,
    open_sweep,
    reads_anew,
    survey,
    usual_name,
    write_sweep,
)
from offbook.bootstrap.unseen import data_apart
from offbook.cli.failures import FAILURE
from offbook.cli.loop import run_async
from offbook.cli.running import request_of
from offbook.cli.shell import Shell, paint, short
from offbook.cli.sweep_running import carry_out
from offbook.cli.sweep_unseen import Tried, print_unseen, try_unseen, write_unseen
from offbook.config.resolving import Settings, cli_defaults
from offbook.config.sessions import parse_settings
from offbook.config.sweeps import (
    SweepPlan,
    SweepRequest,
    parse_grid,
    plan_sweep,
    plan_unseen,
)
from offbook.domain.config import SessionConfig
from offbook.domain.errors import InvalidInput, system_reason
from offbook.domain.sweeps import check_sweep_name
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.heat import heat_map
from offbook.services.sweeping.overfitting import judge
from offbook.services.sweeping.ranking import SweepTable
from offbook.services.sweeping.statistics import CellFigure, figure_named

if TYPE_CHECKING:
    from offbook.services.sweeping.heat import HeatMap

TOP: Final = 10
_NOT_OF_RUN: Final = ("speed", "at_end", "on_error")


class _Asked(NamedTuple):
    """What is to be run, and on which other data its best cells are."""

    plan: SweepPlan
    unseen: SessionConfig | None
    figure: CellFigure | None
    axes: tuple[str, ...]


def run_sweep(shell: Shell, given: dict[str, Any]) -> int:
    """Run what the options ask for, or what is left of it; gives the exit code."""
    figure = None if given["rank"] is None else figure_named(given["rank"])
    if given["name"] is not None:
        check_sweep_name(given["name"])
    if given["unseen"] and given["top"] == 0:
        raise InvalidInput("--top 0 leaves no cell to run on --unseen: give 1 or more", field="top")
    plan, unseen = _plan(shell, given)
    axes = _axes(given["axes"], plan)
    if given["dry_run"]:
        _print_plan(shell, plan)
        return 0
    if given["out"] is not None:
        _check_folder(given["out"])
    return run_async(shell, _run(shell, given, _Asked(plan, unseen, figure, axes)))


def _plan(shell: Shell, given: dict[str, Any]) -> tuple[SweepPlan, SessionConfig | None]:
    """Every cell, checked, and the session on unseen data.

    Raises InvalidConfig, InvalidStrategy.
    """
    settings = shell.settings
    if given["config"] is None:
        settings = Settings((cli_defaults(), *settings.layers))
    grid, fixed = parse_grid(parse_settings(given["settings"] or ()))
    session = request_of({**given, **dict.fromkeys(_NOT_OF_RUN), "settings": (), "name": None})
    request = SweepRequest(
        session=msgspec.structs.replace(session, params=fixed),
        grid=grid,
        where=tuple(given["where"] or ()),
        sample=given["sample"],
        sample_seed=given["sample_seed"],
    )
    plan = plan_sweep(request, settings=settings)
    other = tuple(given["unseen"] or ())
    return plan, plan_unseen(request, other, settings=settings) if other else None


def _axes(text: str | None, plan: SweepPlan) -> tuple[str, ...]:
    """The parameters of the map. Raises InvalidInput."""
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    varying = [axis.name for axis in plan.axes if len(axis.values) > 1]
    for name in names:
        if name not in varying:
            raise InvalidInput(
                f"--axes {text}: {name!r} does not vary; these do: {', '.join(varying) or 'none'}",
                field="axes",
            )
    if len(names) > 2 or len(set(names)) < len(names):
        raise InvalidInput(f"--axes {text}: name one or two parameters, each once", field="axes")
    return names


def _check_folder(folder: Path) -> None:
    """Find out before hours of work, not after. Raises InvalidInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"--out {folder}: {system_reason(error)}", field="out") from None
    if not os.access(folder, os.W_OK):
        raise InvalidInput(f"--out {folder}: the folder may not be written to", field="out")


def _print_plan(shell: Shell, plan: SweepPlan) -> None:
    if shell.json:
        shell.document(
            {
                "grid": plan.grid,
                "fitting": plan.fitting,
                "axes": {axis.name: list(axis.values) for axis in plan.axes},
                "cells": [{"number": c.number, "params": c.params} for c in plan.cells],
                "config": msgspec.to_builtins(plan.base),
            }
        )
        return
    for axis in plan.axes:
        values = [str(value) for value in axis.values]
        told = values if len(values) <= 8 else [*values[:4], "...", *values[-2:]]
        shell.say(f"{axis.name}: {counted(len(values), 'value')}: {', '.join(told)}")
    shell.say(_told(plan))


def _told(plan: SweepPlan) -> str:
    """How many cells there are, and why no more."""
    told = counted(len(plan.cells), "cell")
    if len(plan.cells) < plan.grid:
        told += f" of a grid of {plan.grid:,}"
    if len(plan.cells) < plan.fitting < plan.grid:
        told += f", of which {plan.fitting:,} fit"
    return told


async def _run(shell: Shell, given: dict[str, Any], asked: _Asked) -> int:
    plan, figure = asked.plan, asked.figure
    surveyed = await survey(plan.base)
    apart = None
    if asked.unseen is not None:  # what is wrong with it is said before hours of work
        apart = await data_apart(asked.unseen, plan.base, surveyed)
    identity = surveyed.identity
    name = given["name"] or usual_name(plan.base, identity)
    jobs, top = given["jobs"] or cores(), TOP if given["top"] is None else given["top"]
    give_up = GIVE_UP_SECONDS if given["give_up"] is None else given["give_up"]
    tried: Tried | None = None
    with open_sweep(name, plan, identity, shell.data_dir) as sweep:
        done = sum(result is not None for result in sweep.results())
        before = f", {done:,} done before" if done else ""
        shell.note(f"sweep {name}: {_told(plan)}{before}")
        if done < len(plan.cells) and reads_anew(plan.base, surveyed):
            shell.note(
                "the recording is too long to be kept in memory, so each cell reads it anew: with "
                "OFFBOOK_ROW_CACHE=on its rows are decoded once, for all"
            )
        ended = await carry_out(shell, sweep, jobs, figure, done, give_up=give_up)
        table = sweep.table(figure)
        over = not ended.code and not table.waiting
        if apart is not None and over and table.best is not None and top:
            tried = await try_unseen(shell, plan, table, apart, top=top, jobs=jobs, give_up=give_up)
        heat = heat_map(table, asked.axes)
        files = _write(shell, table, heat, given["out"], tried)
        _answer(shell, table, heat, files, top=given["top"], tried=tried)
    if code := ended.code or (tried.code if tried is not None else 0):
        return code
    return 0 if _came_to_something(table, tried) else FAILURE


def _came_to_something(table: SweepTable, tried: Tried | None) -> bool:
    """Whether all cells were run, here and on unseen data, and neither here nor there all of them
    failed."""
    tables = [table] if tried is None else [table, tried.table]
    return all(one.cells and not one.waiting and len(one.failed) < len(one.cells) for one in tables)


def _write(
    shell: Shell, table: SweepTable, heat: HeatMap | None, folder: Path | None, tried: Tried | None
) -> list[Path]:
    if folder is None or not table.cells:
        return []
    try:
        files, notes = write_sweep(table, heat, folder)
        files += [] if tried is None else write_unseen(tried, folder)
    except OSError as error:
        told = system_reason(error)
        raise InvalidInput(f"the sweep cannot be written to {folder}: {told}") from error
    for note in notes:
        shell.note(paint(note, "yellow", sys.stderr))
    return files


def _answer(
    shell: Shell,
    table: SweepTable,
    heat: HeatMap | None,
    files: list[Path],
    *,
    top: int | None,
    tried: Tried | None,
) -> None:
    if shell.json:
        shell.document(_document(table, files, top, tried))
        return
    from offbook.cli.sweep_view import print_map, print_table

    if table.cells:
        shell.say()
        print_table(table, shell, TOP if top is None else top)
        if heat is not None and sum(map(len, heat.values)) > 1:
            print_map(heat, shell)
    if tried is not None:
        print_unseen(tried, shell)
    if files:
        shell.say()
    for path in files:
        shell.say(f" wrote {path}")
    verdict = judge(table, is_tried=tried is not None)
    if verdict is not None:
        shell.say()
        for line in textwrap.wrap(verdict.text, min(shell.console.width, 100) - 2):
            shell.say(paint(f" {line}", "yellow", sys.stdout))
    shell.say()
    for line in _next(table, shell, tried):
        shell.say(line)


def _next(table: SweepTable, shell: Shell, tried: Tried | None) -> list[str]:
    lines = []
    waiting = table.waiting + (0 if tried is None else tried.unseen.waiting)
    if waiting:
        lines.append(f" {counted(waiting, 'cell')} to go: the same command goes on from here")
    if table.best is not None:
        named = short(table.best.session_id)
        lines.append(f" look      {shell.command('report', named)}")
        lines.append(f" prove it  {shell.command('verify', named)}")
        if tried is None and not table.waiting and table.trials > 1:
            lines.append(" try it    the same with --unseen DATA: the best on data kept back")
    return lines


def _document(
    table: SweepTable, files: list[Path], top: int | None, tried: Tried | None
) -> dict[str, Any]:
    cells = table.cells if top is None else table.cells[:top]
    best = table.best
    return {
        "sweep": table.name,
        "rank": {"figure": table.figure.name, "better": "least" if table.figure.less else "most"},
        "axes": {axis.name: list(axis.values) for axis in table.axes},
        "done": len(table.cells),
        "failed": len(table.failed),
        "waiting": table.waiting,
        "best": None if best is None else best.session_id,
        "cells": [msgspec.to_builtins(cell) for cell in cells],
        "overfitting": msgspec.to_builtins(judge(table, is_tried=tried is not None)),
        "unseen": None if tried is None else msgspec.to_builtins(tried.unseen),
        "notes": list(table.notes),
        "files": [str(path) for path in files],
    }
