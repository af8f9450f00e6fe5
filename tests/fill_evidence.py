"""Whether a fill stays within the market that its evidence shows."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.orders import OrderSide
from offbook.engine.venue.matching_quotes import QUOTE_TOUCHES


def stays_in_its_market(record: r.OrderFilled, side: OrderSide) -> None:
    """No better than the market of its moment, and no more than that showed."""
    seen = record.evidence
    if seen.low_px is not None:
        assert seen.high_px is not None
        inside = seen.low_px <= record.last_px <= seen.high_px
        assert inside or "open was beyond" in seen.rule, f"I4: {record} is off its bar"
        assert seen.volume_qty is not None
        assert record.last_qty <= seen.volume_qty
        return
    if seen.trade_px is not None:
        assert seen.trade_qty is not None
        assert seen.available_qty <= seen.trade_qty, f"I4: {record} took more than the print"
        assert (record.last_px - seen.trade_px) * side.sign >= 0, f"I4: {record}"
        return
    assert seen.ask_px is not None
    assert seen.bid_px is not None
    buying = side is OrderSide.BUY
    takes = seen.rule not in QUOTE_TOUCHES  # else it stands where its own side shows the price
    asks = buying is takes
    other, shown = (seen.ask_px, seen.ask_qty) if asks else (seen.bid_px, seen.bid_qty)
    if seen.level_px is not None:
        other, shown = seen.level_px, seen.level_qty
    assert record.last_qty <= (shown or 0), f"I4: {record} took more than was shown"
    assert (record.last_px - other) * side.sign >= 0, f"I4: {record} beats the market"
