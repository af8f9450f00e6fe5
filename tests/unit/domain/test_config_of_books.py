"""What a configuration may say of books and queues, and where it is refused."""

from typing import Any

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    BadRows,
    BookStart,
    CombinedMarket,
    ExactQueue,
    FifoQueue,
    LimitFill,
    OffHours,
    ProbabilisticQueue,
    ProRataQueue,
    QueueBack,
    QueueFormula,
    ReplayMarket,
    SessionConfig,
    VenueConfig,
    chain_config,
    decode_config,
)
from offbook.domain.config.session import touched_by_quotes
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT

MARKET = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)


def session(**parts: Any) -> SessionConfig:
    """The smallest configuration with some parts of its own."""
    return SessionConfig(**{"market": MARKET, "account": AccountConfig(currency="USDT"), **parts})


BOOK = msgspec.structs.replace(MARKET, kind=DataKind.DEPTH)


@pytest.mark.parametrize(
    "venue",
    [
        VenueConfig(book_start=BookStart.UPDATES),
        VenueConfig(queue=ProRataQueue()),
        VenueConfig(queue=ProRataQueue(minimum="2")),
        VenueConfig(queue=ProbabilisticQueue()),
        VenueConfig(queue=ProbabilisticQueue(exponent=2)),
        VenueConfig(queue=ProbabilisticQueue(formula=QueueFormula.LOG)),
        VenueConfig(queue=ProbabilisticQueue(formula=QueueFormula.LOG, unit="1")),
        VenueConfig(queue=ProbabilisticQueue(back=QueueBack.AS_SHOWN)),
    ],
)
def test_rules_of_books_change_the_chain_and_are_refused_without_one(venue: VenueConfig) -> None:
    """They would change nothing, and whoever set them would not know."""
    book = session(market=BOOK, venue=venue)
    assert decode_config(msgspec.json.encode(book)) == book
    assert chain_config(book) != chain_config(session(market=BOOK))
    with pytest.raises(InvalidConfig) as caught:
        session(venue=venue)
    assert caught.value.fields["field"] in {"venue.queue", "venue.book_start"}


@pytest.mark.parametrize("exponent", [0, 9])
def test_an_exponent_out_of_bounds_is_refused(exponent: int) -> None:
    """It is 1 to 8."""
    with pytest.raises(InvalidConfig) as caught:
        ProbabilisticQueue(exponent=exponent)
    assert caught.value.fields["field"] == "venue.queue.exponent"


@pytest.mark.parametrize("leave_out", [{"bad_rows": BadRows.DROP}, {"off_hours": OffHours.DROP}])
def test_no_row_of_a_book_is_left_out(leave_out: dict[str, Any]) -> None:
    """It would be another book."""
    with pytest.raises(InvalidConfig) as caught:
        session(market=msgspec.structs.replace(BOOK, **leave_out))
    assert caught.value.fields["field"] == "market.bad_rows"


ORDERS = msgspec.structs.replace(MARKET, kind=DataKind.ORDERS)


def test_the_exact_place_needs_books_that_tell_every_order() -> None:
    """It is the default there, and chains name it; first in, first out is that elsewhere."""
    exact = VenueConfig(queue=ExactQueue())
    assert chain_config(session(market=ORDERS)) == chain_config(session(market=ORDERS, venue=exact))
    assert chain_config(session(market=BOOK)) == chain_config(
        session(market=BOOK, venue=VenueConfig(queue=FifoQueue()))
    )
    for market in (BOOK, MARKET):
        with pytest.raises(InvalidConfig) as caught:
            session(market=market, venue=exact)
        assert str(caught.value.fields["field"]).startswith("venue.queue")
    assert session(venue=VenueConfig(queue=FifoQueue()))  # as sessions were kept before


def test_an_instrument_has_one_book() -> None:
    """By price or by order; and none of its rows may be left out."""
    with pytest.raises(InvalidConfig, match="one by order"):
        session(market=CombinedMarket(sources=(BOOK, ORDERS)))
    with pytest.raises(InvalidConfig, match="another book"):
        session(market=msgspec.structs.replace(ORDERS, bad_rows=BadRows.DROP))


@pytest.mark.parametrize("source", [MARKET, BOOK, ORDERS])
def test_a_timeframe_makes_no_other_source_of_what_has_none(source: ReplayMarket) -> None:
    """Bars alone have one: several of an instrument are told apart by it."""
    other = msgspec.structs.replace(source, timeframe_ns=60_000_000_000)
    with pytest.raises(InvalidConfig, match="once more"):
        CombinedMarket(sources=(source, other))
    hours = msgspec.structs.replace(other, kind=DataKind.BARS, timeframe_ns=3_600_000_000_000)
    minutes = msgspec.structs.replace(other, kind=DataKind.BARS)
    assert CombinedMarket(sources=(source, minutes, hours))


@pytest.mark.parametrize("book", [BOOK, ORDERS])
def test_a_touch_fills_nothing_where_orders_queue(book: ReplayMarket) -> None:
    """Whichever way its book is told, and whether or not there are quotes beside it."""
    market = CombinedMarket(sources=(MARKET, book))
    assert not touched_by_quotes(market)
    with pytest.raises(InvalidConfig) as caught:
        session(market=market, venue=VenueConfig(limit_fill=LimitFill.TOUCH))
    assert caught.value.fields["field"] == "venue.limit_fill"


def test_what_queues_came_to_have_later_is_left_out_where_it_says_nothing() -> None:
    """Chains of sessions that were kept before stay what they were."""
    chains = [
        chain_config(session(market=BOOK, venue=VenueConfig(queue=queue)))
        for queue in (
            ProbabilisticQueue(formula=QueueFormula.LOG),
            ProbabilisticQueue(formula=QueueFormula.LOG, unit="1"),
            ProbabilisticQueue(formula=QueueFormula.LOG, back=QueueBack.AS_SHOWN),
        )
    ]
    assert b'"queue":{"exponent":3,"formula":"log","type":"probabilistic"}' in chains[0]
    assert len(set(chains)) == 3
    shared = VenueConfig(queue=ProRataQueue())
    assert b'"queue":{"type":"pro_rata"}' in chain_config(session(market=BOOK, venue=shared))


@pytest.mark.parametrize("text", ["-1", "x", "NaN", "1e30", "1e-999999", "1_0", "1" * 19, 2])
def test_what_queues_count_by_is_a_quantity(text: Any) -> None:
    """In plain decimals: else one row could take as long as its number is."""
    with pytest.raises(InvalidConfig, match=r"venue\.queue\.minimum"):
        ProRataQueue(minimum=text)
    with pytest.raises(InvalidConfig, match=r"venue\.queue\.unit"):
        ProbabilisticQueue(formula=QueueFormula.LOG, unit=text)
