"""Make the daily demo recordings of US shares from a table of Quandl's WIKI database.

    python scripts/make_demo_stocks.py stocks.csv.gz src/offbook/data/stocks

The table (``Ticker,Date,Open,High,Low,Close,Volume,Adj Close``) is that of Bokeh's sample data.
What was really paid is kept, digit by digit; the adjusted column is not. Of each share the days
from 2006 on are taken, in which none of them was split. The same input gives the same bytes.
"""

import argparse
import csv
import gzip
import hashlib
import io
from pathlib import Path

TICKERS = ("AAPL", "GOOG", "IBM", "MSFT")
FIRST = "2006-01-01"
COLUMNS = ("Date", "Open", "High", "Low", "Close", "Volume")
HEADER = "date,open,high,low,close,volume"


def main() -> None:
    """Write a file for each share into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path, metavar="TABLE.csv.gz")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with gzip.open(arguments.table, "rt", encoding="ascii", newline="") as file:
        table = [row for row in csv.DictReader(file) if row["Date"] >= FIRST]
    for ticker in TICKERS:
        rows = [row for row in table if row["Ticker"] == ticker]
        lines = [",".join(row[name] for name in COLUMNS) for row in rows]
        text = "\n".join([HEADER, *lines, ""]).encode("ascii")
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as gz:
            gz.write(text)
        path = arguments.folder / f"{ticker.lower()}-daily.csv.gz"
        path.write_bytes(packed.getvalue())
        digest = hashlib.sha256(text).hexdigest()
        print(f"{ticker} {len(rows)} rows, {rows[0]['Date']} to {rows[-1]['Date']}, {digest}")


if __name__ == "__main__":
    main()
