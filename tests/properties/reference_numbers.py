"""Roundings of the ledger."""

from __future__ import annotations

from fractions import Fraction

FINEST = Fraction(1, 10**18)


def rounded_down(amount: Fraction) -> Fraction:
    """To the ledger's finest unit."""
    return amount // FINEST * FINEST


def rounded_even(amount: Fraction) -> Fraction:
    """To the ledger's finest unit, halves to even, as Python rounds."""
    return round(amount / FINEST) * FINEST
