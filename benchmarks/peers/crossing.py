"""The strategy of all benchmarks: long while a fast average is above a slow one, else flat."""

SIZE = 100
PERIODS = {"quotes": (500, 2000), "bars": (200, 800)}


class Crossing:
    """The arithmetic alone; ``step`` says what to do: 1 to buy, -1 to sell, 0 for nothing."""

    def __init__(self, work):
        fast, self.slow_period = PERIODS[work]
        self.alpha_fast, self.alpha_slow = 2 / (fast + 1), 2 / (self.slow_period + 1)
        self.fast = self.slow = 0.0
        self.seen = self.side = 0

    def step(self, price):
        if self.seen == 0:
            self.fast = self.slow = price
        self.fast += self.alpha_fast * (price - self.fast)
        self.slow += self.alpha_slow * (price - self.slow)
        self.seen += 1
        if self.seen <= self.slow_period:
            return 0
        side = 1 if self.fast > self.slow else 0
        if side == self.side:
            return 0
        self.side = side
        return 1 if side else -1
