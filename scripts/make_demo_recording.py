"""Make the demo recordings from raw websocket captures of Binance spot BTCUSDT.

    cd src/offbook/data/demo
    python .../make_demo_recording.py quotes spot_btcusdt_2024080{8,9}.gz btcusdt-quotes.csv.gz
    python .../make_demo_recording.py trades spot_btcusdt_2024080{8,9}.gz btcusdt-trades.csv.gz

A raw line is the local receive time (nanoseconds since the epoch, UTC), a space, and the venue's
JSON. Quotes are best bid and offer, stream ``btcusdt@bookTicker``, which carries no time of the
venue; trades are stream ``btcusdt@trade``, of which the side that took is told by who made the
price. Every update is kept; one that an earlier file or line already held (same id) is left out.
Numbers are copied as text, never through a float, and lose only the zeros beyond the
instrument's decimals. The same input gives the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

PRICE_DECIMALS = 2
SIZE_DECIMALS = 5
HEADERS = {"quotes": "ts_init,bid,ask,bid_size,ask_size", "trades": "ts_init,price,size,side"}


def trim(text: str, decimals: int) -> str:
    """Cut a decimal to the given number of decimals; anything but zeros beyond them is an error."""
    whole, _, fraction = text.partition(".")
    if fraction[decimals:].strip("0"):
        raise ValueError(f"{text} has more than {decimals} decimals")
    return f"{whole}.{fraction[:decimals]:0<{decimals}}"


def rows(kind: str, lines: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield (receive time in ns, id, row) for every update of a kind among raw lines."""
    stream, make = {
        "quotes": ('"btcusdt@bookTicker"', quote),
        "trades": ('"btcusdt@trade"', trade),
    }[kind]
    for line in lines:
        received, _, message = line.partition(" ")
        if stream in message:
            number, cells = make(json.loads(message)["data"])
            yield int(received), number, ",".join((received, *cells))


def quote(data: dict[str, str]) -> tuple[int, tuple[str, ...]]:
    """A best bid and offer: its update id, and its cells."""
    prices = trim(data["b"], PRICE_DECIMALS), trim(data["a"], PRICE_DECIMALS)
    sizes = trim(data["B"], SIZE_DECIMALS), trim(data["A"], SIZE_DECIMALS)
    return int(data["u"]), (*prices, *sizes)


def trade(data: dict[str, str]) -> tuple[int, tuple[str, ...]]:
    """A print: its trade id, and its cells, without zeros at their ends."""
    price, size = trim(data["p"], PRICE_DECIMALS), trim(data["q"], SIZE_DECIMALS)
    plain = (text.rstrip("0").rstrip(".") for text in (price, size))
    return int(data["t"]), (*plain, "sell" if data["m"] else "buy")


def merge(kind: str, paths: Iterable[Path]) -> list[str]:
    """Return the rows of all files in order of receipt, each update of the venue once."""
    found: dict[int, tuple[int, str]] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            for received, update, row in rows(kind, lines):
                found.setdefault(update, (received, row))
    ordered = sorted((received, update, row) for update, (received, row) in found.items())
    if [update for _, update, _ in ordered] != sorted(found):
        raise ValueError("the order of receipt is not the order of the venue's update ids")
    return [row for _, _, row in ordered]


def main() -> None:
    """Read the captures named on the command line and write a recording."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=sorted(HEADERS))
    parser.add_argument("captures", nargs="+", type=Path, metavar="CAPTURE.gz")
    parser.add_argument("output", type=Path, metavar="OUTPUT.csv.gz")
    arguments = parser.parse_args()

    found = merge(arguments.kind, arguments.captures)
    text = "\n".join([HEADERS[arguments.kind], *found, ""]).encode("ascii")
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text)
    arguments.output.write_bytes(packed.getvalue())

    print(f"rows    {len(found)}")
    print(f"bytes   {len(packed.getvalue())} packed, {len(text)} unpacked")
    print(f"sha256  {hashlib.sha256(packed.getvalue()).hexdigest()}  packed")
    print(f"sha256  {hashlib.sha256(text).hexdigest()}  unpacked")


if __name__ == "__main__":
    main()
