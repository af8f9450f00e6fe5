"""Fees, latency and keyed randomness."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.made_fees import fees, singles

from offbook.domain.config import (
    BasisPointsFee,
    BasisPointsSlippage,
    FeeConfig,
    FeeRounding,
    FlatFee,
    LatencyConfig,
    NoSlippage,
    PerUnitFee,
    SingleFee,
    SlippageConfig,
    SpreadSlippage,
    SquareRootSlippage,
    SumFee,
    VolumeShareSlippage,
)
from offbook.domain.instruments import Instrument
from offbook.domain.orders import Liquidity, OrderSide
from offbook.domain.record_parts import Evidence
from offbook.domain.values import AMOUNT_SCALE, Amount
from offbook.engine.models.charging import ACCRUAL, NOTHING, Occasion, Traded
from offbook.engine.models.draws import draw, quantile
from offbook.engine.models.fees import Charges
from offbook.engine.models.latency import latency_model
from offbook.engine.models.slippage import slippage_model, slipped
from offbook.testing.markets import XYZ

ADDED, REMOVED = Liquidity.ADDED, Liquidity.REMOVED
CENT = AMOUNT_SCALE // 100

EXACT = FeeRounding.UP

trades = st.lists(
    st.tuples(st.integers(1, 10**22), st.integers(1, 10**24), st.sampled_from(Liquidity)),
    min_size=1,
    max_size=12,
)
IN_YEN = msgspec.structs.replace(XYZ, quote_currency="JPY")
IN_COIN = msgspec.structs.replace(XYZ, quote_currency="USDT")
instruments = st.sampled_from([XYZ, IN_YEN, IN_COIN])
"""With charges in cents, in whole units and in 10**-8."""
roundings = st.sampled_from(FeeRounding)

Trade = tuple[int, int, Liquidity]


def after(charges: Charges, traded: Traded, trade: Trade, instrument: Instrument) -> Traded:
    """What an order has traded after one more fill, with its charges."""
    qty, notional, liquidity = trade
    added = notional if liquidity is ADDED else 0
    then = Traded(traded.qty + qty, traded.notional + notional, traded.added + added)
    on = Occasion(side=OrderSide.SELL, instrument=instrument, ts=0, volume=0)
    return charges.accrue(traded, then, on)


def bookings(
    charges: Charges, fills: list[Trade], instrument: Instrument = XYZ
) -> tuple[list[int], Traded]:
    """What each fill books, as the engine does it, and what was traded."""
    paid: list[int] = []
    traded = Traded()
    for fill in fills:
        then = after(charges, traded, fill, instrument)
        paid.append(charges.fee(traded, then, sum(paid), instrument))
        traded = then
    return paid, traded


CAPPED = PerUnitFee(per_unit="0.0035", minimum="0.35", maximum_percent="1")


@pytest.mark.parametrize(
    ("config", "liquidity", "qty", "notional", "fee"),
    [
        (BasisPointsFee(maker="2", taker="5.5"), ADDED, "1", "1000", "0.2"),
        (BasisPointsFee(maker="2", taker="5.5"), REMOVED, "1", "1000", "0.55"),
        (BasisPointsFee(maker="2", taker="5.5"), REMOVED, "1", "1", "0.01"),
        (BasisPointsFee(maker="0", taker="0"), REMOVED, "1", "1000", "0"),
        (BasisPointsFee(maker="0.0001", taker="1000"), ADDED, "1", "1000000", "0.01"),
        (BasisPointsFee(maker="0.0001", taker="1000"), REMOVED, "1", "50", "5"),
        (BasisPointsFee(maker="-1", taker="3"), ADDED, "1", "1000", "-0.1"),
        (BasisPointsFee(maker="-1", taker="3"), ADDED, "1", "199", "-0.01"),
        (FlatFee(per_order="1.50"), ADDED, "1", "1", "1.5"),
        (FlatFee(per_order="0"), REMOVED, "1", "1", "0"),
        (FlatFee(per_order="0.001"), REMOVED, "1", "1", "0.01"),
        (CAPPED, REMOVED, "1000", "100000", "3.5"),
        (CAPPED, REMOVED, "10", "1000", "0.35"),
        (CAPPED, REMOVED, "10", "20", "0.2"),
        (PerUnitFee(per_unit="0.65", maximum="5"), REMOVED, "8", "1", "5"),
        (PerUnitFee(per_unit="0.65", maximum="5"), REMOVED, "7", "1", "4.55"),
        (
            SumFee(parts=(CAPPED, BasisPointsFee(maker="0", taker="0.1"))),
            REMOVED,
            "10",
            "1000",
            "0.36",
        ),
        (
            SumFee(parts=(FlatFee(per_order="0.004"), FlatFee(per_order="0.004"))),
            ADDED,
            "1",
            "1",
            "0.01",
        ),
    ],
)
def test_a_fill_costs_what_the_model_says(
    config: FeeConfig, liquidity: Liquidity, qty: str, notional: str, fee: str
) -> None:
    """In cents, rounded up."""
    fill = (Amount.parse(qty), Amount.parse(notional), liquidity)
    (paid,), _ = bookings(Charges(config, EXACT), [fill])
    assert str(Amount(paid)) == fee


@pytest.mark.parametrize(
    ("rounding", "paid"),
    [
        (FeeRounding.UP, ["0.01", "0", "0.01"]),
        (FeeRounding.HALF_EVEN, ["0", "0.01", "0.01"]),
        (FeeRounding.PER_FILL_HALF_UP, ["0.01", "0.01", "0.01"]),
        (FeeRounding.EXACT, ["0.005", "0.005", "0.005"]),
    ],
)
def test_three_fills_of_half_a_cent(rounding: FeeRounding, paid: list[str]) -> None:
    """0.005, 0.010 and 0.015 in all: rounded as a sum, or each by itself."""
    charges = Charges(BasisPointsFee(maker="10", taker="10"), rounding)
    fills = [(AMOUNT_SCALE, 5 * AMOUNT_SCALE, REMOVED)] * 3
    assert [str(Amount(fee)) for fee in bookings(charges, fills)[0]] == paid


@given(fees, trades, instruments)
def test_together_fees_are_the_exact_charge_rounded_up_once(
    config: FeeConfig, fills: list[Trade], instrument: Instrument
) -> None:
    """However the order was filled, rebates included."""
    charges, unit = Charges(config, EXACT), instrument.charge_unit
    paid, traded = bookings(charges, fills, instrument)
    assert traded.accrued <= sum(paid) * ACCRUAL
    assert sum(paid) * ACCRUAL < traded.accrued + unit * ACCRUAL
    assert all(fee % unit == 0 for fee in paid)


@given(fees, trades, instruments, roundings)
def test_a_reservation_for_the_worst_case_always_suffices(
    config: FeeConfig, fills: list[Trade], instrument: Instrument, rounding: FeeRounding
) -> None:
    """After every fill what was paid and what may still come stay within the first estimate."""
    charges = Charges(config, rounding)
    qty, notional = sum(fill[0] for fill in fills), sum(fill[1] for fill in fills)
    traded, paid = NOTHING, 0
    estimate = charges.most(traded, qty, notional, 0, instrument)
    for fill in fills:
        then = after(charges, traded, fill, instrument)
        paid += charges.fee(traded, then, paid, instrument)
        traded, qty, notional = then, qty - fill[0], notional - fill[1]
        assert paid <= estimate
        assert paid + charges.most(traded, qty, notional, paid, instrument) <= estimate


@given(singles, trades, instruments)
def test_many_small_fills_cost_no_more_than_one(
    config: SingleFee, fills: list[Trade], instrument: Instrument
) -> None:
    """Of the same value on the same side of the book: exactly the same."""
    charges = Charges(config, EXACT)
    alike = [(qty, notional, REMOVED) for qty, notional, _ in fills]
    whole = [(sum(f[0] for f in fills), sum(f[1] for f in fills), REMOVED)]
    paid = sum(bookings(charges, alike, instrument)[0])
    assert paid == sum(bookings(charges, whole, instrument)[0])


def test_a_flat_fee_is_taken_once() -> None:
    """At the first fill, whatever its size."""
    fills = [(1, 1, ADDED), (1, 10**24, REMOVED)]
    paid, _ = bookings(Charges(FlatFee(per_order="1"), EXACT), fills)
    assert paid == [AMOUNT_SCALE, 0]


QUOTED = Evidence(
    row=0, row_ts=0, model="m", rule="r", available_qty=9, bid_px=9_990, ask_px=10_010
)
BARRED = Evidence(
    row=0,
    row_ts=0,
    model="m",
    rule="r",
    available_qty=9,
    open_px=10_000,
    high_px=10_003,
    low_px=9_998,
    close_px=10_000,
)
TENTH = BasisPointsSlippage(bps="10", quotes=True)
HALF = SpreadSlippage(share="0.5", assumed_spread="0.03", quotes=True)


@pytest.mark.parametrize(
    ("config", "seen", "side", "px", "limit", "after"),
    [
        (TENTH, QUOTED, OrderSide.BUY, 10_010, None, 10_021),  # 100.11001, up to a tick
        (TENTH, QUOTED, OrderSide.SELL, 9_990, None, 9_980),  # 99.80010, down to one
        (TENTH, QUOTED, OrderSide.BUY, 10_010, 10_015, 10_015),  # never beyond its limit
        (BasisPointsSlippage(bps="10"), QUOTED, OrderSide.BUY, 10_010, None, 10_010),
        (BasisPointsSlippage(bps="0.0001"), BARRED, OrderSide.BUY, 10_000, None, 10_001),
        (TENTH, BARRED, OrderSide.BUY, 10_000, None, 10_003),  # never outside its bar
        (TENTH, BARRED, OrderSide.SELL, 10_000, None, 9_998),
        (HALF, QUOTED, OrderSide.BUY, 10_010, None, 10_020),
        (HALF, BARRED, OrderSide.BUY, 10_000, None, 10_002),  # 1.5 ticks are two
        (HALF, BARRED, OrderSide.SELL, 10_000, None, 9_998),
    ],
)
def test_a_taker_slips_against_itself_within_limit_and_bar(
    config: SlippageConfig, seen: Evidence, side: OrderSide, px: int, limit: int | None, after: int
) -> None:
    """And its evidence shows the price without it, unless nothing was asked for here."""
    model = slippage_model(config)
    assert model is not None
    price, shown = slipped(model, side, 9, px, limit, seen, XYZ)
    assert price == after
    if config == BasisPointsSlippage(bps="10"):
        assert shown == seen
    else:
        assert (shown.base_px, shown.slippage_px) == (px, abs(after - px))
        assert shown.slippage_model == model.name


@pytest.mark.parametrize(
    ("qty", "volume", "after"),
    [
        (1, 10_000, 10_001),  # a 100th of 100 bps of 10,000 ticks is 1
        (100, 10_000, 10_010),  # a tenth
        (2_500, 10_000, 10_050),  # a half
        (10_000, 10_000, 10_100),  # all of it
        (101, 10_000, 10_011),  # rounded against the client
    ],
)
def test_impact_grows_with_the_root_of_participation(qty: int, volume: int, after: int) -> None:
    """100 basis points for all of the volume that a bar shows."""
    model = slippage_model(SquareRootSlippage(bps="100"))
    assert model is not None
    seen = msgspec.structs.replace(BARRED, high_px=20_000, volume_qty=volume)
    bought, shown = slipped(model, OrderSide.BUY, qty, 10_000, None, seen, XYZ)
    sold, _ = slipped(
        model,
        OrderSide.SELL,
        qty,
        10_000,
        None,
        msgspec.structs.replace(seen, low_px=1),
        XYZ,
    )
    assert (bought, 20_000 - sold) == (after, after)
    assert (shown.slippage_px, shown.slippage_model) == (after - 10_000, "square-root.1")


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**7))
def test_the_root_is_exact_to_eight_decimals_and_never_too_small(
    qty: int, volume: int, px: int
) -> None:
    """Against the same in decimals."""
    model = slippage_model(SquareRootSlippage(bps="37.5"))
    assert model is not None
    seen = msgspec.structs.replace(BARRED, volume_qty=volume)
    part, whole = model.move(OrderSide.BUY, px, qty, seen, XYZ)
    root = (Decimal(qty) / max(volume, qty)).sqrt()
    exact = px * Decimal("0.00375") * root
    moved = Decimal(part) / whole
    assert exact - Decimal("1e-12") <= moved <= exact + px * Decimal("0.00375") / 10**8


def test_slippage_may_be_told_to_leave_the_bar() -> None:
    """Not the order's limit."""
    model = slippage_model(BasisPointsSlippage(bps="10"))
    assert model is not None
    for limit, after in ((None, 10_010), (10_007, 10_007)):
        price, _ = slipped(model, OrderSide.BUY, 9, 10_000, limit, BARRED, XYZ, in_bar=False)
        assert price == after
    price, _ = slipped(model, OrderSide.SELL, 9, 10_000, None, BARRED, XYZ, in_bar=False)
    assert price == 9_990


@pytest.mark.parametrize(
    ("qty", "after"),
    [(10, 10_000), (100, 10_010), (500, 10_250), (1_000, 11_000), (2_000, 11_000), (1, 10_001)],
)
def test_impact_by_the_square_of_participation(qty: int, after: int) -> None:
    """A tenth of the price for all of 1,000, as far as it is not rounded."""
    model = slippage_model(VolumeShareSlippage())
    assert model is not None
    seen = msgspec.structs.replace(BARRED, high_px=20_000, volume_qty=1_000)
    part, whole = model.move(OrderSide.BUY, 10_000, qty, seen, XYZ)
    share = Decimal(min(qty, 1_000)) / 1_000
    assert Decimal(part) / whole == 1_000 * share * share
    assert abs(slipped(model, OrderSide.BUY, qty, 10_000, None, seen, XYZ)[0] - after) <= 1


@pytest.mark.parametrize(
    ("level", "side", "after"),
    [(None, OrderSide.BUY, 10_010), (None, OrderSide.SELL, 9_980), (400, OrderSide.BUY, 10_005)],
)
def test_impact_on_quotes_goes_by_what_is_shown(
    level: int | None, side: OrderSide, after: int
) -> None:
    """Not by what the session has left of it; in a book by the level that is taken."""
    model = slippage_model(SquareRootSlippage(bps="100", quotes=True))
    assert model is not None
    seen = msgspec.structs.replace(
        QUOTED, available_qty=1, ask_qty=100, bid_qty=25, level_qty=level
    )
    assert slipped(model, side, 1, 10_000, None, seen, XYZ)[0] == after


def test_no_slippage_is_no_model() -> None:
    """So fills do not ask for one."""
    assert slippage_model(NoSlippage()) is None


@given(st.integers(0, 60_000_000_000), st.integers(0, 60_000_000_000), st.integers(0, 99))
def test_a_constant_delay_is_the_same_for_every_message(entry: int, back: int, n: int) -> None:
    """Of every order and every session."""
    model = latency_model(LatencyConfig(entry_ns=entry, response_ns=back))
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
