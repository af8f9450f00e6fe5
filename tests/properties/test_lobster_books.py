"""Message files of LOBSTER, made at random with their orderbook files: converted, the book of the
recording is that of the orderbook file after every message."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from offbook.config.book_reading import read_book
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data

LEVELS = 8
"""All prices that orders have."""
NAME = "XYZ_2024-01-02_34200000_57600000_{}_50.csv"
Orders = dict[int, tuple[int, int, int]]
"""Direction, price in 1/10000 dollars and size by number."""


def levels_of(orders: Orders) -> list[int]:
    """A row of an orderbook file: ask, size, bid, size, of the best level and of the others."""
    cells: list[int] = []
    sides: dict[int, list[tuple[int, int]]] = {}
    for side in (-1, 1):
        sizes: dict[int, int] = {}
        for direction, price, size in orders.values():
            if direction == side:
                sizes[price] = sizes.get(price, 0) + size
        sides[side] = sorted(sizes.items(), reverse=side > 0)
    for place in range(LEVELS):
        for side in (-1, 1):
            found = sides[side][place : place + 1] or [(-side * 9_999_999_999, 0)]
            cells += found[0]
    return cells


def message(rng: Random, orders: Orders, number: int) -> tuple[int, int, int, int, int]:
    """Type, order, size, price and direction of something that happens, and did in ``orders``."""
    kind = rng.choices([1, 2, 3, 4, 5], [50, 10, 20, 15, 5])[0]
    if kind == 5:
        return kind, 0, rng.randint(1, 50), 1_000_050, rng.choice([1, -1])
    if kind == 1 or len(orders) < 8:
        direction = rng.choice([1, -1])
        price = 1_000_000 - direction * 100 * rng.randint(1, 8)
        orders[number] = direction, price, rng.randint(2, 300)
        return 1, number, orders[number][2], price, direction
    chosen = rng.choice(list(orders))
    direction, price, size = orders[chosen]
    gone = size if kind == 3 or size < 2 else rng.randint(1, size - (kind == 2))
    kind = 3 if kind == 2 and gone == size else kind
    orders[chosen] = direction, price, size - gone
    if gone == size:
        del orders[chosen]
    return kind, chosen, gone, price, direction


@pytest.mark.parametrize("levels", [LEVELS, 3])
@pytest.mark.parametrize("seed", range(2))
def test_the_book_is_that_of_the_orderbook_file(seed: int, levels: int, tmp_path: Path) -> None:
    """Also where it began before the first message, with orders that are named later; and where the
    files tell of the best levels alone, so that much happens beyond them without a message."""
    rng, orders, messages, shown = Random(seed), Orders(), list[str](), list[list[int]]()
    for number in range(1, 30):
        message(rng, orders, number)
    for step in range(200):
        before = levels_of(orders)[: 4 * levels]
        told = message(rng, orders, 1000 + step)
        row = levels_of(orders)[: 4 * levels]
        if row == before and told[0] < 5:
            continue
        seconds = f"{34_200 + step}.{rng.randrange(10**9):09d}"
        messages.append(",".join(map(str, (seconds, *told))))
        shown.append(row)
    (tmp_path / NAME.format("message")).write_text("\n".join(messages) + "\n")
    book = "\n".join(",".join(map(str, row)) for row in shown)
    (tmp_path / NAME.format("orderbook")).write_text(book + "\n")
    target = tmp_path / "made.csv"
    convert_data(str(tmp_path / NAME.format("message")), target, MarketDescription())
    # The first of all is the book before the first message.
    books = list(read_book(str(target), MarketDescription(price_decimals=4), levels=levels + 1))[1:]
    assert len(books) == len(shown)
    for place, (found, row) in enumerate(zip(books, shown, strict=True)):
        cells: list[int] = []
        for level in range(levels):
            for side, empty in ((found.asks, 9_999_999_999), (found.bids, -9_999_999_999)):
                cells += side[level] if level < len(side) else (empty, 0)
        assert cells == row, f"seed {seed}, message {place}"
        assert max(len(found.asks), len(found.bids)) <= levels, f"seed {seed}, message {place}"
    assert (books[-1].unknown, books[-1].duplicates) == (0, 0), f"seed {seed}"
    rows = [line.split(",") for line in target.read_text().splitlines()]
    came_later = [row for row in rows if row[-1] == "add" and row[3] == "0" and row[4] in "02"]
    assert bool(came_later) is (levels < LEVELS), f"seed {seed}"
