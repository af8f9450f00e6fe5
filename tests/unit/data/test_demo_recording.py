"""The shipped recordings are what the pages beside them say."""

import gzip
import hashlib
import itertools
from decimal import Decimal
from importlib.resources import files

DEMO = files("offbook") / "data" / "demo"
PACKED = (DEMO / "btcusdt-quotes.csv.gz").read_bytes()
TEXT = gzip.decompress(PACKED)
README = (DEMO / "README.md").read_text("utf-8")
HEADER, *ROWS = [line.split(",") for line in TEXT.decode("ascii").splitlines()]


def test_the_readme_tells_the_row_count_and_the_hashes() -> None:
    """Who holds the file against the page finds the same file."""
    assert f"{len(ROWS):,} rows" in README
    for content in (PACKED, TEXT):
        assert hashlib.sha256(content).hexdigest() in README


def test_the_notice_of_the_origin_lies_beside_the_file() -> None:
    """The licence of the captures asks for its notice in every copy."""
    notice = (DEMO / "LICENSE.hftbacktest").read_text("utf-8")
    assert "MIT License" in notice
    assert "nkaz001" in notice
    assert "nkaz001/hftbacktest" in README


def test_rows_are_in_strict_order_of_receipt_and_span_ten_minutes() -> None:
    """Nanoseconds since the epoch, rising, with no gap of a second."""
    times = [int(row[0]) for row in ROWS]
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert all(0 < step < 10**9 for step in steps)
    assert 10 * 60 * 10**9 < times[-1] - times[0] < 11 * 60 * 10**9


def test_every_row_is_a_quote_at_the_instrument_s_decimals() -> None:
    """Prices have 2 decimals, sizes 5; the bid is below the ask; both sides show a size."""
    assert HEADER == ["ts_init", "bid", "ask", "bid_size", "ask_size"]
    decimals = {tuple(len(number.partition(".")[2]) for number in row) for row in ROWS}
    assert decimals == {(0, 2, 2, 5, 5)}
    for _, bid, ask, bid_size, ask_size in ROWS:
        assert 0 < Decimal(bid) < Decimal(ask)
        assert Decimal(bid_size) > 0
        assert Decimal(ask_size) > 0


def test_no_row_repeats_the_one_before() -> None:
    """The venue sends an update only where a price or a size changed."""
    assert all(before[1:] != after[1:] for before, after in itertools.pairwise(ROWS))


def test_the_prints_are_what_the_page_says_and_fit_the_quotes_of_their_moment() -> None:
    """In order of receipt, of the same minutes, none far from best bid and offer."""
    packed = (DEMO / "btcusdt-trades.csv.gz").read_bytes()
    text = gzip.decompress(packed)
    header, *prints = [line.split(",") for line in text.decode("ascii").splitlines()]
    assert header == ["ts_init", "price", "size", "side"]
    assert f"{len(prints):,} rows" in README
    for content in (packed, text):
        assert hashlib.sha256(content).hexdigest() in README
    times = [int(row[0]) for row in prints]
    assert times == sorted(times)
    assert abs(times[0] - int(ROWS[0][0])) < 10**9
    assert {row[3] for row in prints} == {"buy", "sell"}
    lowest, highest = min(Decimal(row[1]) for row in ROWS), max(Decimal(row[2]) for row in ROWS)
    assert all(lowest <= Decimal(row[1]) <= highest for row in prints)


def test_the_daily_bars_are_what_the_page_says() -> None:
    """Every trading day once, rising, and none of the jumps that a split would leave."""
    folder = files("offbook") / "data" / "stocks"
    page = (folder / "README.md").read_text("utf-8")
    for ticker in ("aapl", "goog", "ibm", "msft"):
        text = gzip.decompress((folder / f"{ticker}-daily.csv.gz").read_bytes())
        assert f"{ticker:5} {hashlib.sha256(text).hexdigest()}" in page
        _, *days = [line.split(",") for line in text.decode("ascii").splitlines()]
        assert f"{len(days):,} rows" in page
        dates = [row[0] for row in days]
        assert dates == sorted(set(dates))
        closes = [Decimal(row[4]) for row in days]
        assert all(
            Decimal("0.75") < after / before < Decimal("1.3")
            for before, after in itertools.pairwise(closes)
        )
