"""What a limit on the loss of a day leaves in the journal."""

from __future__ import annotations

from offbook.domain.config import OnDailyLoss
from offbook.domain.record_parts import RecordBase
from offbook.domain.values import Amount


class DayBegan(RecordBase, frozen=True, kw_only=True, tag="DayBegan.1"):
    """A trading day began with this equity; it lasts to ``ends``. Only where a day's loss is
    limited."""

    equity: Amount
    ends: int


class DailyLossReached(RecordBase, frozen=True, kw_only=True, tag="DailyLossReached.1"):
    """Equity fell by ``loss`` since the day began, which is no less than ``limit``; what follows
    is ``action``. Until the day ends only what reduces a position is taken."""

    equity: Amount
    loss: Amount
    limit: Amount
    action: OnDailyLoss
