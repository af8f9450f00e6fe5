"""Other values of settings that came after sessions were first kept, by their place."""

from offbook.domain.config.session import _UNUSED_OF_FEES

LATER_VALUES: dict[tuple[str, ...], str] = {
    ("venue", "limit_fill"): "touch",
    ("venue", "intrabar"): "ohlc",
    ("venue", "self_match"): "decrement",
    ("venue", "stop_limit"): "range",
    ("venue", "bar_prices"): "close",
    ("venue", "slippage_bound"): "none",
    ("venue", "replace_priority"): "lost",
    ("venue", "while_closed"): "reject",
    ("venue", "auctions", "at_break"): "both",
    ("account", "unpaid"): "cut",
    ("venue", "fee", "minimum"): "0.5",
    ("venue", "fee", "maximum"): "9",
    ("venue", "fee", "maximum_percent"): "1",
}

OF_OTHER_VENUES = ("book_start", "freshness", "while_halted", "beyond_band", "bar_reports")
"""Settings of a venue for books, halts or price bands, or for reports that take no time."""

NOT_ALONE = ("liquidation", "maintenance_basis", "margin_mode", "portfolio_margin")
"""Settings of an account that go with others, or without them."""


def fee_bounds() -> set[tuple[str, str]]:
    """The places in a venue of what charges by value have come to have."""
    return {("fee", name) for name, _ in _UNUSED_OF_FEES["basis_points"]}
