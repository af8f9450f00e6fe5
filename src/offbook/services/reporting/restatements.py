"""Splits in a report: what comes before one is told in other units than what comes after.

Prices and quantities stay what they were at their time.  Where something reaches across a split, it
is restated: the last price before it, until a row comes; what a fill opened, for round trips; and
an instrument's own return.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import msgspec
import numpy as np

from offbook.domain.market_data import IntColumn
from offbook.domain.values import share_of
from offbook.services.reporting.account_path import Execution, Restatement
from offbook.services.reporting.market_scan import Block, Part, Prices


def restated_mark(mark: int, one: Restatement) -> int:
    """A price of before, as the engine restates it."""
    return max(1, share_of(mark, one.denominator, one.numerator))


def factor(symbol: str, restated: Iterable[Restatement]) -> Fraction:
    """By how much more units there are of a symbol at the end than there were at the beginning."""
    total = Fraction(1)
    for one in restated:
        if one.symbol == one.new_symbol == symbol:
            total *= Fraction(one.numerator, one.denominator)
    return total


def cut(block: Block, ts: int) -> tuple[Block | None, Block | None]:
    """The rows of a block before a moment, and those from it on; None where there are none."""
    at = int(np.searchsorted(block.ts, ts, side="left"))
    return _rows(block, 0, at), _rows(block, at, len(block.ts))


def _rows(block: Block, begin: int, end: int) -> Block | None:
    if begin >= end:
        return None
    parts = []
    for part in block.parts:
        if part.places is None:
            parts.append(Part(part.symbol, _cut_prices(part.prices, begin, end), None))
            continue
        first, last = np.searchsorted(part.places, [begin, end]).tolist()
        if first < last:
            places = part.places[first:last] - begin
            parts.append(Part(part.symbol, _cut_prices(part.prices, first, last), places))
    return Block(block.ts[begin:end], tuple(parts))


def _cut_prices(prices: Prices, begin: int, end: int) -> Prices:
    columns: dict[str, IntColumn] = msgspec.structs.asdict(prices)
    return Prices(**{name: column[begin:end] for name, column in columns.items()})


def comparable(
    executions: Sequence[Execution], restated: Sequence[Restatement]
) -> tuple[Execution, ...]:
    """Fills with their quantities in the units of the end, so that what was opened before a split
    is closed after it.  What a split turned into a fraction, and paid in cash, is in none; a fill
    of which no whole unit is left is left out.  Money stays what it was.
    """
    if not restated:
        return tuple(executions)
    found = list(executions)
    for one in restated:
        found = list(_follow(found, one))
    return tuple(found)


def _follow(executions: Iterable[Execution], one: Restatement) -> Iterator[Execution]:
    """Whole units are kept of the position after each fill, so that they add up to what is held."""
    before = after = 0
    for execution in executions:
        if execution.symbol != one.symbol or execution.ts >= one.ts:
            yield execution
            continue
        before += execution.qty
        kept = abs(before) * one.numerator // one.denominator
        now = kept if before > 0 else -kept
        if now != after:
            yield msgspec.structs.replace(execution, symbol=one.new_symbol, qty=now - after)
        after = now
