"""Price lists and rates that change: what is refused, and how they are kept."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    BasisPointsFee,
    BoundedFee,
    ByInstrumentFee,
    DatedFee,
    FeeGroup,
    FlatFee,
    ReplayMarket,
    SessionConfig,
    SharesFrom,
    SingleFee,
    SumFee,
    VenueConfig,
    VolumeOf,
    VolumeTier,
    chain_config,
    decode_config,
    single_fees,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, XYZ

USUAL = BasisPointsFee()
FREE = BasisPointsFee(maker="0", taker="0")


def taxed(part: SingleFee, percent: str) -> BoundedFee:
    return BoundedFee(parts=(part,), surcharge_percent=percent)


def dated_and_taxed() -> BoundedFee:
    """With a rebate that comes later."""
    later = SharesFrom(since="2024-01-01", maker="-0.5", taker="1")
    return taxed(DatedFee(rates=(FIRST, later)), "18")


LEAST = BoundedFee(parts=(USUAL,), minimum="1")
FIRST = SharesFrom(maker="1", taker="2")


def listed(*groups: FeeGroup) -> Callable[[], object]:
    return lambda: ByInstrumentFee(groups=groups)


def dated(*rates: SharesFrom) -> Callable[[], object]:
    return lambda: DatedFee(rates=rates)


def later(since: str | None, **rates: str) -> SharesFrom:
    return SharesFrom(since=since, **rates or {"maker": "1", "taker": "1"})


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (listed(), "venue.fee.groups"),
        (listed(FeeGroup(fee=FREE, symbols=("XYZ",))), "venue.fee.groups"),
        (listed(FeeGroup(fee=FREE), FeeGroup(fee=USUAL)), "venue.fee.groups"),
        (listed(FeeGroup(fee=FREE), FeeGroup(fee=USUAL, currency="USD")), "venue.fee.groups"),
        (
            listed(
                FeeGroup(fee=FREE, symbols=("XYZ",)),
                FeeGroup(fee=USUAL, symbols=("ABC", "XYZ")),
                FeeGroup(fee=USUAL),
            ),
            "venue.fee.groups",
        ),
        (
            lambda: ByInstrumentFee(groups=(FeeGroup(fee=FREE),), volume_of="all"),  # type: ignore[arg-type]  # as it is written in Python
            "venue.fee.volume_of",
        ),
        (dated(), "venue.fee.rates"),
        (dated(later("2024-01-01")), "venue.fee.rates"),
        (dated(FIRST, later("2024-01-02"), later("2024-01-02T00:00Z")), "venue.fee.rates"),
        (dated(FIRST, later(None)), "venue.fee.rates.since"),
        (dated(FIRST, later("noon")), "venue.fee.rates.since"),
        (dated(FIRST, later("2024-01-02T12:00")), "venue.fee.rates.since"),
        (dated(FIRST, later("2024-01-02", maker="1")), "venue.fee.rates[1]"),
        (dated(SharesFrom()), "venue.fee.rates[0]"),
        (
            dated(
                SharesFrom(
                    maker="1", taker="1", tiers=(VolumeTier(volume="0", maker="1", taker="1"),)
                )
            ),
            "venue.fee.rates[0]",
        ),
        (
            dated(SharesFrom(tiers=(VolumeTier(volume="1", maker="1", taker="1"),))),
            "venue.fee.rates[0].tiers",
        ),
        (dated(SharesFrom(maker="1", taker="-1")), "venue.fee.rates[0][0].taker"),
        (lambda: DatedFee(rates=(FIRST,), volume="-1"), "venue.fee.volume"),
        (lambda: BoundedFee(parts=(USUAL,)), "venue.fee"),
        (lambda: BoundedFee(parts=(), minimum="1"), "venue.fee.parts"),
        (lambda: BoundedFee(parts=(USUAL,), minimum="-1"), "venue.fee.minimum"),
        (lambda: BoundedFee(parts=(USUAL,), maximum="-1"), "venue.fee.maximum"),
        (lambda: BoundedFee(parts=(USUAL,), minimum_percent="101"), "venue.fee.minimum_percent"),
        (lambda: BoundedFee(parts=(USUAL,), maximum_percent="-1"), "venue.fee.maximum_percent"),
        (lambda: taxed(USUAL, "-1"), "venue.fee.surcharge_percent"),
        (lambda: taxed(USUAL, "100.0001"), "venue.fee.surcharge_percent"),
        (lambda: taxed(USUAL, "0.00001"), "venue.fee.surcharge_percent"),
        (lambda: taxed(BasisPointsFee(maker="-1"), "1"), "venue.fee.surcharge_percent"),
        (dated_and_taxed, "venue.fee.surcharge_percent"),
        (lambda: SumFee(parts=(LEAST, USUAL, LEAST)), "venue.fee.parts"),
    ],
)
def test_bad_lists_are_refused_by_name(make: Callable[[], object], field: str) -> None:
    """Before anything runs."""
    with pytest.raises(InvalidConfig) as caught:
        make()
    assert caught.value.fields["field"] == field


def session(*groups: FeeGroup) -> SessionConfig:
    return SessionConfig(
        market=ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=XYZ),
        account=AccountConfig(currency="USD"),
        venue=VenueConfig(fee=ByInstrumentFee(groups=groups, volume_of=VolumeOf.GROUP)),
    )


def test_a_symbol_that_is_not_traded_is_named_with_those_that_are() -> None:
    """It may be misspelt, and then the wrong rates would be taken."""
    with pytest.raises(InvalidConfig, match=r"groups names XYX; this market has XYZ"):
        session(FeeGroup(fee=FREE, symbols=("XYX",)), FeeGroup(fee=USUAL))


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            [FeeGroup(fee=USUAL, currency="USD"), FeeGroup(fee=FREE, symbols=("XYZ",))],
            "name XYZ in number 2, but it fits number 1 before it",
        ),
        (
            [FeeGroup(fee=FREE, symbols=("XYZ",), currency="EUR")],
            "name XYZ in number 1, which is for another asset_class or currency than equity in USD",
        ),
        ([FeeGroup(fee=FREE, currency="usd")], "have the currency usd; it is written USD here"),
    ],
)
def test_rates_that_would_never_be_taken_are_refused(groups: list[FeeGroup], said: str) -> None:
    """What is named is meant; a group that fits nothing here may be for another market."""
    with pytest.raises(InvalidConfig, match=said):
        session(*groups, FeeGroup(fee=USUAL))
    session(FeeGroup(fee=FREE, currency="EUR"), FeeGroup(fee=USUAL))


def test_a_list_is_kept_with_the_session_and_stands_in_its_chain() -> None:
    """And comes back as it was."""
    promotion = DatedFee(rates=(FIRST, later("2024-07-08T14:00Z")))
    both = SumFee(parts=(FlatFee(per_order="1"), LEAST))
    config = session(FeeGroup(fee=promotion, symbols=("XYZ",)), FeeGroup(fee=both))
    raw = chain_config(config)
    assert b'"volume_of":"group"' in raw
    assert b'"since":"2024-07-08T14:00Z"' in raw
    assert decode_config(msgspec.json.encode(config)) == config
    assert single_fees(config.venue.fee) == (promotion, both.parts[0], USUAL)


def test_what_is_charged_on_top_is_in_the_chain_where_it_is_said_alone() -> None:
    """Sessions that were begun without it keep theirs; a group's bounds of its own are told as
    ever."""
    both = SumFee(parts=(FlatFee(per_order="1"), LEAST))
    for plain in (LEAST, both):
        listed = session(FeeGroup(fee=plain))
        alone = msgspec.structs.replace(listed, venue=VenueConfig(fee=plain))
        for config in (listed, alone):
            assert b"surcharge" not in chain_config(config)
        assert b'"maximum_percent":null' in chain_config(listed)
    taxed_too = session(FeeGroup(fee=taxed(USUAL, "18")))
    assert b'"surcharge_percent":"18"' in chain_config(taxed_too)


def test_a_group_has_what_fits_all_that_it_says() -> None:
    """A symbol, a kind, a currency: whichever are given."""
    assert FeeGroup(fee=FREE).has(XYZ)
    assert FeeGroup(fee=FREE, asset_class=AssetClass.EQUITY).has(XYZ)
    assert not FeeGroup(fee=FREE, asset_class=AssetClass.EQUITY).has(BTCUSDT)
    assert not FeeGroup(fee=FREE, asset_class=AssetClass.EQUITY, currency="EUR").has(XYZ)
    assert not FeeGroup(fee=FREE, symbols=("BTCUSDT",), currency="USD").has(BTCUSDT)
