"""hftbacktest: quotes as depth events, and the strategy compiled by numba; timed once compiled."""

from answering import Clock, asked, tell
from crossing import PERIODS, SIZE
from hftbacktest import GTC, LIMIT
from numba import njit
from quote_events import FED, events_of, market_of

FAST, SLOW = PERIODS["quotes"]


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


def main():
    _, columns = asked()
    events = events_of(columns)
    for _ in range(2):  # the first run compiles
        market = market_of(events, 1000)
        clock = Clock()
        cross(market, float(FAST), float(SLOW), float(SIZE))
        clock.stop()
        state = market.state_values(0)
        fills, cash, position = state.num_trades, state.balance, state.position
        market.close()
    mid = (columns["bid"][-1] + columns["ask"][-1]) / 2
    tell("hftbacktest", clock, fills, 1_000_000 + cash + position * mid)


main()
