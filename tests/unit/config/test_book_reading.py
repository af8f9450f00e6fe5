"""Books of recordings at chosen moments, and the checksums of exchanges."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.config.book_reading import checksum_mismatches, read_book
from offbook.config.markets import MarketDescription
from offbook.config.moments import parse_moment
from offbook.domain.book_checksums import BookTop, kraken_checksum
from offbook.domain.config import BookStart
from offbook.domain.errors import InvalidConfig, InvalidInput
from offbook.domain.values import text_to_units

S = 1_000_000_000
T = 1_704_205_800 * S

ORDERS = f"""\
ts_init,action,side,price,size,order_id,flags,seq
{T},add,bid,100.0,5,1,1,10
{T},add,ask,100.2,4,2,3,10
{T + 2 * S},add,bid,100.1,2,3,2,11
{T + 2 * S},delete,bid,100.1,0,3,2,12
{T + 5 * S},cancel,bid,100.0,1,1,2,14
{T + 5 * S},delete,ask,100.2,0,9,2,15
"""
DEPTH = f"""\
ts_init,book_side,price,size,flags
{T},bid,100.0,5,1
{T},ask,100.2,4,3
{T + S},bid,100.2,1,2
"""

# Of Kraken's own description of its checksum (Spot WebSocket v2).
ASKS = (
    "45285.2 0.00100000, 45286.4 1.54571953, 45286.6 1.54571109, 45289.6 1.54560911, "
    "45290.2 0.15890660, 45291.8 1.54553491, 45294.7 0.04454749, 45296.1 0.35380000, "
    "45297.5 0.09945542, 45299.5 0.18772827"
)
BIDS = (
    "45283.5 0.10000000, 45283.4 1.54582015, 45282.1 0.10000000, 45281.0 0.10000000, "
    "45280.3 1.54592586, 45279.0 0.07990000, 45277.6 0.03310103, 45277.5 0.30000000, "
    "45277.3 1.54602737, 45276.6 0.15445238"
)
PUBLISHED = 3310070434


@pytest.fixture
def orders(tmp_path: Path) -> str:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return str(path)


def levels(text: str) -> list[tuple[str, str]]:
    """Prices and sizes."""
    return [(px, qty) for px, qty in (level.split() for level in text.split(", "))]


def test_after_each_message(orders: str) -> None:
    """With its last row; number 13 is missing, from then on the book is stale."""
    books = list(read_book(orders))
    assert [(book.row, book.bids, book.asks) for book in books] == [
        (1, ((1000, 5),), ((1002, 4),)),
        (2, ((1001, 2), (1000, 5)), ((1002, 4),)),
        (3, ((1000, 5),), ((1002, 4),)),
        (4, ((1000, 4),), ((1002, 4),)),
        (5, ((1000, 4),), ((1002, 4),)),
    ]
    assert [book.phase.value for book in books] == ["live"] * 3 + ["stale"] * 2
    assert (books[-1].gaps, books[-1].unknown) == (1, 0)
    updates = list(read_book(orders, book_start=BookStart.UPDATES, levels=1))
    assert updates[1].bids == ((1001, 2),)
    assert (updates[-1].gaps, updates[-1].unknown) == (1, 2)


def test_at_moments(orders: str) -> None:
    """After all messages of that time; none before the first or after the last."""
    at = [T - S, T, T + S, T + 2 * S, T + 5 * S, T + 6 * S]
    books = list(read_book(orders, at=at))
    assert [(book.at, book.row) for book in books] == [
        (T, 1), (T + S, 1), (T + 2 * S, 3), (T + 5 * S, 5),
    ]  # fmt: skip
    every = list(read_book(orders, every_ns=2 * S))
    assert [(book.at, book.row) for book in every] == [(T, 1), (T + 2 * S, 3), (T + 4 * S, 3)]


def test_a_book_by_price(tmp_path: Path) -> None:
    """And whether it is crossed."""
    path = tmp_path / "depth.csv"
    path.write_text(DEPTH)
    assert [book.is_crossed for book in read_book(str(path))] == [False, False]
    path.write_text(DEPTH.replace("bid,100.2,1,2", "bid,100.3,1,2"))
    assert [book.is_crossed for book in read_book(str(path))] == [False, True]


def test_what_cannot_be_asked_for_is_refused(orders: str, tmp_path: Path) -> None:
    """Early, with what to do."""
    path = tmp_path / "trades.csv"
    path.write_text(f"ts_init,price,size\n{T},1,1\n")
    with pytest.raises(InvalidConfig, match="depth or orders"):
        list(read_book(str(path)))
    for wrong in ({"levels": 0}, {"every_ns": 0}, {"at": [2, 1]}, {"at": [1], "every_ns": 1}):
        with pytest.raises(InvalidInput):
            read_book(orders, **wrong)  # type: ignore[arg-type]  # of several types


def test_kraken_s_checksum_is_the_one_it_publishes() -> None:
    """Of its ten best levels, whatever else there is."""

    def units(text: str) -> tuple[tuple[int, int], ...]:
        return tuple((text_to_units(px, 1), text_to_units(qty, 8)) for px, qty in levels(text))

    top = BookTop(bids=units(BIDS), asks=units(ASKS), price_decimals=1, size_decimals=8)
    assert kraken_checksum(top) == PUBLISHED
    more = BookTop(
        bids=(*top.bids, (1, 1)), asks=(*top.asks, (10**9, 1)), price_decimals=1, size_decimals=8
    )
    assert kraken_checksum(more) == PUBLISHED


def test_a_recording_is_held_against_published_checksums(tmp_path: Path) -> None:
    """A message that is not the exchange's is told, and a row that ends none."""
    rows = [f"{T},bid,{px},{qty},1" for px, qty in levels(BIDS)]
    rows += [f"{T},ask,{px},{qty},1" for px, qty in levels(ASKS)]
    rows[-1] = rows[-1][:-1] + "3"
    rows.append(f"{T + S},bid,45283.5,0.2,2")
    path = tmp_path / "kraken.csv"
    path.write_text("ts_init,book_side,price,size,flags\n" + "\n".join(rows) + "\n")
    given = MarketDescription(price_decimals=1, size_decimals=8)
    expected = {19: PUBLISHED, 20: PUBLISHED, 3: 7}
    found = list(checksum_mismatches(str(path), expected, kraken_checksum, given))
    assert [(one.row, one.expected) for one in found] == [(20, PUBLISHED), (3, 7)]
    assert found[0].found not in (-1, PUBLISHED)
    assert found[1].found == -1


def test_moments_are_read_as_people_write_them() -> None:
    """UTC where no offset is said."""
    assert parse_moment("2024-01-02T14:30:00") == T == parse_moment(str(T))
    with pytest.raises(InvalidInput, match="ns since 1970"):
        parse_moment("yesterday")
