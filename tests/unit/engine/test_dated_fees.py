"""Charges that depend on the day: what US regulators take, and tiers by volume."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.config import (
    BoundedFee,
    ByInstrumentFee,
    DatedFee,
    DatedRate,
    FeeConfig,
    FeeGroup,
    FeeRounding,
    FlatFee,
    SharesFrom,
    SumFee,
    TieredFee,
    UsRegulatoryFee,
    VolumeTier,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.orders import OrderSide
from offbook.domain.values import AMOUNT_SCALE, Amount
from offbook.engine.models.charging import ACCRUAL, Occasion, Traded
from offbook.engine.models.fees import Charges, PriceList
from offbook.engine.models.us_rates import SEC_PER_MILLION, TAF_PER_SHARE
from offbook.testing.markets import BTCUSDT, XYZ

DAY_NS = 86_400_000_000_000
SELL, BUY = OrderSide.SELL, OrderSide.BUY
TIERS = TieredFee(
    tiers=(
        VolumeTier(volume="0", maker="10", taker="20"),
        VolumeTier(volume="1000000", maker="0", taker="10"),
        VolumeTier(volume="5000000", maker="-1", taker="4"),
    )
)


def at(text: str) -> int:
    """A time of New York's standard time zone (UTC - 5) in ns UTC."""
    moment = datetime.datetime.fromisoformat(text + "-05:00")
    return int(moment.timestamp()) * 10**9


def charged(
    config: FeeConfig,
    qty: str,
    value: str,
    *,
    side: OrderSide = SELL,
    ts: int = 0,
    volume: str = "0",
    instrument: Instrument = XYZ,
    maker: bool = False,
) -> str:
    """What one fill of a new order is charged exactly, before rounding."""
    charges = Charges(config, FeeRounding.UP)
    notional = int(Amount.parse(value))
    on = Occasion(side=side, instrument=instrument, ts=ts, volume=int(Amount.parse(volume)))
    after = Traded(int(Amount.parse(qty)), notional, notional if maker else 0)
    exact = Decimal(charges.accrue(Traded(), after, on).accrued) / (AMOUNT_SCALE * ACCRUAL)
    return f"{exact.normalize():f}"


@pytest.mark.parametrize(
    ("when", "charge"),
    [
        ("2024-05-21T15:00:00", "0.9660"),  # 8.00 a million, and 0.000166 a share
        ("2024-05-22T09:30:00", "2.9460"),  # 27.80 from this day on
        ("2025-05-13T19:59:59", "2.9460"),
        ("2025-05-14T04:00:00", "0.1660"),  # the SEC's fee is nothing
        ("2025-12-31T19:59:59", "0.1660"),
        ("2026-01-01T09:30:00", "0.1950"),
        ("2026-04-04T09:30:00", "2.2550"),
    ],
)
def test_a_sale_is_charged_at_the_rates_of_its_day_in_new_york(when: str, charge: str) -> None:
    """1,000 shares for 100,000 dollars."""
    assert Decimal(charged(UsRegulatoryFee(), "1000", "100000", ts=at(when))) == Decimal(charge)


SEC = UsRegulatoryFee(taf=())
TAF = UsRegulatoryFee(sec=())


@pytest.mark.parametrize(
    ("since", "rate", "before"),
    [
        # The SEC's fee rate advisories: dollars a million from a day on, and before it.
        ("2013-05-25", "17.4", "22.4"),
        ("2014-03-18", "22.1", "17.4"),
        ("2015-02-14", "18.4", "22.1"),
        ("2016-02-16", "21.8", "18.4"),
        ("2017-07-04", "23.1", "21.8"),
        ("2018-05-22", "13", "23.1"),
        ("2019-04-16", "20.7", "13"),
        ("2020-02-18", "22.1", "20.7"),
        ("2021-02-25", "5.1", "22.1"),
        ("2022-05-14", "22.9", "5.1"),
        ("2023-02-27", "8", "22.9"),
        ("2024-05-22", "27.8", "8"),
        ("2025-05-14", "0", "27.8"),
    ],
)
def test_a_million_sold_is_charged_what_the_sec_has_told(
    since: str, rate: str, before: str
) -> None:
    """From the first moment of its day on."""
    first = at(f"{since}T10:00:00")
    assert charged(SEC, "1", "1000000", ts=first) == rate
    assert charged(SEC, "1", "1000000", ts=first - DAY_NS) == before


@pytest.mark.parametrize(
    ("year", "rate", "maximum"),
    [
        # FINRA's Schedule A, section 1.
        (2013, "0.000119", "5.95"),
        (2022, "0.00013", "6.49"),
        (2023, "0.000145", "7.27"),
        (2024, "0.000166", "8.3"),
    ],
)
def test_a_share_sold_is_charged_what_finra_has_told(year: int, rate: str, maximum: str) -> None:
    """And a trade no more than its maximum."""
    for day in ("01-02", "12-30"):
        ts = at(f"{year}-{day}T10:00:00")
        assert charged(TAF, "10000", "1", ts=ts) == f"{Decimal(rate) * 10_000:f}".rstrip("0")
        assert charged(TAF, "1000000", "1", ts=ts) == maximum


def test_the_fee_per_share_has_its_maximum_by_trade() -> None:
    """100,000 shares at 0.000166 would be 16.60."""
    config = UsRegulatoryFee(sec=())
    assert charged(config, "100000", "1", ts=at("2024-06-03T10:00:00")) == "8.3"
    assert charged(config, "50000", "1", ts=at("2024-06-03T10:00:00")) == "8.3"
    assert charged(config, "49999", "1", ts=at("2024-06-03T10:00:00")) == "8.299834"


EACH = UsRegulatoryFee(round_each=True, cat=(DatedRate(since="2024-09-01", rate="0.000035"),))


@pytest.mark.parametrize(
    ("config", "qty", "value", "side", "when", "charge"),
    [
        # Alpaca's page on regulatory fees: each is rounded up to the penny, the fee on shares is
        # at most its maximum.
        (EACH, "10", "1000", SELL, "2023-06-05", "0.02"),  # 0.008 and 0.00145
        (UsRegulatoryFee(), "10", "1000", SELL, "2023-06-05", "0.00945"),
        (EACH, "10", "1000", SELL, "2024-09-03", "0.05"),  # 0.0278, 0.00166 and 0.00035
        (EACH, "10", "1000", BUY, "2024-09-03", "0.01"),
        (EACH, "60000", "60000", SELL, "2024-06-03", "9.97"),  # 1.668 and 8.30
        (EACH, "10", "1000", BUY, "2024-06-03", "0"),
        # Interactive Brokers' comparison of its prices: 200,000 shares sold at 5 are charged 8.00
        # and 7.27, besides its commission of 1,000.
        (UsRegulatoryFee(), "200000", "1000000", SELL, "2023-06-05", "15.27"),
    ],
)
def test_each_may_be_rounded_up_by_itself(
    config: UsRegulatoryFee, qty: str, value: str, side: OrderSide, when: str, charge: str
) -> None:
    """Where two of them are less than a cent, the order pays two cents and not one."""
    assert charged(config, qty, value, side=side, ts=at(f"{when}T10:00:00")) == charge


def test_what_is_rounded_each_is_rounded_once_for_an_order() -> None:
    """Ten fills of a share are charged as one of ten, and never more than was held for them."""
    charges = Charges(EACH, FeeRounding.UP)
    traded, paid = Traded(), 0
    held = charges.most(traded, 10 * AMOUNT_SCALE, 1000 * AMOUNT_SCALE, 0, XYZ)
    on = Occasion(side=SELL, instrument=XYZ, ts=at("2024-09-03T10:00:00"), volume=0)
    for n in range(1, 11):
        then = charges.accrue(traded, Traded(n * AMOUNT_SCALE, n * 100 * AMOUNT_SCALE), on)
        paid += charges.fee(traded, then, paid, XYZ)
        traded = then
        rest = (10 - n) * AMOUNT_SCALE
        assert paid + charges.most(traded, rest, rest * 100, paid, XYZ) <= held
    assert str(Amount(paid)) == "0.05"


def test_purchases_pay_for_the_audit_trail_alone() -> None:
    """And only at the rates that were stated, from their day on."""
    config = UsRegulatoryFee(cat=(DatedRate(since="2024-09-01", rate="0.000035"),))
    later, before = at("2024-09-03T10:00:00"), at("2024-08-30T10:00:00")
    assert charged(config, "1000", "100000", side=BUY, ts=later) == "0.035"
    assert charged(config, "1000", "100000", side=BUY, ts=before) == "0"
    assert charged(UsRegulatoryFee(), "1000", "100000", side=BUY, ts=later) == "0"


def test_a_buy_holds_nothing_for_what_only_sales_are_charged() -> None:
    """Of an order whose side is not told the fees of a sale are held."""
    stated = UsRegulatoryFee(cat=(DatedRate(since="2024-09-01", rate="0.000035"),))
    for config, buy in ((UsRegulatoryFee(), "0"), (stated, "0.04"), (EACH, "0.04")):
        charges = Charges(config, FeeRounding.UP)
        terms = (Traded(), 1000 * AMOUNT_SCALE, 10**5 * AMOUNT_SCALE, 0, XYZ)
        assert str(Amount(charges.most(*terms, BUY))) == buy
        assert charges.most(*terms) == charges.most(*terms, SELL) > charges.most(*terms, BUY)


@pytest.mark.parametrize(
    "instrument", [BTCUSDT, msgspec.structs.replace(XYZ, quote_currency="EUR")]
)
def test_only_stocks_in_dollars_are_charged(instrument: Instrument) -> None:
    """Coins and foreign stocks are not."""
    ts = at("2024-06-03T10:00:00")
    assert charged(UsRegulatoryFee(), "10", "1000", ts=ts, instrument=instrument) == "0"
    charges = Charges(UsRegulatoryFee(), FeeRounding.UP)
    assert charges.most(Traded(), 10**19, 10**21, 0, instrument) == 0
    assert instrument.asset_class is AssetClass.CRYPTO_SPOT or instrument.quote_currency == "EUR"


@pytest.mark.parametrize(
    ("day", "fee"),
    [
        ("2007-03-17", "153.75"),  # 15.30 a million: the SEC's press release 2006-194
        ("2008-01-24", "153.75"),
        ("2008-01-25", "110.75"),  # 11.00: 2007-89
        ("2008-04-01", "56.75"),  # 5.60: FINRA's Information Notice 3/10/08
        ("2009-04-09", "56.75"),
        ("2009-04-10", "257.75"),  # 25.70: 2009-100, and Notice 10/2/09
        ("2010-01-15", "127.75"),  # 12.70: 2009-270
        ("2010-04-01", "169.75"),  # 16.90: Notice 3/10/10
        ("2011-01-21", "192.75"),  # 19.20: 2010-255
        ("2011-06-30", "192.75"),
        ("2011-07-01", "192.9"),  # 0.000090 a share: Regulatory Notice 11-27
        ("2012-02-21", "180.9"),  # 18.00: the SEC's order of 2012-01-20
        ("2012-03-01", "180.95"),  # 0.000095: Regulatory Notice 12-06
        ("2012-04-01", "224.95"),  # 22.40: the SEC's press release 2012-232
    ],
)
def test_sales_of_earlier_years_are_charged_at_their_rates(day: str, fee: str) -> None:
    """10,000 shares for ten millions."""
    ts = at(f"{day}T15:00:00")
    assert charged(UsRegulatoryFee(), "10000", "10000000", side=SELL, ts=ts) == fee
    ts = at("2004-11-01T15:00:00")
    assert charged(UsRegulatoryFee(), "60000", "1000000", side=SELL, ts=ts) == "3.75"


def test_the_rates_that_ship_are_in_order() -> None:
    """Ascending by day, as configurations must be."""
    UsRegulatoryFee(sec=SEC_PER_MILLION, taf=TAF_PER_SHARE)


@pytest.mark.parametrize(
    ("volume", "maker", "taker"),
    [
        ("0", "10", "20"),
        ("999999.99", "10", "20"),
        ("1000000", "0", "10"),
        ("5000000", "-1", "4"),
        ("90000000", "-1", "4"),
    ],
)
def test_a_tier_begins_at_its_volume(volume: str, maker: str, taker: str) -> None:
    """A fill of 10,000: a basis point of it is 1."""
    assert charged(TIERS, "1", "10000", volume=volume, maker=True) == maker
    assert charged(TIERS, "1", "10000", volume=volume) == taker


def test_volume_traded_elsewhere_counts_always() -> None:
    """It is stated in the configuration."""
    config = msgspec.structs.replace(TIERS, volume="400000")
    assert charged(config, "1", "10000", volume="599999") == "20"
    assert charged(config, "1", "10000", volume="600000") == "10"


fills = st.lists(
    st.tuples(
        st.integers(1, 10**6),
        st.integers(1, 10**9),
        st.booleans(),
        st.integers(12_000, 22_000),
        st.integers(0, 8_000_000),
    ),
    min_size=1,
    max_size=8,
)


def plainly(config: FeeConfig, side: OrderSide, fill: tuple[int, int, bool, int, int]) -> Fraction:
    """One fill's charge, told as simply as can be: shares, cents, maker, day and volume."""
    shares, cents, maker, day, volume = fill
    value = Fraction(cents, 100)
    if isinstance(config, TieredFee):
        tier = [one for one in config.tiers if Fraction(one.volume) <= volume][-1]
        return value * Fraction(tier.maker if maker else tier.taker) / 10_000
    assert isinstance(config, UsRegulatoryFee)
    date = str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day))
    total = Fraction(0)
    for rates, amount, sold_only in (
        (SEC_PER_MILLION, value / 1_000_000, True),
        (TAF_PER_SHARE, Fraction(shares), True),
        (config.cat, Fraction(shares), False),
    ):
        known = [rate for rate in rates if rate.since <= date]
        if known and (side is SELL or not sold_only):
            most = known[-1].maximum
            charge = amount * Fraction(known[-1].rate)
            total += charge if most is None else min(charge, Fraction(most))
    return total


configs = st.sampled_from(
    [TIERS, UsRegulatoryFee(cat=(DatedRate(since="2024-09-01", rate="0.000035"),))]
)


@given(configs, st.sampled_from(OrderSide), fills, st.sampled_from(FeeRounding))
def test_charges_are_what_is_told_plainly_and_never_more_than_was_held(
    config: FeeConfig,
    side: OrderSide,
    trades: list[tuple[int, int, bool, int, int]],
    rounding: FeeRounding,
) -> None:
    """Fill by fill, over days and tiers, for all ways to round."""
    charges = Charges(config, rounding)
    qty = sum(trade[0] for trade in trades) * AMOUNT_SCALE
    notional = sum(trade[1] for trade in trades) * AMOUNT_SCALE // 100
    held = charges.most(Traded(), qty, notional, 0, XYZ)
    traded, paid, exact = Traded(), 0, Fraction(0)
    for trade in trades:
        shares, cents, maker, day, volume = trade
        value = cents * AMOUNT_SCALE // 100
        then = Traded(
            traded.qty + shares * AMOUNT_SCALE,
            traded.notional + value,
            traded.added + value * maker,
        )
        on = Occasion(
            side=side, instrument=XYZ, ts=day * DAY_NS + DAY_NS // 2, volume=volume * AMOUNT_SCALE
        )
        then = charges.accrue(traded, then, on)
        exact += plainly(config, side, trade)
        assert Fraction(then.accrued, AMOUNT_SCALE * ACCRUAL) == exact
        paid += charges.fee(traded, then, paid, XYZ)
        assert paid <= held
        traded = then


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: TieredFee(tiers=()), "venue.fee.tiers"),
        (
            lambda: TieredFee(tiers=(VolumeTier(volume="1", maker="1", taker="1"),)),
            "venue.fee.tiers",
        ),
        (
            lambda: TieredFee(tiers=(VolumeTier(volume="0", maker="1", taker="1"),) * 2),
            "venue.fee.tiers",
        ),
        (
            lambda: TieredFee(tiers=(VolumeTier(volume="0", maker="1", taker="-1"),)),
            "venue.fee.tiers[0].taker",
        ),
        (lambda: UsRegulatoryFee(sec=(DatedRate(since="May", rate="1"),)), "venue.fee.sec.since"),
        (
            lambda: UsRegulatoryFee(taf=(DatedRate(since="2024-01-01", rate="-1"),)),
            "venue.fee.taf.rate",
        ),
        (
            lambda: UsRegulatoryFee(cat=(DatedRate(since="2024-01-01", rate="1"),) * 2),
            "venue.fee.cat",
        ),
    ],
)
def test_bad_tables_are_refused_by_name(make: Callable[[], object], field: str) -> None:
    """Before anything runs."""
    with pytest.raises(InvalidConfig) as caught:
        make()
    assert caught.value.fields["field"] == field


def test_what_was_traded_before_counts_for_all_that_has_tiers() -> None:
    """On their own, as parts of a sum with bounds, and in a list of prices; else it is not asked
    for."""
    flat, dated = FlatFee(per_order="1"), DatedFee(rates=(SharesFrom(maker="1", taker="2"),))
    for tiered in (TIERS, dated):
        bounded = BoundedFee(parts=(flat, tiered), maximum="9")
        groups = (FeeGroup(symbols=("XYZ",), fee=tiered), FeeGroup(fee=flat))
        for config in (tiered, bounded, SumFee(parts=(bounded,)), ByInstrumentFee(groups=groups)):
            assert PriceList(config).of(XYZ).goes_by_volume
    assert not PriceList(SumFee(parts=(flat,))).of(XYZ).goes_by_volume
