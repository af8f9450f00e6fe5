"""Settings of the venue that came after there were sessions in stores."""

import msgspec
import pytest
from tests.unit.domain.test_config import MARKET, session

from offbook.domain.config import (
    AccountConfig,
    AtBreak,
    AuctionRules,
    BarReports,
    BasisPointsFee,
    BeyondBand,
    CombinedMarket,
    FreshnessConfig,
    LatencyConfig,
    LimitFill,
    NormalDelay,
    PerUnitFee,
    RowTimes,
    SumFee,
    Unpaid,
    UsRegulatoryFee,
    VenueConfig,
    WhileClosed,
    chain_config,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import MINUTE


def test_settings_that_came_later_stand_in_the_chain_where_they_are_set() -> None:
    """Left at their defaults they are not there, so that first records of old sessions fit."""
    plain = session(market=msgspec.structs.replace(MARKET, kind=DataKind.TRADES))
    assert b"limit_fill" not in chain_config(plain)
    touch = msgspec.structs.replace(plain, venue=VenueConfig(limit_fill=LimitFill.TOUCH))
    assert b'"limit_fill":"touch"' in chain_config(touch)
    fresh = session(venue=VenueConfig(freshness=FreshnessConfig(max_age_ns=5)))
    assert b'"max_age_ns":5' in chain_config(fresh)
    assert b"freshness" not in chain_config(session())
    with pytest.raises(InvalidConfig, match="by_symbol names XYZ; this market has BTCUSDT"):
        session(venue=VenueConfig(freshness=FreshnessConfig(max_age_ns=5, by_symbol={"XYZ": 1})))
    status = msgspec.structs.replace(MARKET, kind=DataKind.STATUS)
    bars = msgspec.structs.replace(MARKET, kind=DataKind.BARS, timeframe_ns=MINUTE)
    session(
        market=CombinedMarket(sources=(bars, status)),
        venue=VenueConfig(limit_fill=LimitFill.TOUCH),
    )
    depth = msgspec.structs.replace(MARKET, kind=DataKind.DEPTH)
    with pytest.raises(InvalidConfig, match="limit_fill=touch is for quotes, prints and bars"):
        session(market=depth, venue=VenueConfig(limit_fill=LimitFill.TOUCH))
    session(venue=VenueConfig(limit_fill=LimitFill.TOUCH))


def test_refusals_of_what_arrives_stand_in_the_chain_where_they_are_set() -> None:
    """Sessions of before keep what comes in closed hours, or beyond a band."""
    status = msgspec.structs.replace(MARKET, kind=DataKind.STATUS)
    both = CombinedMarket(sources=(MARKET, status))
    plain = chain_config(session(market=both))
    assert b"while_closed" not in plain
    assert b"beyond_band" not in plain
    venue = VenueConfig(while_closed=WhileClosed.REJECT, beyond_band=BeyondBand.REJECT)
    refusing = chain_config(session(market=both, venue=venue))
    assert b'"while_closed":"reject"' in refusing
    assert b'"beyond_band":"reject"' in refusing


def test_rules_of_breaks_stand_in_the_chain_where_they_are_set() -> None:
    """Whatever other rules of auctions say."""
    equal = chain_config(session(venue=VenueConfig(auctions=AuctionRules(limit="equal"))))  # type: ignore[arg-type]  # as it is written in Python
    assert b'"auctions":{"close_cutoff_ns":600000000000,"limit":"equal","open_cutoff_ns"' in equal
    assert b"at_break" not in equal
    none = VenueConfig(auctions=AuctionRules(at_break=AtBreak.NONE))
    assert b'"at_break":"none"' in chain_config(session(venue=none))
    assert b"auctions" not in chain_config(session())


def test_bounds_of_charges_stand_in_the_chain_where_they_are_set() -> None:
    """Also of the parts of a sum; those of charges per unit always did."""
    plain = BasisPointsFee(maker="1", taker="2")
    bounded = BasisPointsFee(maker="1", taker="2", minimum="1.50")
    kept = b'"fee":{"maker":"1","taker":"2","type":"basis_points"}'
    assert kept in chain_config(session(venue=VenueConfig(fee=plain)))
    assert b'"minimum":"1.50"' in chain_config(session(venue=VenueConfig(fee=bounded)))
    parts = (plain, PerUnitFee(per_unit="1"), UsRegulatoryFee(), UsRegulatoryFee(round_each=True))
    summed = chain_config(session(venue=VenueConfig(fee=SumFee(parts=parts))))
    assert summed.count(b"round_each") == 1
    assert summed.count(b'"minimum"') == summed.count(b'"maximum"') == 1


def test_a_delay_of_market_data_stands_in_the_chain_where_there_is_one() -> None:
    """And what rows' times are, where it matters; elsewhere it is refused."""
    assert b"market_data" not in chain_config(session())
    assert b"row_times" not in chain_config(session())
    late = LatencyConfig(market_data_ns=5, row_times=RowTimes.VENUE)
    chained = chain_config(session(venue=VenueConfig(latency=late)))
    assert b'"market_data_ns":5' in chained
    assert b'"row_times":"venue"' in chained
    drawn = LatencyConfig(market_data=NormalDelay(mean_ns=9, deviation_ns=1))
    assert b'"mean_ns":9' in chain_config(session(venue=VenueConfig(latency=drawn)))
    with pytest.raises(InvalidConfig, match="give market_data_ns or market_data, not both"):
        LatencyConfig(market_data_ns=5, market_data=NormalDelay(mean_ns=9, deviation_ns=1))
    with pytest.raises(InvalidConfig, match="row_times=received is for a delay of market data"):
        LatencyConfig(row_times=RowTimes.RECEIVED)
    with pytest.raises(InvalidConfig, match="row_times='sent', expected 'venue', 'received'"):
        LatencyConfig(market_data_ns=5, row_times="sent")  # type: ignore[arg-type]  # the point


def test_rules_of_bars_are_refused_where_none_are_matched() -> None:
    """Whoever sets one would compare what is not comparable."""
    with pytest.raises(InvalidConfig, match=r"account\.unpaid=wait is for bars"):
        session(account=AccountConfig(currency="USDT", unpaid=Unpaid.WAIT))
    bars = msgspec.structs.replace(MARKET, kind=DataKind.BARS, timeframe_ns=60_000_000_000)
    account = AccountConfig(currency="USDT", unpaid=Unpaid.WAIT)
    assert b'"unpaid":"wait"' in chain_config(session(market=bars, account=account))


@pytest.mark.parametrize(
    "latency",
    [
        LatencyConfig(entry_ns=0, response_ns=1),
        LatencyConfig(entry_ns=0, response_ns=0, response=NormalDelay(mean_ns=0, deviation_ns=1)),
    ],
)
def test_reports_that_travel_cannot_come_before_their_bar(latency: LatencyConfig) -> None:
    """It says what to set."""
    with pytest.raises(InvalidConfig, match=r"set venue\.latency\.response_ns=0"):
        VenueConfig(bar_reports=BarReports.BEFORE, latency=latency)


def test_reports_that_take_no_time_may_come_before_their_bar() -> None:
    """And stand in the chain then."""
    latency = LatencyConfig(entry_ns=5, response_ns=0)
    bars = msgspec.structs.replace(MARKET, kind=DataKind.BARS, timeframe_ns=60_000_000_000)
    venue = VenueConfig(bar_reports=BarReports.BEFORE, latency=latency)
    assert b'"bar_reports":"before"' in chain_config(session(market=bars, venue=venue))
