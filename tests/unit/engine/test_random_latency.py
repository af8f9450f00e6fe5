"""Random delays: tables that are the same everywhere, and messages that keep their order."""

import statistics
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rehearsal import rehearse

from offbook.domain import records as r
from offbook.domain.commands import SubmitOrder
from offbook.domain.config import (
    EmpiricalDelay,
    LatencyConfig,
    LogNormalDelay,
    NormalDelay,
    VenueLatency,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.engine.models.latency import delays, latency_model
from offbook.testing.markets import SECOND, START, XYZ, combined, quotes_market

MS = 1_000_000
ABC = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")


def test_a_normal_delay_has_its_mean_and_deviation() -> None:
    """As far as a table of 1,024 goes, and none below the least."""
    table = delays(NormalDelay(mean_ns=20 * MS, deviation_ns=5 * MS))
    assert len(table) == 1024
    assert list(table) == sorted(table)
    assert statistics.mean(table) == pytest.approx(20 * MS, rel=1e-3)
    assert statistics.pstdev(table) == pytest.approx(5 * MS, rel=1e-2)
    held = delays(NormalDelay(mean_ns=MS, deviation_ns=MS, least_ns=MS // 2))
    assert min(held) == MS // 2


def test_a_log_normal_delay_has_its_median_and_tail() -> None:
    """The logarithms are normal; the least comes on top."""
    table = delays(LogNormalDelay(median_ns=20 * MS, sigma="0.5"))
    assert (table[511] + table[512]) / 2 == pytest.approx(20 * MS, rel=1e-3)
    assert table[1023] / table[512] == pytest.approx(5.2, rel=0.02)  # exp(0.5 * 3.297)
    later = delays(LogNormalDelay(median_ns=20 * MS, sigma="0.5", least_ns=3 * MS))
    assert [one - 3 * MS for one in later] == list(table)


def test_the_tables_are_the_same_on_every_machine() -> None:
    """Told here to the nanosecond."""
    table = delays(LogNormalDelay(median_ns=20 * MS, sigma="0.5"))
    assert (table[0], table[100], table[700], table[1023]) == (
        3846534,
        10481524,
        25415425,
        103989698,
    )


def test_a_measured_delay_is_one_of_those_that_were_measured() -> None:
    """All of them, about equally often."""
    model = latency_model(
        LatencyConfig(entry=EmpiricalDelay(quantiles_ns=(1, 2, 9)), response_ns=7)
    )
    drawn = [model.entry(3, order, 0) for order in range(3000)]
    assert {drawn.count(one) // 100 for one in (1, 2, 9)} <= {9, 10}
    assert model.response(3, 1, 5) == 7


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 30 * MS), min_size=2, max_size=12),
)
def test_no_message_overtakes_an_earlier_one(seed: int, gaps: list[int]) -> None:
    """On either way, whatever is drawn; and what was drawn differs."""
    slow = LogNormalDelay(median_ns=20 * MS, sigma="1.5")
    market = quotes_market([("100", "101")] * 2, instrument=XYZ, step=1000 * SECOND)
    going = rehearse(market, latency=LatencyConfig(entry=slow, response=slow), seed=seed)
    going.rows(1)
    for place, gap in enumerate(gaps):
        going.advance(going.engine.now + gap)
        going.send(f"order-{place}", OrderSide.BUY, "1", "90")
    going.advance(going.engine.now + 100 * SECOND)
    sent = going.records
    submitted = [one.due for one in sent if isinstance(one, r.OrderSubmitted)]
    accepted = [one.due for one in sent if isinstance(one, r.OrderAccepted)]
    assert len(submitted) == len(gaps)
    assert submitted == sorted(submitted)
    assert accepted == sorted(accepted)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 30 * MS), min_size=4, max_size=12))
def test_each_venue_keeps_the_order_of_its_own_messages(seed: int, gaps: list[int]) -> None:
    """And draws from its own table; what is sent to one is at times overtaken by what is sent to
    the other, which is never slower than 1 ms."""
    slow = LogNormalDelay(median_ns=20 * MS, sigma="1.5", least_ns=MS)
    fast = EmpiricalDelay(quantiles_ns=(1, 7, MS))
    near = VenueLatency(name="near", symbols=("ABC",), entry=fast, response=fast)
    step = 1000 * SECOND
    market = combined(
        quotes_market([("100", "101")] * 2, instrument=XYZ, step=step),
        quotes_market([("100", "101")] * 2, instrument=ABC, step=step),
    )
    latency = LatencyConfig(entry=slow, response=slow, venues=(near,))
    going = rehearse(market, latency=latency, seed=seed)
    going.rows(2)
    for place, gap in enumerate(gaps):
        going.advance(going.engine.now + gap)
        symbol = ("ABC", "XYZ")[place % 2]
        order = OrderRequest(
            symbol=symbol, side=OrderSide.BUY, order_qty="1", order_type=OrderType.LIMIT, price="90"
        )
        going.take(lambda name, order=order: SubmitOrder(command_id=name, order=order))
    going.advance(going.engine.now + 100 * SECOND)
    sent = going.of(r.OrderSubmitted)
    assert len(sent) == len(gaps)
    for symbol in ("ABC", "XYZ"):
        mine = {one.order for one in sent if one.symbol == symbol}
        dues = [one.due for one in sent if one.order in mine]
        accepted = [one.due for one in going.of(r.OrderAccepted) if one.order in mine]
        assert dues == sorted(dues)
        assert accepted == sorted(accepted)
    for one in sent:
        assert one.due - one.ts <= MS if one.symbol == "ABC" else one.due - one.ts >= MS


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LatencyConfig(entry_ns=-1), "venue.latency.entry_ns"),
        (lambda: NormalDelay(mean_ns=-1, deviation_ns=1), "venue.latency.mean_ns"),
        (lambda: LogNormalDelay(median_ns=1, sigma="3.1"), "venue.latency.sigma"),
        (lambda: EmpiricalDelay(quantiles_ns=()), "venue.latency.quantiles_ns"),
        (lambda: EmpiricalDelay(quantiles_ns=(2, 1)), "venue.latency.quantiles_ns"),
    ],
)
def test_bad_delays_are_refused_by_name(make: Callable[[], object], field: str) -> None:
    """Before anything runs."""
    with pytest.raises(InvalidConfig) as caught:
        make()
    assert caught.value.fields["field"] == field


@pytest.mark.parametrize("data_ns", [0, SECOND, 3 * SECOND])
def test_an_order_meets_rows_by_session_time_whatever_the_data_took(data_ns: int) -> None:
    """As the page about latency says: the way of market data is a part of the entry, or of
    nothing."""
    quotes = [(str(100 + i), str(101 + i)) for i in range(10)]
    received = [START + i * SECOND for i in range(10)]
    events = [ts - data_ns for ts in received]
    market = quotes_market(quotes, instrument=XYZ, times=received, events=events)
    latency = LatencyConfig(entry_ns=SECOND + SECOND // 2, response_ns=0)
    rehearsal = rehearse(market, latency=latency)
    rehearsal.rows(3)
    rehearsal.send("A", OrderSide.BUY, "1")
    rehearsal.rest()
    [fill] = rehearsal.fills
    assert (fill.evidence.row, fill.ts) == (3, received[3] + SECOND // 2)
