"""A venue's raw capture held against the checksums that the venue published in it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from offbook.config.book_reading import ChecksumMismatch, checksum_mismatches
from offbook.config.markets import MarketDescription, locate_recording
from offbook.domain.book_checksums import CHECKSUMS, OF_ORDERS
from offbook.domain.errors import InvalidInput
from offbook.domain.market_data import DataKind

if TYPE_CHECKING:
    from offbook.adapters.brokers.replay.venue_captures import Written


class CaptureCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How a capture agrees with its venue: by which rule, how many checksums there are, and where
    the book that is made of it is another."""

    venue: str
    checksums: int
    mismatches: tuple[ChecksumMismatch, ...]


def check_capture(
    data: str, symbol: str | None = None, given: MarketDescription | None = None
) -> CaptureCheck:
    """Make the book of a capture as sessions make it, and its checksum after each message with one;
    where it names every order, and has no book by price, those of the orders.

    ``symbol`` names the market where there are several.  The decimals with which the venue writes
    its numbers are those that the capture shows, unless more are ``given``: where digits count, and
    the capture has no number with all of them, they have to be told.

    Raises InvalidInput (no file, or no capture of a venue that publishes checksums), and what
    reading raises.
    """
    from offbook.adapters.brokers.replay.unpacking import unpacked

    recording = locate_recording(data)
    if not recording.is_file():
        raise InvalidInput(
            f"{recording} is a folder: name one capture"
            if recording.is_dir()
            else f"there is no file {recording} (looked in {Path.cwd()})"
        )
    with unpacked(recording) as plain, TemporaryDirectory(prefix="offbook-check-") as folder:
        table = Path(folder) / "book.csv"
        made, rule = _write(plain, recording.name, table, symbol)
        if not made.checksums:
            raise InvalidInput(f"{recording.name}, of {made.venue}, has no checksums in it")
        least = given or MarketDescription()
        told = MarketDescription(
            price_decimals=_most(least.price_decimals, made.price_decimals),
            size_decimals=_most(least.size_decimals, made.size_decimals),
        )
        mismatches = tuple(
            checksum_mismatches(
                str(table), made.checksums, CHECKSUMS[rule], told, with_orders=rule in OF_ORDERS
            )
        )
    return CaptureCheck(venue=made.venue, checksums=len(made.checksums), mismatches=mismatches)


def _write(plain: Path, name: str, table: Path, symbol: str | None) -> tuple[Written, str]:
    """The rows of a capture's book, by order where it has no other, and the rule's name."""
    from offbook.adapters.brokers.replay.order_captures import has_orders_alone, write_order_capture
    from offbook.adapters.brokers.replay.venue_captures import (
        is_venue_capture,
        venue_of,
        write_venue_capture,
    )

    if has_orders_alone(plain):
        made = write_order_capture(plain, table, symbol)
        return made, f"{made.venue}_orders"
    if not is_venue_capture(plain):
        raise InvalidInput(
            f"{name} is no capture of a websocket of Kraken, OKX, Bitget or Bitfinex; the book of "
            "a recording has its checksums with: offbook data book --checksum"
        )
    # Before a market is asked for, where there are several.
    venue = venue_of(plain)
    if venue not in CHECKSUMS:
        known = sorted(set(CHECKSUMS) - OF_ORDERS)
        raise InvalidInput(
            f"{name} is of {venue}, which publishes no checksums that are known; known are those "
            f"of {', '.join(known)}"
        )
    return write_venue_capture(plain, DataKind.DEPTH, table, symbol), venue


def _most(told: int | str | None, seen: int) -> int:
    return max(told, seen) if isinstance(told, int) else seen
