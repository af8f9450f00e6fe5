"""hftbacktest with ten orders at rest, six limits of its own and four stops that are watched here.

It knows no bars and no stops: a bar is the quotes of a minute, and a stop is sent as an order that
trades at once when a quote reaches it.  All of it is compiled; timed once compiled.
"""

import numpy as np
from answering import Clock, asked, tell
from grid import CASH, FIRST_SIZE, MINUTE_NS, SIZE, last_mid
from hftbacktest import GTC, LIMIT
from numba import njit
from quote_events import FED, TICK, events_of, market_of

TIMED_OUT = 0
"""What waiting gives when there were no data."""


@njit
def send(market, number, buys, px, qty):
    """Send a limit order."""
    if buys:
        market.submit_buy_order(0, number, px, qty, GTC, LIMIT, False)
    else:
        market.submit_sell_order(0, number, px, qty, GTC, LIMIT, False)


@njit
def place(market, slots, numbers, stops_px, close, renews, sent):
    """At the close of a bar: send what does not rest, and replace all where it is time to."""
    orders = market.orders(0)
    for slot in range(len(slots)):
        buys, stops, ticks = slots[slot, 0] == 1, slots[slot, 1] == 1, slots[slot, 2]
        px = close + (ticks if buys == stops else -ticks)
        if stops:
            if renews or stops_px[slot] == 0:
                stops_px[slot] = px
            continue
        rests = numbers[slot] in orders
        if rests and not renews:
            continue
        if rests:
            market.cancel(0, numbers[slot], False)
        sent += 1
        numbers[slot] = sent
        send(market, sent, buys, px * TICK, SIZE)
    return sent


@njit
def pull_stops(market, slots, stops_px, bid, ask, sent):
    """Send the stops that a quote has reached, as orders that trade at once."""
    for slot in range(len(slots)):
        px = stops_px[slot]
        if px == 0:
            continue
        buys = slots[slot, 0] == 1
        if ask >= px if buys else bid <= px:
            stops_px[slot] = 0
            sent += 1
            send(market, sent, buys, (ask + 5 if buys else bid - 5) * TICK, SIZE)
    return sent


@njit
def run(market, slots, first_ts):
    """All bars, from one close to the next."""
    numbers = np.zeros(len(slots), np.int64)
    stops_px = np.zeros(len(slots), np.int64)
    bars, sent, bid, ask = 0, 0, 0, 0
    highest, lowest = 2**62, 0  # nearest stops, so that most quotes cost two comparisons
    ends = first_ts + MINUTE_NS - 1
    market.elapse(0)  # its clock stands at the first event from here on
    while True:
        told = market.wait_next_feed(False, ends - market.current_timestamp)
        if told == FED:
            depth = market.depth(0)
            if depth.best_bid < depth.best_ask:
                bid, ask = depth.best_bid_tick, depth.best_ask_tick
                if ask >= highest or bid <= lowest:
                    sent = pull_stops(market, slots, stops_px, bid, ask, sent)
                    highest, lowest = nearest(slots, stops_px)
            continue
        if told != TIMED_OUT:
            return sent
        ends += MINUTE_NS
        bars += 1
        market.clear_inactive_orders(0)
        if bars == 1:
            sent += 1
            send(market, sent, True, (ask + 5) * TICK, FIRST_SIZE)
        if bars >= 3:
            sent = place(market, slots, numbers, stops_px, (bid + ask) // 2, bars % 10 == 3, sent)
            highest, lowest = nearest(slots, stops_px)


@njit
def nearest(slots, stops_px):
    """The lowest stop that buys and the highest that sells."""
    highest, lowest = 2**62, 0
    for slot in range(len(slots)):
        px = stops_px[slot]
        if px and slots[slot, 0] == 1:
            highest = min(highest, px)
        elif px:
            lowest = max(lowest, px)
    return highest, lowest


def main():
    _, columns = asked()
    events = events_of(columns)
    for _ in range(2):  # the first run compiles
        market = market_of(events, 4000)
        clock = Clock()
        run(market, columns["slots"], int(columns["ts"][0]))
        clock.stop()
        state = market.state_values(0)
        fills, cash, position = state.num_trades, state.balance, state.position
        market.close()
    tell("hftbacktest", clock, fills, CASH + cash + position * last_mid(columns))


main()
