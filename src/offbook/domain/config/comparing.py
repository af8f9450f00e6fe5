"""Rules that other engines have for bars and for what cannot be paid: there to be compared with."""

from __future__ import annotations

import enum


class StopLimitFill(enum.Enum):
    """When a stop with a limit may trade that its trigger's price does not satisfy.

    ``next_bar``: in the bars that follow.  ``same_bar``: also in the bar that triggers it, where
    the price surely came back afterwards: anywhere in the bar if its open was the trigger, else at
    its close.  ``range``: wherever in that bar its limit lies, even if the price was there before.
    """

    NEXT_BAR = "next_bar"
    SAME_BAR = "same_bar"
    RANGE = "range"


class BarPrices(enum.Enum):
    """What orders are held against in a bar: all of its range, or its close as if it had no other
    price."""

    RANGE = "range"
    CLOSE = "close"


class BarReports(enum.Enum):
    """Whether reports of what traded in a bar reach a strategy after its ``on_bar`` or before it,
    where they take no time."""

    AFTER = "after"
    BEFORE = "before"


class SlippageBound(enum.Enum):
    """How far slippage may take a price on bars: within the bar's range, for nobody traded outside
    it, or as far as the model says."""

    BAR = "bar"
    NONE = "none"


class Unpaid(enum.Enum):
    """What becomes of an order that the account cannot pay for when it would trade in a bar.

    ``cancel``: it ends.  ``wait``: it stays, and is tried again at the next bar.  ``cut``: it
    trades as many whole lots as can be paid for, and its rest ends.
    """

    CANCEL = "cancel"
    WAIT = "wait"
    CUT = "cut"
