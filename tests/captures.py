"""Raw captures of websockets, and what is made of them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from offbook.adapters.brokers.replay.venue_captures import write_venue_capture
from offbook.config.book_reading import BookAt, read_book
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.market_data import DataKind

RECEIVED = 1_700_000_000


def capture(folder: Path, *messages: Any) -> Path:
    """Messages a second apart, with the time of receipt."""
    path = folder / "capture.jsonl"
    lines = [f"{(RECEIVED + n) * 10**9} {json.dumps(one)}" for n, one in enumerate(messages)]
    path.write_text("\n".join(lines) + "\n")
    return path


def books(path: Path) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """After each message what the book is worth, and its levels."""
    target = path.with_name("book.csv")
    convert_data(str(path), target, MarketDescription(), replace=True)

    def plain(book: BookAt, levels: Any) -> dict[str, str]:
        price, size = book.instrument.price_precision, book.instrument.qty_precision
        made = ((Decimal(px).scaleb(-price), Decimal(qty).scaleb(-size)) for px, qty in levels)
        return {format(px.normalize(), "f"): format(qty.normalize(), "f") for px, qty in made}

    return [
        (book.phase.value, plain(book, book.bids), plain(book, book.asks))
        for book in read_book(str(target))
    ]


def trades(path: Path) -> list[str]:
    """Rows, without the time of receipt."""
    target = path.with_name("trades.csv")
    write_venue_capture(path, DataKind.TRADES, target)
    return [line.split(",", 1)[1] for line in target.read_text().splitlines()[1:]]
