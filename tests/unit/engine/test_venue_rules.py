"""The venue's finer rules: stale quotes, lots, and bars that gap."""

import msgspec
from tests.rehearsal import rehearse

from offbook.domain import records as r
from offbook.domain.calendars import TradingCalendar
from offbook.domain.orders import OrderSide, OrderStatus, TimeInForce
from offbook.testing.markets import MINUTE, SECOND, START, XYZ, bars_market, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
HOUR = 60 * MINUTE
TWO_DAYS = TradingCalendar(
    name="TEST",
    opens=(START, START + 24 * HOUR),
    closes=(START + HOUR, START + 25 * HOUR),
)


def test_an_order_at_the_opening_does_not_meet_yesterdays_quote() -> None:
    """A quote is good for its session: the first trade of a day is at a price of that day."""
    market = quotes_market(
        [("99", "100"), ("119", "120")], instrument=XYZ, times=[START, START + 24 * HOUR + SECOND]
    )
    rehearsal = rehearse(market, calendar=TWO_DAYS)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "1", at=START + 24 * HOUR)
    rehearsal.rest()
    (fill,) = rehearsal.fills
    assert fill.last_px == 12000


def test_an_immediate_order_before_the_first_quote_of_a_session_is_canceled() -> None:
    """There is no market yet that it could meet."""
    market = quotes_market(
        [("99", "100"), ("99", "100")], instrument=XYZ, times=[START, START + 24 * HOUR + SECOND]
    )
    rehearsal = rehearse(market, calendar=TWO_DAYS)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "1", tif=TimeInForce.IOC, at=START + 24 * HOUR)
    rehearsal.rest()
    assert rehearsal.order("A").order_status is OrderStatus.CANCELED


def test_fills_come_in_whole_lots_on_quotes() -> None:
    """Data is stored finer than the venue trades; a part of a lot could never be sold again."""
    import msgspec

    hundreds = msgspec.structs.replace(XYZ, lot_size="100")
    rows = [
        ("99", "101"),
        ("99", "100", "5", "250"),
        ("98", "99", "5", "99"),
        ("97", "98", "5", "180"),
    ]
    rehearsal = rehearse(quotes_market(rows, instrument=hundreds), cash="1000000")
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "400", "100")
    rehearsal.rest()
    assert [fill.last_qty for fill in rehearsal.fills] == [200, 100]


def test_fills_come_in_whole_lots_on_bars() -> None:
    """A tenth of the volume, down to the lot."""
    import msgspec

    hundreds = msgspec.structs.replace(XYZ, lot_size="100")
    rows = [("100", "100", "100", "100", "1")] + [("100", "101", "99", "100", "1990")] * 2
    rehearsal = rehearse(bars_market(rows, instrument=hundreds), cash="1000000")
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "200")
    rehearsal.rest()
    assert [fill.last_qty for fill in rehearsal.fills] == [100, 100]


def test_a_resting_buy_fills_inside_a_bar_that_lies_wholly_below_it() -> None:
    """A fill outside the market of its moment is a defect: the bar's highest price it is."""
    rows = [
        ("101", "102", "101", "101", "1000"),
        ("101", "102", "100.50", "101", "1000"),
        ("95", "96", "94", "95", "1000"),
    ]
    rehearsal = rehearse(bars_market(rows, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "5", "100")
    rehearsal.rest()
    (fill,) = rehearsal.fills
    assert fill.last_px == 9600


def test_a_resting_sell_fills_inside_a_bar_that_lies_wholly_above_it() -> None:
    """The other way round: the bar's lowest price."""
    rows = [
        ("99", "99", "98", "99", "1000"),
        ("99", "99", "98", "99", "1000"),
        ("99", "99.50", "98", "99", "1000"),
        ("105", "106", "104", "105", "1000"),
    ]
    rehearsal = rehearse(bars_market(rows, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("open", BUY, "5")
    rehearsal.rows(1)
    rehearsal.send("A", SELL, "5", "100")
    rehearsal.rest()
    assert rehearsal.fills[-1].last_px == 10400


def test_a_bar_outside_market_hours_does_not_use_up_an_orders_opening() -> None:
    """The first bar that counts is the first in which the order competes."""
    opens = [START, START + 2 * HOUR, START + 3 * HOUR, START + 24 * HOUR]
    rows = [("100", "100", "100", "100", "9000")] * 3 + [("95", "101", "95", "100", "9000")]
    market = bars_market(rows, instrument=XYZ, times=opens)
    rehearsal = rehearse(market, calendar=TWO_DAYS)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "5", "99")
    rehearsal.rest()
    (fill,) = rehearsal.fills
    assert fill.last_px == 9500


def test_a_long_quiet_slice_is_watched_to_its_end() -> None:
    """Looking ahead is done in stretches; where one ends means nothing."""
    rows = [("99", "101")] * 9000 + [("98", "99")] + [("99", "101")] * 3000
    market = quotes_market(rows, instrument=XYZ)
    found = []
    for cut in (20_000, 4096, 1000):
        rehearsal = rehearse(market)
        rehearsal.rows(1)
        rehearsal.send("A", BUY, "1", "100")
        while rehearsal.engine.cursor.row < len(rows):
            rehearsal.rows(cut)
        found.append(rehearsal.raws)
    assert found[0] == found[1] == found[2]
    assert rehearsal.fills[0].evidence.row == 9000


def test_a_liquidation_is_for_all_that_is_held_however_little_it_is_worth() -> None:
    """Eleven at 100 are worth 440 after the fall, less than the venue takes of others."""
    small = msgspec.structs.replace(XYZ, min_notional="500")
    rows = [("100", "100", "50", "50")] * 2 + [("40", "40", "50", "50")] * 2
    account = {"type": "margin", "leverage": "4"}
    rehearsal = rehearse(quotes_market(rows, instrument=small), account=account, cash="300")
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "11")
    rehearsal.rest()
    assert rehearsal.position == 0
    assert len(rehearsal.of(r.MarginCalled)) == len(rehearsal.of(r.MarginRestored)) == 1
