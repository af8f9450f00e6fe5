"""hftbacktest's market: quotes as depth events, at no delay and no charge."""

import numpy as np
from hftbacktest import BacktestAsset, ROIVectorMarketDepthBacktest
from hftbacktest.types import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    event_dtype,
)
from numba import njit

FED = 2
"""What waiting gives when there were data."""
BUY = np.uint64(DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | BUY_EVENT)
SELL = np.uint64(DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | SELL_EVENT)
TICK = 0.01


@njit
def fill_events(events, ts, bids, asks):
    """The level that a quote leaves is emptied, its new one filled."""
    count = 0
    for i in range(len(ts)):
        for kind, column in ((BUY, bids), (SELL, asks)):
            if i and column[i - 1] != column[i]:
                events[count].ev, events[count].px, events[count].qty = kind, column[i - 1], 0.0
                events[count].exch_ts = events[count].local_ts = ts[i]
                count += 1
        for kind, column in ((BUY, bids), (SELL, asks)):
            events[count].ev, events[count].px, events[count].qty = kind, column[i], 1e6
            events[count].exch_ts = events[count].local_ts = ts[i]
            count += 1
    return count


def events_of(columns):
    """All quotes as events."""
    events = np.zeros(4 * len(columns["ts"]), event_dtype)
    count = fill_events(events, columns["ts"], columns["bid"], columns["ask"])
    return events[:count].copy()


def market_of(events, highest):
    """The market of these events, none of whose prices is above ``highest``."""
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0, 0)
        .tick_size(TICK)
        .lot_size(1)
        .roi_lb(1)
        .roi_ub(highest)
        .last_trades_capacity(0)
    )
    return ROIVectorMarketDepthBacktest([asset])
