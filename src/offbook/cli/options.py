"""The options of the commands, each written once.

Choices are spelled out here, so that asking for help loads no market data; a test holds them
against the enumerations that they stand for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from offbook.cli import completing

AssetClassChoice = Literal["crypto_spot", "crypto_perpetual", "equity", "future"]
KindChoice = Literal["quotes", "trades", "bars", "depth", "orders", "status"]
LabelChoice = Literal["open", "close"]
OffHoursChoice = Literal["keep", "refuse", "drop"]
PresetChoice = Literal["frictionless", "retail", "realistic", "harsh"]
AdjustmentChoice = Literal["raw", "split", "all"]
AtEndChoice = Literal["stop", "pause"]
OnErrorChoice = Literal["stop", "pause", "fail"]
SideChoice = Literal["buy", "sell"]
FormatChoice = Literal["csv", "parquet", "json"]
SchemaChoice = Literal["settings", "session"]

# -- everywhere -------------------------------------------------------------------------------

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on the way.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Write what the parts log to stderr.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where sessions are kept (else OFFBOOK_DATA_DIR, else the platform's place).",
    ),
]
JsonLines = Annotated[
    bool, typer.Option("--jsonl", help="Answer with one JSON document on each line.")
]
Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="A session's id, a beginning that no other id has, its name, or 'last'.",
        autocompletion=completing.sessions,
    ),
]

# -- what to run ------------------------------------------------------------------------------

Strategy = Annotated[
    str | None,
    typer.Argument(
        metavar="STRATEGY",
        help="path/to/file.py:Class or package.module:Class",
        autocompletion=completing.strategies,
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        "-d",
        metavar="[SYMBOL=]PATH",
        help="A recording (.csv, .csv.gz, .parquet; a folder or a pattern of them), a market "
        "document (.toml), 'demo' and the like for what ships, or 'synthetic:'. Several are "
        "merged.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="NAME=VALUE", help="A parameter of the strategy."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="A whole session as TOML or JSON; options win."
    ),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="TEXT", help="What to call the session.")
]
Speed = Annotated[
    str | None,
    typer.Option("--speed", metavar="X", help="Times real time, such as 60, or 'full'."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the whole session as it would run, as JSON.")
]
Dashboard = Annotated[
    bool | None,
    typer.Option("--dashboard/--no-dashboard", help="The live screen while it runs."),
]
Cash = Annotated[
    str | None, typer.Option("--cash", metavar="AMOUNT", help="Cash to begin with (100000).")
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="N", help="Seed of all simulated chance (0).")
]
FeeBps = Annotated[
    str | None, typer.Option("--fee-bps", metavar="BPS", help="Fee in basis points of value (10).")
]
LatencyMs = Annotated[
    str | None,
    typer.Option("--latency-ms", metavar="MS", help="Delay to the venue, and back (50)."),
]
Preset = Annotated[
    PresetChoice | None,
    typer.Option("--preset", help="How the venue treats orders, all in all (realistic)."),
]
PresetName = Annotated[
    PresetChoice, typer.Argument(metavar="NAME", help="frictionless, retail, realistic or harsh.")
]
AtEnd = Annotated[
    AtEndChoice | None, typer.Option("--at-end", help="What the end of the data does (stop).")
]
OnError = Annotated[
    OnErrorChoice | None,
    typer.Option("--on-error", help="What a callback that raises does (stop)."),
]

# -- what the recording holds -----------------------------------------------------------------

Symbol = Annotated[str | None, typer.Option("--symbol", metavar="TEXT", help="Such as BTCUSDT.")]
AssetClass = Annotated[
    AssetClassChoice | None, typer.Option("--asset-class", help="The kind of instrument.")
]
Base = Annotated[
    str | None, typer.Option("--base", metavar="TEXT", help="What a unit is, such as BTC.")
]
Currency = Annotated[
    str | None, typer.Option("--currency", metavar="TEXT", help="What pays for it, such as USDT.")
]
Tick = Annotated[
    str | None, typer.Option("--tick", metavar="STEP", help="Smallest step of an order's price.")
]
Lot = Annotated[
    str | None, typer.Option("--lot", metavar="STEP", help="Smallest step of an order's size.")
]
MinNotional = Annotated[
    str | None, typer.Option("--min-notional", metavar="AMOUNT", help="Smallest value of an order.")
]
Calendar = Annotated[
    str | None, typer.Option("--calendar", metavar="NAME", help="24/7 or an exchange, as XNYS.")
]
PriceDecimals = Annotated[
    str | None,
    typer.Option("--price-decimals", metavar="N", help="If more than tick has; 'auto' looks."),
]
SizeDecimals = Annotated[
    str | None,
    typer.Option("--size-decimals", metavar="N", help="If more than lot has; 'auto' looks."),
]
Kind = Annotated[KindChoice | None, typer.Option("--kind", help="What the rows are, if unclear.")]
Timeframe = Annotated[
    str | None, typer.Option("--timeframe", metavar="SPAN", help="How long a bar is: 1m, 4h, 1d.")
]
Label = Annotated[
    LabelChoice | None, typer.Option("--label", help="Which end of a bar its time names (open).")
]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="OURS=THEIRS", help="A column by another name: bid=b1."),
]
Header = Annotated[
    str | None,
    typer.Option(
        "--header",
        metavar="NAMES",
        help="Columns of a file without a header: time,price,size or binance-klines and the like.",
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="NAME", help="Of times without an offset (UTC)."),
]
OffHours = Annotated[
    OffHoursChoice | None,
    typer.Option("--off-hours", help="Rows outside the calendar's hours (keep)."),
]
Adjustment = Annotated[
    AdjustmentChoice | None,
    typer.Option("--adjustment", help="What the prices have been adjusted for."),
]
Actions = Annotated[
    str | None,
    typer.Option("--actions", metavar="FILE", help="Splits, dividends and the like, dated."),
]
Funding = Annotated[
    str | None,
    typer.Option("--funding", metavar="FILE", help="Funding rates of a perpetual, dated."),
]
Borrow = Annotated[
    str | None,
    typer.Option("--borrow", metavar="FILE", help="What shares are lent at, or not, dated."),
]
Settlements = Annotated[
    str | None,
    typer.Option("--settlements", metavar="FILE", help="Settlement prices of a future, dated."),
]
Multiplier = Annotated[
    str | None,
    typer.Option("--multiplier", metavar="N", help="What a contract is worth, times its price."),
]
Inverse = Annotated[
    bool | None,
    typer.Option("--inverse/--linear", help="Contracts settled in the base currency (linear)."),
]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help="When a future expires, with its offset."),
]
DropBadRows = Annotated[
    bool | None,
    typer.Option("--drop-bad-rows/--refuse-bad-rows", help="Rows that cannot be true (refuse)."),
]

# -- what to do with sessions -----------------------------------------------------------------

Stop = Annotated[bool, typer.Option("--stop", help="Stop them instead of carrying them on.")]
Resume = Annotated[bool, typer.Option("--resume", help="Resume paused ones too.")]
FullSpeed = Annotated[bool, typer.Option("--full-speed", help="Carry them on as fast as possible.")]
RecoveryJobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="Processes that rebuild them; 1: this one (as many as cores, if that is worth it).",
    ),
]
Moment = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Session time: 14:30:05, 2024-08-08T23:55:00 (UTC) or ns since 1970.",
    ),
]
Sessions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SESSION...",
        help="Ids, or beginnings of ids; else all.",
        autocompletion=completing.sessions,
    ),
]
NoPace = Annotated[bool, typer.Option("--fast", help="At full speed, without the show.")]
Write = Annotated[
    str | None,
    typer.Option("--write", metavar="FORMATS", help="Files instead: json,csv,parquet,png."),
]
Into = Annotated[
    Path,
    typer.Option("--into", metavar="DIR", help="Where the files' folder is made.", file_okay=False),
]
Interval = Annotated[
    bool,
    typer.Option("--interval", help="Also put its orders through a kinder and a harsher venue."),
]
Optimistic = Annotated[
    PresetChoice | None,
    typer.Option("--optimistic", help="The kinder venue, by preset (else made of its own)."),
]
Pessimistic = Annotated[
    PresetChoice | None,
    typer.Option("--pessimistic", help="The harsher venue, by preset (else made of its own)."),
]

# -- configuration ----------------------------------------------------------------------------

Table = Annotated[
    str | None,
    typer.Argument(
        metavar="TABLE",
        help="Only this setting or table, as venue.fee.",
        autocompletion=completing.settings,
    ),
]
GivenOnly = Annotated[bool, typer.Option("--given", help="Leave the defaults out.")]
CheckedFile = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="TOML or JSON; else what is in force.")
]
SchemaOf = Annotated[
    SchemaChoice, typer.Argument(metavar="WHICH", help="settings (offbook.toml) or session.")
]

# -- what a session did -----------------------------------------------------------------------

Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="NAME",
        help="As filled or rejected; or open, or closed.",
        autocompletion=completing.statuses,
    ),
]
Symbols = Annotated[
    list[str] | None, typer.Option("--symbol", metavar="TEXT", help="Of this instrument.")
]
Side = Annotated[SideChoice | None, typer.Option("--side", help="Of this side.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From this session time on (ISO 8601, or ns)."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Before this session time.")
]
Last = Annotated[int | None, typer.Option("--last", min=0, metavar="N", help="The last N of them.")]
Flat = Annotated[bool, typer.Option("--all", help="Those too that were closed.")]
After = Annotated[
    int, typer.Option("--after", min=0, metavar="N", help="After the record of this number.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=0, metavar="N", help="At most N records.")
]
RecordKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="NAME",
        help="Of this kind: OrderFilled.",
        autocompletion=completing.record_kinds,
    ),
]
To = Annotated[
    Path, typer.Option("--to", metavar="DIR|FILE", help="A directory, or a file by its ending.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
Format = Annotated[FormatChoice | None, typer.Option("--format", help="Of the files (csv).")]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="NAME",
        help="orders, fills, positions, flows, journal or equity.",
        autocompletion=completing.tables,
    ),
]
StrategyPlace = Annotated[
    str | None, typer.Argument(metavar="PLACE", help="A .py file, a folder or a module.")
]
