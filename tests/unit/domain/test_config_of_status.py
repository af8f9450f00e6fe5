"""What a configuration may say of halts and auctions, and where it is refused."""

from typing import Any

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    AuctionLimit,
    AuctionRules,
    BeyondBand,
    CombinedMarket,
    OffHours,
    ReplayMarket,
    SessionConfig,
    VenueConfig,
    WhileClosed,
    WhileHalted,
    decode_config,
    sources_of,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT

QUOTES = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)
STATUS = msgspec.structs.replace(QUOTES, path="b.csv", kind=DataKind.STATUS)
BOTH = CombinedMarket(sources=(STATUS, QUOTES))


def session(**parts: Any) -> SessionConfig:
    """The smallest configuration with some parts of its own."""
    return SessionConfig(**{"market": BOTH, "account": AccountConfig(currency="USDT"), **parts})


def field_of(**parts: Any) -> str:
    """Which field is blamed for parts that cannot be."""
    with pytest.raises(InvalidConfig) as caught:
        session(**parts)
    return str(caught.value.fields["field"])


def test_a_status_stands_beside_what_gives_the_price() -> None:
    """It gives none itself."""
    assert decode_config(msgspec.json.encode(session())) == session()
    assert field_of(market=STATUS) == "market.sources"


def test_no_row_of_a_status_is_left_out() -> None:
    """It would be another status."""
    dropping = msgspec.structs.replace(STATUS, off_hours=OffHours.DROP)
    assert field_of(market=CombinedMarket(sources=(QUOTES, dropping))) == "market.bad_rows"


def test_a_rule_of_halts_is_refused_where_nothing_tells_of_any() -> None:
    """It would change nothing."""
    venue = VenueConfig(while_halted=WhileHalted.REJECT)
    assert session(venue=venue).venue.while_halted is WhileHalted.REJECT
    assert field_of(market=QUOTES, venue=venue) == "venue.while_halted"


def test_a_rule_of_bands_is_refused_where_nothing_tells_of_any() -> None:
    """It would change nothing; that of closed hours is for every market."""
    venue = VenueConfig(beyond_band=BeyondBand.REJECT, while_closed=WhileClosed.REJECT)
    assert session(venue=venue).venue is venue
    assert field_of(market=QUOTES, venue=venue) == "venue.beyond_band"
    venue = msgspec.structs.replace(venue, beyond_band=BeyondBand.WAIT)
    assert session(market=QUOTES, venue=venue).venue is venue


@pytest.mark.parametrize("name", ["open_cutoff_ns", "close_cutoff_ns"])
@pytest.mark.parametrize("value", [-1, 86_400 * 10**9 + 1])
def test_a_cut_off_is_within_a_day(name: str, value: int) -> None:
    """Before the auction, and not before the last."""
    with pytest.raises(InvalidConfig) as caught:
        AuctionRules(**{name: value})
    assert caught.value.fields["field"] == f"venue.auctions.{name}"


def test_rules_of_auctions_are_read_from_words() -> None:
    """As a document says them."""
    limit: Any = "equal"
    assert AuctionRules(limit=limit).limit is AuctionLimit.EQUAL
    with pytest.raises(InvalidConfig):
        AuctionRules(limit="best")  # type: ignore[arg-type]  # that is the point


def test_prints_that_are_marked_are_told_in_the_market() -> None:
    """By the column that the configuration names; others are as they always were."""
    trades = msgspec.structs.replace(QUOTES, kind=DataKind.TRADES)
    (plain,) = sources_of(trades)
    (marked,) = sources_of(msgspec.structs.replace(trades, columns={"auction": "cross"}))
    assert (plain.auctions, marked.auctions) == (msgspec.UNSET, True)
    assert b"auctions" not in msgspec.json.encode(plain)
