"""The account that a session trades with."""

from __future__ import annotations

from offbook.domain.config.base import ConfigPart, exact_amount
from offbook.domain.errors import InvalidConfig


class AccountConfig(ConfigPart, frozen=True, kw_only=True):
    """A cash account in one currency; ``initial_cash`` is decimal text."""

    currency: str
    initial_cash: str = "100000"

    def __post_init__(self) -> None:
        if not self.currency:
            raise InvalidConfig("account.currency is empty", field="account.currency")
        if exact_amount("account.initial_cash", self.initial_cash) < 0:
            raise InvalidConfig(
                f"account.initial_cash={self.initial_cash} is negative",
                field="account.initial_cash",
            )
