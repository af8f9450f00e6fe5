"""What happened to a market that a session's orders obey."""

from __future__ import annotations

from offbook.domain.record_parts import RecordBase


class TradingStatusChanged(RecordBase, frozen=True, kw_only=True, tag="TradingStatusChanged.1"):
    """Trading of an instrument was halted, or resumed, by the row at position ``row``. While it is
    halted nothing is matched."""

    symbol: str
    halted: bool
    row: int
