"""Other values of settings that came after sessions were first kept, by their place."""

from offbook.domain.config.session import _UNUSED_OF_FEES, _UNUSED_OF_LATENCY

LATER_VALUES: dict[tuple[str, ...], object] = {
    ("venue", "limit_fill"): "touch",
    ("venue", "intrabar"): "ohlc",
    ("venue", "self_match"): "decrement",
    ("venue", "stop_limit"): "range",
    ("venue", "bar_prices"): "close",
    ("venue", "slippage_bound"): "none",
    ("venue", "replace_priority"): "lost",
    ("venue", "while_closed"): "reject",
    ("venue", "auctions", "at_break"): "both",
    ("venue", "latency", "market_data"): {"type": "empirical", "quantiles_ns": [1]},
    ("venue", "latency", "venues"): [{"name": "V", "symbols": ["BTCUSDT"], "entry_ns": 1}],
    ("account", "unpaid"): "cut",
    ("venue", "fee", "minimum"): "0.5",
    ("venue", "fee", "maximum"): "9",
    ("venue", "fee", "maximum_percent"): "1",
}

OF_OTHER_VENUES = ("book_start", "freshness", "while_halted", "beyond_band", "bar_reports")
"""Settings of a venue for books, halts or price bands, or for reports that take no time."""

NOT_ALONE = ("liquidation", "maintenance_basis", "margin_mode", "portfolio_margin")
"""Settings of an account that go with others, or without them."""


def later_parts() -> set[tuple[str, str]]:
    """The places in a venue of what charges by value, and delays, have come to have."""
    fees = {("fee", name) for name, _ in _UNUSED_OF_FEES["basis_points"]}
    return fees | {("latency", name) for name, _ in _UNUSED_OF_LATENCY}
