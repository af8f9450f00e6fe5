"""Records of a session's life: started, paused, resumed, stopped, failed."""

from __future__ import annotations

from offbook.domain.config import PauseOrders, ResumeTimers
from offbook.domain.record_parts import Mark, RecordBase
from offbook.domain.values import Amount


class SessionStarted(RecordBase, frozen=True, kw_only=True, tag="SessionStarted.1"):
    """The session runs."""


class SessionPaused(RecordBase, frozen=True, kw_only=True, tag="SessionPaused.1"):
    """The strategy sees no market data and no timers until it is resumed."""

    row: int
    reason: str
    orders: PauseOrders


class SessionResumed(RecordBase, frozen=True, kw_only=True, tag="SessionResumed.1"):
    """The strategy goes on; it is told what it missed."""

    timers: ResumeTimers
    missed_rows: int
    missed_timers: int
    missed_fills: int
    missed_expiries: int


class SessionStopping(RecordBase, frozen=True, kw_only=True, tag="SessionStopping.1"):
    """Positions are being closed; gives up at ``deadline``."""

    deadline: int
    reason: str


class SessionStopped(RecordBase, frozen=True, kw_only=True, tag="SessionStopped.1"):
    """The session is over; the account as it stands at the last marks. ``cash`` and ``equity`` are
    in the account's currency, ``balances`` the cash of each; ``margin_used`` is what positions
    bind in a margin account."""

    reason: str
    row: int
    cash: Amount
    balances: dict[str, Amount]
    equity: Amount
    margin_used: Amount
    marks: tuple[Mark, ...]


class SessionFailed(RecordBase, frozen=True, kw_only=True, tag="SessionFailed.1"):
    """The engine gave up; nothing is done after this record."""

    reason: str
