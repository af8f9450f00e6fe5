"""Limits that are checked before an order leaves."""

from __future__ import annotations

from offbook.domain.config.base import ConfigPart, exact_amount
from offbook.domain.errors import InvalidConfig


class RiskConfig(ConfigPart, frozen=True, kw_only=True):
    """Limits checked before an order leaves; None means no limit. Values are decimal text in the
    account's currency."""

    max_order_notional: str | None = None
    max_position_notional: str | None = None
    max_open_orders: int | None = 200

    def __post_init__(self) -> None:
        for name in ("max_order_notional", "max_position_notional"):
            text = getattr(self, name)
            if text is not None and exact_amount(f"risk.{name}", text) <= 0:
                raise InvalidConfig(f"risk.{name}={text} is not positive", field=f"risk.{name}")
        if self.max_open_orders is not None and self.max_open_orders < 1:
            raise InvalidConfig(
                f"risk.max_open_orders={self.max_open_orders} is not positive",
                field="risk.max_open_orders",
            )
