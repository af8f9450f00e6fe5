"""The options of ``offbook sweep`` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from offbook.cli import completing

Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=VALUES",
        help="A parameter of the strategy: 5..50, 20..200:20, 0.1..0.5:0.1, 5,10,20, or one value.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", "-w", metavar="TEXT", help="Only cells of which this is true: a < b."),
]
Sample = Annotated[
    int | None, typer.Option("--sample", min=1, metavar="N", help="Only N of the cells, by chance.")
]
SampleSeed = Annotated[
    int | None,
    typer.Option("--sample-seed", min=0, metavar="N", help="Draws another sample (--seed's)."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes (as many as cores)."),
]
GiveUp = Annotated[
    float | None,
    typer.Option(
        "--give-up",
        min=1,
        metavar="SECONDS",
        help="End a cell whose callback hangs for so long (300).",
    ),
]
Rank = Annotated[
    str | None,
    typer.Option(
        "--rank",
        metavar="FIGURE",
        help="What is best: sharpe, return, ... (sharpe, else return); FIGURE:least turns it.",
        autocompletion=completing.figures,
    ),
]
Top = Annotated[
    int | None, typer.Option("--top", min=0, metavar="N", help="Show the best N cells (10).")
]
Unseen = Annotated[
    list[str] | None,
    typer.Option(
        "--unseen",
        metavar="[SYMBOL=]PATH",
        help="Run the best again on these data, which no trial has seen.",
    ),
]
Axes = Annotated[
    str | None,
    typer.Option("--axes", metavar="X,Y", help="Parameters of the map (the first two that vary)."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Write sweep.csv, .parquet and .png there.", file_okay=False
    ),
]
SweepName = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="TEXT", help="Running it again goes on (a name from what is swept)."
    ),
]
GridOnly = Annotated[
    bool, typer.Option("--dry-run", help="Check every cell and say what would run.")
]
OfSweep = Annotated[
    str | None,
    typer.Option("--sweep", metavar="NAME", help="The sessions of a sweep, one by one."),
]
