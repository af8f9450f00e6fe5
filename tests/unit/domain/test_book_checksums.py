"""The checksums of exchanges, held against the figures and the texts that these publish."""

from __future__ import annotations

import zlib

import pytest

from offbook.domain.book_checksums import (
    BookChecksum,
    BookTop,
    bitfinex_checksum,
    bitget_checksum,
    kraken_checksum,
    okx_checksum,
)
from offbook.domain.values import text_to_units


def top(bids: str, asks: str, price_decimals: int, size_decimals: int) -> BookTop:
    """Of levels as texts: ``price size, price size``."""

    def levels(text: str) -> tuple[tuple[int, int], ...]:
        pairs = [level.split() for level in text.split(", ") if level]
        return tuple(
            (text_to_units(px, price_decimals), text_to_units(qty, size_decimals))
            for px, qty in pairs
        )

    return BookTop(
        bids=levels(bids),
        asks=levels(asks),
        price_decimals=price_decimals,
        size_decimals=size_decimals,
    )


def signed(text: str) -> int:
    """The CRC-32 of a text as a number of 32 bits with a sign, by another way than ours."""
    return int.from_bytes(zlib.crc32(text.encode()).to_bytes(4, "big"), "big", signed=True)


def test_okx_s_is_the_one_it_publishes() -> None:
    """Its example: one bid, three asks; 831078360 stands for it in the tests of order-book, a
    library."""
    book = top("3366.1 7", "3366.8 9, 3368.0 8, 3372.0 8", 1, 0)
    assert okx_checksum(book) == 831078360 == signed("3366.1:7:3366.8:9:3368:8:3372:8")


def test_okx_pairs_25_levels_up_and_has_a_sign() -> None:
    """Of more levels the first 25 of each side."""
    bids = ", ".join(f"{200 - place} 1" for place in range(30))
    asks = ", ".join(f"{300 + place} 20" for place in range(26))
    text = ":".join(f"{200 - place}:1:{300 + place}:20" for place in range(25))
    found = okx_checksum(top(bids, asks, 2, 3))
    assert found == signed(text) == -2000146428


def test_bitget_s_keeps_zeros_and_writes_small_prices_with_an_exponent() -> None:
    """As Java does: from six zeros after the point on."""
    book = top("0.000000001450 24988603767", "0.000000001461 3422313485", 12, 0)
    assert bitget_checksum(book) == signed("1.450E-9:24988603767:1.461E-9:3422313485")
    book = top("27000.50 0.100", "27001.00 2.000", 2, 3)
    assert bitget_checksum(book) == signed("27000.50:0.100:27001.00:2.000")


def test_bitfinex_s_is_that_of_its_library() -> None:
    """Its texts are those in the tests of bfx-api-node-models."""
    book = top("6000 1, 5900 2", "6100 3, 6200 4", 0, 0)
    assert bitfinex_checksum(book) == signed("6000:1:6100:-3:5900:2:6200:-4")
    book = top("6000 1, 0.000000017 2", "6100 3, 6200 4", 9, 0)
    assert bitfinex_checksum(book) == signed("6000:1:6100:-3:0.000000017:2:6200:-4")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ("0.00000010", "1e-7"),
        ("0.00000012", "1.2e-7"),
        ("0.00000100", "0.000001"),
        ("0.00000099", "9.9e-7"),
        ("1.50000000", "1.5"),
    ],
)
def test_bitfinex_s_amounts_are_written_as_javascript_writes_them(size: str, text: str) -> None:
    """With an exponent below a millionth."""
    assert bitfinex_checksum(top(f"5 {size}", "", 0, 8)) == signed(f"5:{text}")


@pytest.mark.parametrize(
    "rule", [kraken_checksum, okx_checksum, bitget_checksum, bitfinex_checksum]
)
def test_an_empty_book_has_the_checksum_of_nothing(rule: BookChecksum) -> None:
    """CRC-32 of no text is 0."""
    assert rule(top("", "", 1, 8)) == 0
