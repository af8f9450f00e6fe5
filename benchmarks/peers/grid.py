"""The strategy of ``bench_skipping.py`` as peers do it: which order of ten is sent when, and where.

Orders are told by their slot: whether it buys, whether it is a stop, and its ticks from the close.
"""

import numpy as np

MINUTE_NS = 60_000_000_000
FIRST_SIZE, SIZE = 10_000, 10
CASH = 100_000_000


class Grid:
    """What to do at the close of a bar; ``resting`` says which slots have an order."""

    def __init__(self, slots):
        self.slots = [(bool(buys), bool(stops), int(ticks)) for buys, stops, ticks in slots]
        self.resting = [None] * len(self.slots)
        self.bars = 0

    def at_close(self, close):
        """Slots to send (or to replace, where an order rests) with their price in ticks."""
        self.bars += 1
        renews = self.bars % 10 == 3
        for slot, order in enumerate(self.resting):
            if self.bars >= 3 and (renews or order is None):
                buys, stops, ticks = self.slots[slot]
                yield slot, close + (ticks if buys == stops else -ticks)


def last_mid(columns):
    """The mid of the last quote, at which what is held is valued."""
    return float(np.round(columns["bid"][-1] + columns["ask"][-1], 2)) / 2
