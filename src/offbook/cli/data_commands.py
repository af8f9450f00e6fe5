"""``offbook data``: looking into recordings and writing them anew."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Final

import typer

from offbook.cli import options as o
from offbook.cli.context import shell_of, show_commands
from offbook.domain.book_start import BookStart


class Prices(enum.Enum):
    """Which prices of a file with adjusted closes are meant."""

    RAW = "raw"
    ADJUSTED = "adjusted"


class Carried(enum.Enum):
    """What the prices of a file with columns of dividends and splits carry already."""

    RAW = "raw"
    SPLIT = "split"


data_app: Final = typer.Typer(name="data", rich_markup_mode=None, invoke_without_command=True)


@data_app.callback()
def data(ctx: typer.Context) -> None:
    """Look into recordings, and write them anew."""
    if ctx.invoked_subcommand is None:
        show_commands(ctx)


Recordings = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Files, folders or patterns; 'demo' and the like; SYMBOL= before one names it.",
    ),
]
SourceFile = Annotated[str, typer.Argument(metavar="SRC", help="A recording, as for run --data.")]
TargetFile = Annotated[
    Path, typer.Argument(metavar="DST", help="Ends in .csv, .csv.gz or .parquet.")
]
Into = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="SPAN", help="Sum up in bars so long: 5s, 1m, 1d."),
]
SourceTimeframe = Annotated[
    str | None,
    typer.Option("--source-timeframe", metavar="SPAN", help="How long the bars of SRC are."),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="lobster, databento, tardis, itch, lean-equity, lean-forex or lean-crypto, where "
        "name, folders or header of SRC do not tell.",
    ),
]
Day = Annotated[
    str | None,
    typer.Option("--date", metavar="DAY", help="The day of a file whose times begin with it."),
]
SkipLines = Annotated[
    int, typer.Option("--skip-lines", min=0, metavar="N", help="Lines before the header of SRC.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="COLUMN=TEXT", help="Only rows in which a column has a text."),
]
NewestFirst = Annotated[
    bool, typer.Option("--newest-first", help="The rows of SRC are; they are turned round.")
]
TimeFormat = Annotated[
    str | None,
    typer.Option("--time-format", metavar="FORMAT", help="How SRC writes times: %d/%m/%Y %H:%M."),
]
Numbers = Annotated[
    str | None,
    typer.Option("--numbers", metavar="1.234,56", help="How SRC writes 1234.56."),
]
Decimals = Annotated[
    int | None,
    typer.Option(
        "--decimals", min=0, max=12, metavar="N", help="Round numbers that have more decimals."
    ),
]
RowsSince = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only rows from this time on (ISO 8601, or ns)."),
]
RowsUntil = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only rows before this time.")
]
AdjClose = Annotated[
    Prices | None,
    typer.Option(
        "--adj-close",
        help="Which prices to write where SRC has adjusted closes: the day's, or adjusted ones.",
    ),
]
TakeActions = Annotated[
    Carried | None,
    typer.Option(
        "--take-actions",
        help="Keep the dividends and splits in columns of SRC as actions; its prices carry none of "
        "them (raw), or splits.",
    ),
]
QuoteSize = Annotated[
    str | None,
    typer.Option("--quote-size", metavar="QTY", help="The size of quotes that show none."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace DST if it exists.")]


@data_app.command()
def info(
    ctx: typer.Context,
    paths: Recordings,
    kind: o.Kind = None,
    column: o.Column = None,
    header: o.Header = None,
    timezone: o.Timezone = None,
    timeframe: o.Timeframe = None,
    label: o.Label = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Say what is in recordings, and what is still to be told before they can be run.

    Every row is read. Rows that cannot be true are counted; the instrument is guessed from the
    file's name and numbers, as a description to be checked and kept beside the file. Of a folder
    or several recordings each that cannot be read is told, and the exit code is 1 then.
    """
    given = {k: v for k, v in ctx.params.items() if k not in ("json", "quiet", "paths")}
    from offbook.cli.data_showing import show_data

    raise typer.Exit(show_data(shell_of(ctx, json, quiet), paths, given))


@data_app.command()
def convert(
    ctx: typer.Context,
    source: SourceFile,
    target: TargetFile,
    into: Into = None,
    kind: o.Kind = None,
    column: o.Column = None,
    header: o.Header = None,
    timezone: o.Timezone = None,
    timeframe: SourceTimeframe = None,
    label: o.Label = None,
    drop_bad_rows: o.DropBadRows = None,
    layout: Layout = None,
    day: Day = None,
    skip_lines: SkipLines = 0,
    only: Only = None,
    newest_first: NewestFirst = False,
    time_format: TimeFormat = None,
    numbers: Numbers = None,
    decimals: Decimals = None,
    since: RowsSince = None,
    until: RowsUntil = None,
    adj_close: AdjClose = None,
    take_actions: TakeActions = None,
    quote_size: QuoteSize = None,
    force: Force = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a recording as CSV, packed CSV or Parquet, with offbook's names and exact numbers.

    Times become integer nanoseconds UTC, bars are labelled by their opening. With --timeframe
    quotes, trades or shorter bars are summed up in bars. Of a raw capture of a venue's websocket
    the depth is written (of Coinbase's full channel, Kraken's level3 and Bitfinex's raw books the
    orders), or with --kind its trades or quotes; of LOBSTER's message files and Databento's MBO the
    orders (of Nasdaq's ITCH those of one stock), of Databento's other schemas, Tardis's books and
    hftbacktest's arrays what is in them. Of Lean's data a day's zip, or a folder of days, becomes
    bars, trades or quotes, as its name says; of both trades and quotes those of --kind.
    Files packed as .zip and .zst are unpacked. What was known of the recording is written beside
    the new file.

    Tables with other ways of writing are made plain: lines before the header left out, the newest
    row first turned round, times and numbers read as they are written, numbers of too many decimals
    rounded, and the rows of one instrument taken from a file of several. With --adj-close adjusted
    all four prices of a bar are scaled by its adjusted close; with --take-actions the dividends and
    splits that stand in its columns are written into the description beside the new file.
    """
    from offbook.cli.converting import convert_file

    raise typer.Exit(convert_file(shell_of(ctx, json, quiet), ctx.params))


Levels = Annotated[
    int, typer.Option("--levels", min=1, max=1000, metavar="N", help="How many of each side.")
]
Moments = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="TIME", help="At this moment, UTC; may be given several times."),
]
Every = Annotated[
    str | None, typer.Option("--every", metavar="SPAN", help="At the multiples of a span: 1s, 1m.")
]
Checksum = Annotated[
    str | None,
    typer.Option(
        "--checksum",
        metavar="RULE",
        help="Also the exchange's checksum: kraken, okx, bitget or bitfinex; kraken_orders or "
        "bitfinex_orders.",
    ),
]
Orders = Annotated[
    bool, typer.Option("--orders", help="A line for each order of a book that names them.")
]
Begins = Annotated[
    BookStart,
    typer.Option("--book-start", help="Whether a book begins with a snapshot, or with updates."),
]
Target = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write there, not to stdout.")
]


@data_app.command()
def book(
    ctx: typer.Context,
    source: SourceFile,
    levels: Levels = 10,
    at: Moments = None,
    every: Every = None,
    checksum: Checksum = None,
    orders: Orders = False,
    book_start: Begins = BookStart.SNAPSHOT,
    to: Target = None,
    kind: o.Kind = None,
    column: o.Column = None,
    header: o.Header = None,
    timezone: o.Timezone = None,
    price_decimals: o.PriceDecimals = None,
    size_decimals: o.SizeDecimals = None,
    quiet: o.Quiet = False,
) -> None:
    """Make the book of a recording of depth or orders, and write its best levels as CSV.

    After each message, or with --at or --every at moments: the book that the last message at or
    before each left. The columns are time, last row, what the book is worth, then price and size of
    the best ask and bid, of the second best, and so on, as in LOBSTER's orderbook files.

    With --orders the orders of these levels instead: side, price, size, the venue's number of the
    order and its place at its price, 1 for the one that is served first.
    """
    kept = ("kind", "column", "header", "timezone", "price_decimals", "size_decimals")
    given = {name: ctx.params[name] for name in kept}
    from offbook.cli.book_showing import Wanted, show_book

    wanted = Wanted(
        levels=levels,
        at=at or [],
        every=every,
        checksum=checksum,
        orders=orders,
        begins=book_start,
        target=to,
    )
    raise typer.Exit(show_book(shell_of(ctx, False, quiet), source, given, wanted))


@data_app.command()
def check(
    ctx: typer.Context,
    source: SourceFile,
    price_decimals: o.PriceDecimals = None,
    size_decimals: o.SizeDecimals = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Hold a raw capture of a venue's websocket against the checksums that it published there.

    The book is made as sessions make it, and its checksum after each message that has one. Known
    are Kraken, OKX, Bitget and Bitfinex. Of several markets SYMBOL= before the file names one. The
    exit code is 1 where any differs.
    """
    from offbook.cli.check_showing import show_check

    given = {"price_decimals": price_decimals, "size_decimals": size_decimals}
    raise typer.Exit(show_check(shell_of(ctx, json, quiet), source, given))
