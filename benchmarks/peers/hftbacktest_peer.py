"""hftbacktest: quotes as depth events, and the strategy compiled by numba; timed once compiled."""

import numpy as np
from answering import Clock, asked, tell
from crossing import PERIODS, SIZE
from hftbacktest import GTC, LIMIT, BacktestAsset, ROIVectorMarketDepthBacktest
from hftbacktest.types import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    event_dtype,
)
from numba import njit

FAST, SLOW = PERIODS["quotes"]
FED = 2
"""What waiting gives when there were data."""
BUY = np.uint64(DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | BUY_EVENT)
SELL = np.uint64(DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | SELL_EVENT)


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


@njit
def cross(market, fast_period, slow_period, size):
    """Trade at market where the averages cross."""
    alpha_fast, alpha_slow = 2 / (fast_period + 1), 2 / (slow_period + 1)
    fast = slow = 0.0
    seen = side = sent = 0
    while market.wait_next_feed(False, 1_000_000_000_000) == FED:
        depth = market.depth(0)
        bid, ask = depth.best_bid, depth.best_ask
        if not bid < ask:
            continue
        price = (bid + ask) * 0.5
        if seen == 0:
            fast = slow = price
        fast += alpha_fast * (price - fast)
        slow += alpha_slow * (price - slow)
        seen += 1
        if seen <= slow_period:
            continue
        now = 1 if fast > slow else 0
        if now == side:
            continue
        side = now
        sent += 1
        if now:
            market.submit_buy_order(0, sent, ask + 0.05, size, GTC, LIMIT, False)
        else:
            market.submit_sell_order(0, sent, bid - 0.05, size, GTC, LIMIT, False)
        if sent % 50 == 0:
            market.clear_inactive_orders(0)
    return sent


def market_of(events):
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0, 0)
        .tick_size(0.01)
        .lot_size(1)
        .roi_lb(1)
        .roi_ub(1000)
        .last_trades_capacity(0)
    )
    return ROIVectorMarketDepthBacktest([asset])


def main():
    _, columns = asked()
    events = np.zeros(4 * len(columns["ts"]), event_dtype)
    count = fill_events(events, columns["ts"], columns["bid"], columns["ask"])
    events = events[:count].copy()
    for _ in range(2):  # the first run compiles
        market = market_of(events)
        clock = Clock()
        cross(market, float(FAST), float(SLOW), float(SIZE))
        clock.stop()
        state = market.state_values(0)
        fills, cash, position = state.num_trades, state.balance, state.position
        market.close()
    mid = (columns["bid"][-1] + columns["ask"][-1]) / 2
    tell("hftbacktest", clock, fills, 1_000_000 + cash + position * mid)


main()
