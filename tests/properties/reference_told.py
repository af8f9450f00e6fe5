"""What a row is said to have had, where nothing limits what is taken of it."""

from fractions import Fraction

from tests.properties.row_cases import BarRow, PriceRow

NO_LIMIT = Fraction(2**62)
"""What a bar has where nothing limits it."""


def told_of(available: Fraction, row: PriceRow) -> Fraction:
    """How much is said to have been there: of what has no limit, what the bar shows."""
    boundless = isinstance(row, BarRow) and available > NO_LIMIT / 2
    return row.volume if boundless and isinstance(row, BarRow) else available
