"""Make the tables of quantiles that random delays and the synthetic market draw from.

    python scripts/make_quantiles.py > src/offbook/domain/quantiles.py

Entry k of a table of n is the quantile at (k + 1/2) / n, times 4096, rounded.  The floats used
here are far more exact than the rounding needs: no entry lies within 10**-7 of a tie, which is
checked.  The tables ship, so that no machine's mathematics decides a row.
"""

import math
from collections.abc import Callable, Iterator
from statistics import NormalDist

ENTRIES = 1024
SCALE = 4096

HEAD = '''"""Quantiles as integers: made by ``scripts/make_quantiles.py``, not by hand.

Entry k of a table of 1,024 is the quantile at (k + 1/2) / 1024, times 4,096, rounded.
"""

from __future__ import annotations

from typing import Final

QUANTILE_BITS: Final = 10
"""So many bits of a draw choose an entry."""

QUANTILE_SCALE_BITS: Final = 12
"""An entry of 2**12 stands for 1."""

# fmt: off
'''


def exponential(share: float) -> float:
    """Return the quantile of the exponential distribution of mean 1."""
    return -math.log1p(-share)


def entries(quantile: Callable[[float], float], places: range) -> Iterator[int]:
    """Yield a table's entries at these places."""
    for place in places:
        exact = quantile((place + 0.5) / ENTRIES) * SCALE
        if abs(exact - math.floor(exact) - 0.5) < 1e-7:
            raise SystemExit(f"entry {place} is too close to a tie to be rounded")
        yield round(exact)


def table(name: str, meaning: str, values: Iterator[int]) -> Iterator[str]:
    """Yield the lines of one table, written as the formatter would."""
    yield f"{name}: Final = ("
    line = "   "
    for value in values:
        if len(line) + len(f" {value},") > 96:
            yield line
            line = "   "
        line += f" {value},"
    yield line
    yield ")"
    yield f'"""{meaning}"""'


def main() -> None:
    """Print the module."""
    print(HEAD)
    upper = range(ENTRIES // 2, ENTRIES)
    normal = entries(NormalDist().inv_cdf, upper)
    print("\n".join(table("NORMAL_UPPER", "The standard normal's upper half.", normal)))
    print()
    meaning = "The exponential distribution of mean 1."
    print("\n".join(table("EXPONENTIAL", meaning, entries(exponential, range(ENTRIES)))))


if __name__ == "__main__":
    main()
