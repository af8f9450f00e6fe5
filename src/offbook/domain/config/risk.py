"""Limits that are checked before an order leaves."""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig
from offbook.domain.orders import OrderSide

MOST_IN_A_RATE: Final = 1000
"""The largest number of orders that a limit on their rate may count."""

_DAY_NS: Final = 86_400_000_000_000


class OrderRate(ConfigPart, frozen=True, kw_only=True):
    """At most ``count`` orders and replaces in any ``per_ns`` of session time."""

    count: int
    per_ns: int = 1_000_000_000

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_IN_A_RATE:
            raise InvalidConfig(
                f"risk.max_order_rate.count={self.count}, expected 1 to {MOST_IN_A_RATE}",
                field="risk.max_order_rate.count",
            )
        if not 1 <= self.per_ns <= _DAY_NS:
            raise InvalidConfig(
                f"risk.max_order_rate.per_ns={self.per_ns}, expected 1 ns to a day",
                field="risk.max_order_rate.per_ns",
            )


class OnDailyLoss(enum.Enum):
    """What reaching the largest loss of a day does to a session."""

    PAUSE = "pause"
    STOP = "stop"


class DailyLoss(ConfigPart, frozen=True, kw_only=True):
    """The largest loss of a trading day: an ``amount`` in the account's currency, or ``percent``
    of the equity with which the day began."""

    amount: str | None = None
    percent: str | None = None
    action: OnDailyLoss = OnDailyLoss.PAUSE

    def __post_init__(self) -> None:
        if (self.amount is None) is (self.percent is None):
            raise InvalidConfig(
                "risk.daily_loss: give either amount or percent", field="risk.daily_loss"
            )
        if self.amount is not None and exact_amount("risk.daily_loss.amount", self.amount) <= 0:
            raise InvalidConfig(
                f"risk.daily_loss.amount={self.amount} is not positive",
                field="risk.daily_loss.amount",
            )
        if self.percent is not None:
            share = exact_decimal("risk.daily_loss.percent", self.percent, RATIO_PRECISION)
            if not 0 < share <= 100:
                raise InvalidConfig(
                    f"risk.daily_loss.percent={self.percent}, expected more than 0, at most 100",
                    field="risk.daily_loss.percent",
                )


class RiskConfig(ConfigPart, frozen=True, kw_only=True):
    """Limits checked before an order leaves; None means no limit.

    Notionals are decimal text in the account's currency, quantities decimal text in units of the
    instrument.  ``price_collar`` (0 to 1) is how far beyond the market a limit price may pay:
    above the ask for a buy, below the bid for a sell.  ``allowed_symbols`` and ``allowed_sides``
    name what may be traded; what only reduces a position may always be.
    """

    max_order_notional: str | None = None
    max_order_qty: str | None = None
    max_position_notional: str | None = None
    max_position_qty: str | None = None
    max_open_orders: int | None = 200
    max_order_rate: OrderRate | None = None
    daily_loss: DailyLoss | None = None
    price_collar: str | None = None
    allowed_symbols: tuple[str, ...] | None = None
    allowed_sides: tuple[OrderSide, ...] | None = None

    def __post_init__(self) -> None:
        for name in (
            "max_order_notional",
            "max_order_qty",
            "max_position_notional",
            "max_position_qty",
        ):
            text = getattr(self, name)
            if text is not None and exact_amount(f"risk.{name}", text) <= 0:
                raise InvalidConfig(f"risk.{name}={text} is not positive", field=f"risk.{name}")
        if self.max_open_orders is not None and self.max_open_orders < 1:
            raise InvalidConfig(
                f"risk.max_open_orders={self.max_open_orders} is not positive",
                field="risk.max_open_orders",
            )
        if self.price_collar is not None:
            share = exact_decimal("risk.price_collar", self.price_collar, RATIO_PRECISION)
            if not 0 <= share <= 1:
                raise InvalidConfig(
                    f"risk.price_collar={self.price_collar}, expected a share between 0 and 1",
                    field="risk.price_collar",
                )
        for name in ("allowed_symbols", "allowed_sides"):
            if getattr(self, name) == ():
                raise InvalidConfig(
                    f"risk.{name} is empty, which allows nothing: leave it out, or name some",
                    field=f"risk.{name}",
                )
