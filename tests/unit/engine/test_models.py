"""Fees, latency and keyed randomness."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.config import BasisPointsFee, ConstantLatency, FeeConfig, FlatFee
from offbook.domain.orders import Liquidity
from offbook.domain.values import AMOUNT_SCALE, Amount
from offbook.engine.models.draws import draw, quantile
from offbook.engine.models.fees import ACCRUAL, FeeModel, booked, fee_model
from offbook.engine.models.latency import latency_model

ADDED, REMOVED = Liquidity.ADDED, Liquidity.REMOVED
CENT = AMOUNT_SCALE // 100

rates = st.integers(0, 10_000_000).map(lambda units: f"{units / 10_000:.4f}")
fees = st.one_of(
    st.builds(BasisPointsFee, maker=rates, taker=rates),
    st.builds(FlatFee, per_order=st.integers(0, 10**6).map(lambda cents: f"{cents / 100:.2f}")),
)
trades = st.lists(
    st.tuples(st.integers(1, 10**24), st.sampled_from(Liquidity)), min_size=1, max_size=12
)
charge_units = st.sampled_from([1, 10**10, CENT, AMOUNT_SCALE])


def bookings(
    model: FeeModel, fills: list[tuple[int, Liquidity]], unit: int
) -> tuple[list[int], int]:
    """What each fill books, as the engine does it, and what was accrued."""
    paid, accrued, booked_so_far = [], 0, 0
    for notional, liquidity in fills:
        accrued += model.accrue(notional, liquidity, accrued)
        paid.append(booked(accrued, unit) - booked_so_far)
        booked_so_far += paid[-1]
    return paid, accrued


@pytest.mark.parametrize(
    ("config", "liquidity", "notional", "fee"),
    [
        (BasisPointsFee(maker="2", taker="5.5"), ADDED, "1000", "0.2"),
        (BasisPointsFee(maker="2", taker="5.5"), REMOVED, "1000", "0.55"),
        (BasisPointsFee(maker="2", taker="5.5"), REMOVED, "1", "0.01"),
        (BasisPointsFee(maker="0", taker="0"), REMOVED, "1000", "0"),
        (BasisPointsFee(maker="0.0001", taker="1000"), ADDED, "1000000", "0.01"),
        (BasisPointsFee(maker="0.0001", taker="1000"), REMOVED, "50", "5"),
        (FlatFee(per_order="1.50"), ADDED, "1", "1.5"),
        (FlatFee(per_order="0"), REMOVED, "1", "0"),
        (FlatFee(per_order="0.001"), REMOVED, "1", "0.01"),
    ],
)
def test_a_fill_costs_what_the_model_says(
    config: FeeConfig, liquidity: Liquidity, notional: str, fee: str
) -> None:
    """In cents, rounded up."""
    (paid,), _ = bookings(fee_model(config), [(Amount.parse(notional), liquidity)], CENT)
    assert str(Amount(paid)) == fee


@given(fees, trades, charge_units)
def test_no_charge_is_negative_and_together_they_are_the_rounded_sum(
    config: FeeConfig, fills: list[tuple[int, Liquidity]], unit: int
) -> None:
    """However the order was filled, it paid its exact charge rounded up once."""
    paid, accrued = bookings(fee_model(config), fills, unit)
    assert min(paid) >= 0
    assert accrued <= sum(paid) * ACCRUAL < accrued + unit * ACCRUAL
    assert all(fee % unit == 0 for fee in paid)


@given(fees, trades, charge_units)
def test_a_reservation_for_the_worst_case_always_suffices(
    config: FeeConfig, fills: list[tuple[int, Liquidity]], unit: int
) -> None:
    """After every fill what was paid and what may still come stay within the first estimate."""
    model = fee_model(config)
    left = sum(notional for notional, _ in fills)
    estimate = booked(model.worst(left, 0), unit)
    accrued = 0
    for notional, liquidity in fills:
        accrued += model.accrue(notional, liquidity, accrued)
        left -= notional
        still = booked(accrued + model.worst(left, accrued), unit) if left else 0
        assert booked(accrued, unit) <= estimate
        assert still <= estimate


@given(fees, trades, charge_units)
def test_many_small_fills_cost_no_more_than_one(
    config: FeeConfig, fills: list[tuple[int, Liquidity]], unit: int
) -> None:
    """Of the same value on the same side of the book: exactly the same."""
    model = fee_model(config)
    alike = [(notional, REMOVED) for notional, _ in fills]
    whole = [(sum(notional for notional, _ in fills), REMOVED)]
    assert sum(bookings(model, alike, unit)[0]) == sum(bookings(model, whole, unit)[0])


@given(fees, st.integers(0, 10**24), st.integers(0, 10**30))
def test_the_worst_case_is_no_less_than_either_side(
    config: FeeConfig, notional: int, accrued: int
) -> None:
    """And no more than the dearer of the two."""
    model = fee_model(config)
    both = [model.accrue(notional, liquidity, accrued) for liquidity in Liquidity]
    assert model.worst(notional, accrued) == max(both)


def test_a_flat_fee_is_taken_once() -> None:
    """At the first fill, whatever its size."""
    paid, _ = bookings(fee_model(FlatFee(per_order="1")), [(1, ADDED), (10**24, REMOVED)], CENT)
    assert paid == [AMOUNT_SCALE, 0]


@given(st.integers(0, 60_000_000_000), st.integers(0, 60_000_000_000), st.integers(0, 99))
def test_a_constant_delay_is_the_same_for_every_message(entry: int, back: int, n: int) -> None:
    """Of every order and every session."""
    model = latency_model(ConstantLatency(entry_ns=entry, response_ns=back))
    assert model.entry(seed=n, order=n, n=n) == entry
    assert model.response(seed=n, order=n, n=n) == back


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ((0, "latency", 1, 0), 2_863_356_139_158_306_126),
        ((0, "latency", 1, 1), 6_173_352_386_093_542_687),
        ((2**63 - 1, "queue", 10**6, 7), 1_242_909_404_852_470_945),
    ],
)
def test_draws_are_what_they_have_always_been(
    key: tuple[int, str, int, int], expected: int
) -> None:
    """Another number is another session: they decide records."""
    assert draw(*key) == expected


def test_a_draw_depends_on_every_part_of_its_key() -> None:
    """And on nothing else, such as how often was drawn before."""
    keys = [(0, "a", 0, 0), (1, "a", 0, 0), (0, "b", 0, 0), (0, "a", 1, 0), (0, "a", 0, 1)]
    assert len({draw(*key) for key in keys}) == len(keys)
    assert draw(0, "a", 0) == draw(0, "a", 0, 0)
    assert draw(1, "a", 11, 0) != draw(11, "a", 1, 0)


def test_a_quantile_table_is_met_evenly() -> None:
    """Ten thousand draws over ten entries: each about a thousand times."""
    table = tuple(range(0, 100, 10))
    met = Counter(quantile(draw(5, "even", ordinal), table) for ordinal in range(10_000))
    assert set(met) == set(table)
    assert all(850 < count < 1150 for count in met.values())


@given(st.lists(st.integers(), min_size=1, max_size=50).map(sorted), st.integers(0, 2**64 - 1))
def test_a_quantile_is_an_entry_and_grows_with_the_draw(table: list[int], value: int) -> None:
    """The least draw meets the first entry, the greatest the last."""
    entries = tuple(table)
    assert quantile(0, entries) == entries[0]
    assert quantile(2**64 - 1, entries) == entries[-1]
    assert quantile(value, entries) <= quantile(min(value + 2**58, 2**64 - 1), entries)
    assert quantile(value, entries) in entries
