"""Other values of settings that came after sessions were first kept, by their place."""

LATER_VALUES: dict[tuple[str, ...], str] = {
    ("venue", "limit_fill"): "touch",
    ("venue", "self_match"): "decrement",
    ("venue", "stop_limit"): "range",
    ("venue", "bar_prices"): "close",
    ("venue", "slippage_bound"): "none",
    ("venue", "replace_priority"): "lost",
    ("account", "unpaid"): "cut",
}

NOT_ALONE = ("liquidation", "maintenance_basis", "margin_mode", "portfolio_margin")
"""Settings of an account that go with others, or without them."""
