"""Every row of the walk as a quote."""

from __future__ import annotations

from offbook.adapters.brokers.synthetic.recipe import Recipe
from offbook.adapters.brokers.synthetic.walk import PAGE_ROWS, Walk
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import QuoteSlice
from offbook.domain.synthetic import MAX_ROWS


class QuoteRows:
    """The quotes of a market by number. Raises InvalidConfig where its hours do not suffice."""

    def __init__(self, walk: Walk, instrument: Instrument) -> None:
        self._walk = walk
        self._instrument = instrument
        self.total = walk_length(walk, walk.recipe.rows, MAX_ROWS)

    def piece(self, row: int) -> QuoteSlice:
        """The quotes of the page that holds ``row``."""
        number = row // PAGE_ROWS
        start = number * PAGE_ROWS
        page = self._walk.page(number).cut(self.total - start)
        columns = (page.ts, page.bid_px, page.ask_px, page.bid_qty, page.ask_qty)
        return QuoteSlice(self._instrument, start, *columns)

    def last_ts(self) -> int:
        """Session time of the last row (ns UTC)."""
        number, place = divmod(self.total - 1, PAGE_ROWS)
        return int(self._walk.times(number)[0][place])


def walk_length(walk: Walk, rows: int | None, most: int) -> int:
    """How many rows of the walk a market has: as many as it says, or as fall into its duration."""
    if rows is None:
        spent = walk.time.until(end_of(walk.recipe))
        if spent > most * walk.recipe.step_ns:
            raise InvalidConfig(
                f"market.duration_ns: that would be more than {most} steps of "
                f"{walk.recipe.step_ns} ns: lengthen step_ns",
                field="market.duration_ns",
            )
        rows = walk.rows_before(spent)
        if not rows:
            raise InvalidConfig(
                "market.duration_ns: the market does not open in that time",
                field="market.duration_ns",
            )
    if rows > walk.rows:
        raise InvalidConfig(
            f"market.rows={rows}: the market's hours have room for {walk.rows} steps of "
            f"{walk.recipe.step_ns} ns: shorten step_ns, or begin earlier",
            field="market.rows",
        )
    return rows


def end_of(recipe: Recipe) -> int:
    """When a market of a given duration ends (ns UTC)."""
    assert recipe.duration_ns is not None
    return recipe.start_ns + recipe.duration_ns
