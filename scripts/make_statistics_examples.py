"""Make the examples that the statistics are tested against, with empyrical-reloaded.

    python -m pip install empyrical-reloaded==0.7.1     (in an environment of its own)
    python scripts/make_statistics_examples.py > tests/unit/services/reporting/empyrical.json

The returns come from a small generator written out here, and from daily closes of real shares in
2008 that lie beside the examples, so that anyone can make them again; the expected figures are the
package's own.  Infinite and undefined ones are written as null.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import empyrical
import numpy as np
import numpy.typing as npt

SHAPES = {
    # name: (days, mean, spread) of daily returns in units of 1e-6
    "a quiet year": (252, 300, 5_000),
    "a wild month": (31, -500, 40_000),
    "thirty days": (30, 1_000, 10_000),
    "a slow fall": (90, -2_000, 1_500),
    "only gains": (40, 3_000, 2_000),
    "ten years": (2_520, 400, 12_000),
}
PER_YEAR = (252, 365)
CLOSES = Path(__file__).parents[1] / "tests/unit/services/reporting/closes_2008.csv"


def returns_of(seed: int, days: int, mean: int, spread: int) -> list[float]:
    """Daily returns, evenly spread around a mean, from a linear congruential generator."""
    state, found = seed, []
    for _ in range(days):
        state = (1_103_515_245 * state + 12_345) % 2**31
        found.append((mean - spread + state % (2 * spread + 1)) / 1e6)
    return found


def closes_of(path: Path) -> dict[str, list[float]]:
    """Closing prices of each column."""
    with path.open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0] if name != "date"}


def expected(returns: npt.NDArray[np.float64], per_year: int) -> dict[str, float | None]:
    """What empyrical says of daily returns."""
    figures = {
        "total_return": empyrical.cum_returns_final(returns),
        "cagr": empyrical.cagr(returns, annualization=per_year),
        "volatility": empyrical.annual_volatility(returns, annualization=per_year),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=per_year),
        "downside_deviation": empyrical.downside_risk(returns, annualization=per_year),
        "sortino": empyrical.sortino_ratio(returns, annualization=per_year),
        "daily_drawdown": -empyrical.max_drawdown(returns),
        "calmar": empyrical.calmar_ratio(returns, annualization=per_year),
    }
    return {name: float(x) if math.isfinite(x) else None for name, x in figures.items()}


def main() -> None:
    """Print the examples as JSON."""
    examples = []
    for seed, (name, shape) in enumerate(SHAPES.items(), start=1):
        returns = returns_of(seed, *shape)
        for per_year in PER_YEAR:
            figures = expected(np.array(returns), per_year)
            examples.append(
                {"name": name, "seed": seed, "shape": shape, "per_year": per_year}
                | {"expected": figures}
            )
    for symbol, closes in closes_of(CLOSES).items():
        returns = empyrical.simple_returns(np.array(closes))
        for per_year in PER_YEAR:
            found = {"symbol": symbol, "per_year": per_year, "days": len(returns)}
            examples.append(found | {"expected": expected(returns, per_year)})
    made_with = f"empyrical-reloaded {version('empyrical-reloaded')}"
    json.dump({"made_with": made_with, "examples": examples}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
