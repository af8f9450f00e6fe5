"""The other side of ``bench_depth.py``: the same quoting in hftbacktest, in whatever Python has it.

    python benchmarks/hftbacktest_quoting.py CAPTURE.gz LATENCY_NS

Prints seconds, fills and events of one run as JSON; the loop is compiled by a run before it.
"""

import json
import sys
import time

import numpy as np
from hftbacktest import GTX, LIMIT, BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.data.utils import binancefutures
from numba import njit

ROWS = 2_000_000
"""Room for the converter; by default it takes gigabytes."""


@njit
def free(hbt, order_id, px, best):
    """Whether a new order may be sent: the old one is gone, or is let go because the best price
    is another."""
    orders = hbt.orders(0)
    if order_id not in orders:
        return True
    if px == best:
        return False
    if orders.get(order_id).cancellable:
        hbt.cancel(0, order_id, False)
    return True


@njit
def quote(hbt):
    """A resting order on each side, looked at every 100 ms."""
    bid_id, ask_id, bid_px, ask_px, number = 0, 0, 0.0, 0.0, 1
    while hbt.elapse(100_000_000) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        if not depth.best_bid < depth.best_ask:
            continue
        if free(hbt, bid_id, bid_px, depth.best_bid):
            bid_id, bid_px, number = number, depth.best_bid, number + 1
            hbt.submit_buy_order(0, bid_id, bid_px, 0.01, GTX, LIMIT, False)
        if free(hbt, ask_id, ask_px, depth.best_ask):
            ask_id, ask_px, number = number, depth.best_ask, number + 1
            hbt.submit_sell_order(0, ask_id, ask_px, 0.01, GTX, LIMIT, False)


def run(data, latency_ns):
    """Seconds and fills of one run."""
    asset = (
        BacktestAsset()
        .data([data])
        .linear_asset(1.0)
        .constant_order_latency(latency_ns, latency_ns)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0002, 0.0005)
        .tick_size(0.1)
        .lot_size(0.001)
    )
    hbt = HashMapMarketDepthBacktest([asset])
    began = time.perf_counter()
    quote(hbt)
    seconds = time.perf_counter() - began
    fills = int(hbt.state_values(0).num_trades)
    hbt.close()
    return seconds, fills


def main():
    """Convert, compile, measure."""
    data = binancefutures.convert(sys.argv[1], buffer_size=ROWS)
    latency_ns = int(sys.argv[2])
    run(data[:20_000].copy(), latency_ns)
    seconds, fills = run(data, latency_ns)
    events = int(np.isin(data["ev"] & 0xFF, [1, 2, 4]).sum())
    sys.stdout.write("\n" + json.dumps({"seconds": seconds, "fills": fills, "events": events}))


if __name__ == "__main__":
    main()
