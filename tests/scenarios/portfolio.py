"""Portfolio margin in a scenario's setting."""

from __future__ import annotations

from typing import Any

import msgspec

from offbook.domain import config as c


def portfolio(setting: Any, *words: str) -> None:
    """``portfolio factor 1.1 least 0``, with or without ``move 0.2``, ``deny_increase``: least
    equity is nothing unless it is said."""
    told = dict(zip(words[::2], words[1::2], strict=False))
    setting.account |= {
        "type": c.AccountType.MARGIN,
        "portfolio_margin": c.PortfolioMargin(
            move=told.get("move", "0.15"),
            initial_factor=told.get("factor", "1"),
            minimum_equity=told.get("least", "0"),
        ),
    }
    if "deny_increase" in words:
        setting.account["margin_call"] = c.MarginCall.DENY_INCREASE


def group(setting: Any, *words: str) -> None:
    """``group XYZ BTCUSD down 0.08 up 0.06 offset 0.9``: what is moved together."""
    begin = words.index("down")
    told = dict(zip(words[begin::2], words[begin + 1 :: 2], strict=True))
    one = c.ProductGroup(symbols=words[:begin], **told)
    margin = setting.account["portfolio_margin"]
    setting.account["portfolio_margin"] = msgspec.structs.replace(
        margin, groups=(*margin.groups, one)
    )
