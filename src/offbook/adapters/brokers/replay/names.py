"""Names in common use: of columns, and of whole files that come without a header.

They are those of the dumps of Binance, OKX and Bybit, of Yahoo, Stooq and Quandl, Alpaca and
Polygon, Kaiko and Tardis, Databento, MetaTrader, FXCM and Dukascopy, and of tables that pandas
wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Ranks = tuple[dict[str, None], ...]


def _ranks(*ranks: str) -> Ranks:
    return tuple(dict.fromkeys(rank.split()) for rank in ranks)


ALIASES: Final[Mapping[str, Ranks]] = MappingProxyType(
    {
        "ts_init": _ranks(
            "ts_init",
            "local_timestamp local_ts local_time receive_time receipt_timestamp received_at "
            "ts_recv recv_time",
        ),
        "ts_event": _ranks(
            "ts_event",
            "exchange_timestamp exch_ts transact_time transaction_time trade_time "
            "participant_timestamp",
            "unix unix_time",
            "timestamp time datetime date_time gmt_time date ts t event_time open_time ts_open "
            "sip_timestamp window_start dtyyyymmdd",
            "created_time",
            "index unnamed_0",
        ),
        "bid": _ranks("bid", "bid_price bid_px best_bid best_bid_price bp bid_px_00"),
        "ask": _ranks(
            "ask",
            "ask_price ask_px best_ask best_ask_price ap ask_px_00 offer "
            "offer_price offer_px",
        ),
        "bid_size": _ranks(
            "bid_size",
            "bid_qty bid_quantity bid_amount bid_volume best_bid_qty best_bid_size bs bid_sz_00",
        ),
        "ask_size": _ranks(
            "ask_size",
            "ask_qty ask_quantity ask_amount ask_volume best_ask_qty best_ask_size as ask_sz_00 "
            "offer_size offer_qty offer_quantity offer_amount offer_volume",
        ),
        "price": _ranks("price", "px trade_price last_price p", "last"),
        "size": _ranks(
            "size", "qty quantity amount last_size trade_size s q sz", "volume vol trade_volume"
        ),
        "aggressor": _ranks("aggressor", "aggressor_side taker_side", "side trade_side"),
        "buyer_maker": _ranks("buyer_maker", "is_buyer_maker taker_side_sell m", "sell"),
        "auction": _ranks(),
        "event": _ranks("event status_event", "status trading_status"),
        "lower": _ranks("lower", "lower_band lower_px limit_down"),
        "upper": _ranks("upper", "upper_band upper_px limit_up"),
        "book_side": _ranks("book_side", "level_side", "side is_bid"),
        "flags": _ranks("flags"),
        "action": _ranks("action"),
        "order_id": _ranks("order_id"),
        "seq": _ranks("seq", "sequence"),
        "first_seq": _ranks("first_seq", "first_update_id"),
        "last_seq": _ranks("last_seq", "last_update_id final_update_id"),
        "prev_seq": _ranks("prev_seq", "prev_update_id previous_update_id"),
        "open": _ranks("open", "o open_price"),
        "high": _ranks("high", "h high_price"),
        "low": _ranks("low", "l low_price"),
        "close": _ranks("close", "c close_price close_last"),
        "volume": _ranks("volume", "v vol base_volume", "tick_volume tickvol"),
    }
)  # fmt: skip
"""Our column -> names it goes by, in ranks: one of a higher rank is taken before one of a lower,
and two columns of one rank are an error that asks which is meant.

Names are compared in lower case, with every run of other characters as one underscore, so that
``Bid Price``, ``bid-price`` and ``bidPrice`` are ``bid_price``.  A name that the table lacks is
told through ``columns`` of the configuration.
"""

ADJUSTED_CLOSES: Final = frozenset(
    ["adj_close", "adjclose", "adjusted_close", "close_adj", "close_adjusted", "adj_close_price"]
)
"""Names of closes from which later dividends, and splits, are taken out; no column of ours."""

DIVIDENDS: Final = frozenset(
    ["ex_dividend", "dividends", "dividend", "div_cash", "dividend_amount", "cash_dividend"]
)
SPLITS: Final = frozenset(
    ["split_ratio", "stock_splits", "splits", "split_factor", "split_coefficient"]
)
"""Names of what a share paid on a row's day, and of how many it became; no columns of ours."""

HEADERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "binance-klines": (
            "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume",
            "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
        ),
        "binance-aggtrades": (
            "agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id",
            "transact_time", "is_buyer_maker", "is_best_match",
        ),
        "binance-trades": (
            "id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match",
        ),
        "metatrader-bars": ("date", "time", "open", "high", "low", "close", "volume"),
    }
)  # fmt: skip
"""Well-known files without a header -> the names of their columns."""


def header_of(told: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a file without a header: as told, or those of a well-known kind of file."""
    return HEADERS.get(told[0], told) if len(told) == 1 else told
