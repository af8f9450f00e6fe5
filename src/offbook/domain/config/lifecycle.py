"""What pausing, resuming, errors and the end of data do."""

from __future__ import annotations

import enum

from offbook.domain.config.base import ConfigPart


class PauseOrders(enum.Enum):
    """What pausing does to resting orders; protective ones stay unless all are canceled. Those that
    stay act as reduce-only while it lasts."""

    CANCEL_ENTRIES = "cancel_entries"
    KEEP = "keep"
    CANCEL_ALL = "cancel_all"


class ResumeTimers(enum.Enum):
    """What resuming does with timers that fell due while paused."""

    SKIP = "skip"
    FIRE_ONCE = "fire_once"
    REPLAY = "replay"


class OnStrategyError(enum.Enum):
    """What a callback that raises does to its session."""

    PAUSE = "pause"
    STOP = "stop"
    FAIL = "fail"


class AtEnd(enum.Enum):
    """What the end of a recording does to a running session."""

    STOP = "stop"
    PAUSE = "pause"


class LifecycleConfig(ConfigPart, frozen=True, kw_only=True):
    """What pausing, resuming, errors and the end of data do."""

    pause_orders: PauseOrders = PauseOrders.CANCEL_ENTRIES
    resume_timers: ResumeTimers = ResumeTimers.SKIP
    on_strategy_error: OnStrategyError = OnStrategyError.PAUSE
    at_end: AtEnd = AtEnd.STOP
