"""Looking into recordings and writing them anew, for those who have not run anything yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from offbook.config.adjusted import as_adjusted, with_actions
from offbook.config.foreign_tables import as_lean, as_table, lean_of, lean_table
from offbook.config.guessing import as_toml, guess
from offbook.config.markets import (
    Label,
    MarketDescription,
    beside,
    locate_recording,
    market_of,
    read_description,
)
from offbook.domain.config import Adjustment, BadRows, ReplayMarket
from offbook.domain.errors import InvalidConfig, InvalidInput, OffbookError, anew
from offbook.domain.market_data import DataKind
from offbook.domain.timeframes import parse_timeframe

if TYPE_CHECKING:
    from offbook.adapters.brokers.replay.converting import Between, Conversion
    from offbook.adapters.brokers.replay.inspecting import Inspection


class RecordingInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, and what is known of its instrument.

    ``told`` is what was given or stands beside the file, ``missing`` what is still to be told
    before it can be run (None when nothing is), ``guess`` a whole description with what was told
    and what name and numbers suggest.
    """

    inspection: Inspection
    told: MarketDescription
    missing: str | None
    guess: MarketDescription

    @property
    def guess_toml(self) -> str:
        """The guess as the file beside the recording would have it."""
        return as_toml(msgspec.to_builtins(self.guess))


def look_into(data: str, given: MarketDescription) -> RecordingInfo:
    """Read a recording to its end and say what is in it.

    Raises InvalidConfig, BadMarketData and GatewayUnavailable.
    """
    from offbook.adapters.brokers.replay.inspecting import inspect_recording

    recording = locate_recording(data)
    told = given.over(read_description(recording))
    found = inspect_recording(
        str(recording),
        told.kind or (DataKind.BARS if told.timeframe else None),
        columns=told.columns,
        header=told.names,
        timezone=told.timezone,
    )
    decimals = found.price_decimals, found.size_decimals
    guessed = guess(recording, found.kind, *decimals, found.step_ns, symbol=told.symbol)
    return RecordingInfo(
        inspection=found,
        told=told,
        missing=_missing(recording, told),
        guess=told.over(guessed),
    )


def files_apart(data: str, given: MarketDescription) -> list[tuple[str, MarketDescription]]:
    """The files of a recording, each to be looked into by itself with what is told of them all;
    the recording itself where it has none."""
    from offbook.adapters.brokers.replay.files import find_files

    recording = locate_recording(data)
    told = given.over(read_description(recording))
    try:
        names = find_files(str(recording))
    except InvalidConfig:
        return [(data, given)]  # whoever looks into it is told the same
    return [(name, told) for name in names]


def convert_data(
    data: str,
    target: Path,
    given: MarketDescription,
    *,
    into: str | None = None,
    replace: bool = False,
    layout: str | None = None,
    day: str | None = None,
    unusual: Mapping[str, Any] | None = None,
    quote_size: str | None = None,
    take_actions: Adjustment | None = None,
    between: Between = (None, None),
) -> tuple[Conversion, Path | None]:
    """Write a recording anew, with ``into`` summed up in bars of that timeframe.  An unusual table
    is made plain first (``unusual`` are fields of ``replay.tidying.Tidying``).  Of a raw capture
    (``replay.captures``, ``venue_captures``) the rows of one kind are written: its depth, unless
    another is told; of one of orders (``coinbase_orders``), of hftbacktest's arrays
    (``event_arrays``), and of a file of LOBSTER, Databento or Tardis (``published_files``;
    ``layout`` and ``day`` where its name and header do not tell) likewise, what it has first.  Days
    of Lean (``lean_files``) are made a table of their kind, with what their names tell.  What is
    packed as zip or zst is unpacked first; a CSV of quotes without sizes is given one
    (``quote_size``, decimal text).  With ``take_actions`` its columns of dividends and splits
    become actions, as of prices that carry so much (``event_columns``).  Only rows ``between`` two
    times (ns UTC) are written.

    What was told of it is written beside the new file, as far as it still holds; the second value
    is where.  Raises InvalidConfig, BadMarketData, InvalidInput, GatewayUnavailable and OSError.
    """
    from offbook.adapters.brokers.replay.unpacking import unpacked

    recording = locate_recording(data)
    told = given.over(read_description(recording))
    on_the_way: list[Path] = []
    with _naming(recording, on_the_way, unusual or {}), ExitStack() as steps:

        def make(step: AbstractContextManager[Path]) -> Path:
            on_the_way.append(steps.enter_context(step))
            return on_the_way[-1]

        lean = lean_of(recording, told, layout, day)
        if lean is None:
            table = make(unpacked(recording))
        else:
            table, told, layout = make(lean_table(lean, recording)), as_lean(lean, told), None
        if unusual:
            _require_header(table, layout)
            table = make(_made_plain(table, told, unusual))
            told = msgspec.structs.replace(told, header=None)
            if unusual.get("adjusted"):
                told = as_adjusted(told)
        if take_actions is not None:
            told = with_actions(table, told, take_actions)
        if quote_size is not None:
            step, told = _sized(table, told, quote_size)
            table = make(step)
        table = make(as_table(table, told, layout, day))
        return _convert_table(table, target, told, into, between, replace=replace)


@contextmanager
def _naming(recording: Path, on_the_way: list[Path], unusual: Mapping[str, Any]) -> Iterator[None]:
    """Errors that name a file that was made on the way, and is gone, name the recording instead."""
    from offbook.adapters.brokers.replay.faults import TURN_ROUND

    try:
        yield
    except OffbookError as error:
        told = anew(error)
        rows = ", as it was made plain, row " if unusual else ", row "
        if unusual.get("newest_first"):
            told.message = told.message.replace(
                TURN_ROUND, ", and leave --newest-first out if it is that already"
            )
        for table in on_the_way:
            if table != recording:
                told.message = told.message.replace(f"{table}, row ", f"{recording}{rows}")
                told.message = told.message.replace(str(table), str(recording))
        told.fields |= {
            name: str(recording)
            for name, value in told.fields.items()
            if value in [str(table) for table in on_the_way]
        }
        raise told from error


def _require_header(table: Path, layout: str | None) -> None:
    from offbook.adapters.brokers.replay.published_files import has_no_header

    if has_no_header(table, layout):
        raise InvalidInput(
            f"{table} is a file of LOBSTER, which is read as it comes: leave out what tells how a "
            "table is written (--newest-first, --only, --skip-lines, --time-format, --numbers, "
            "--decimals, --adj-close)"
        )


def _sized(
    table: Path, told: MarketDescription, size: str
) -> tuple[AbstractContextManager[Path], MarketDescription]:
    """What gives quotes a size, and what is told of them then."""
    from offbook.adapters.brokers.replay.names import header_of
    from offbook.adapters.brokers.replay.peeking import SIZES
    from offbook.adapters.brokers.replay.quote_sizes import with_sizes

    names = header_of(told.names)
    _require_no_sizes(table, told)
    told = _as_quotes(told)
    if names:
        told = msgspec.structs.replace(told, header=(*names, *SIZES))
    return with_sizes(table, size, names), told


def _require_no_sizes(table: Path, told: MarketDescription) -> None:
    from offbook.adapters.brokers.replay.peeking import peek

    if DataKind.QUOTES in peek(str(table), told.columns, told.names, told.kind).kinds:
        raise InvalidInput(
            f"{table} shows the sizes of its quotes: leave --quote-size out", field="quote_size"
        )


def _as_quotes(told: MarketDescription) -> MarketDescription:
    """What is given a size is quotes."""
    if told.kind not in (None, DataKind.QUOTES):
        raise InvalidInput(
            f"--quote-size is for quotes, and these are told to be {told.kind.value}",
            field="quote_size",
        )
    return msgspec.structs.replace(told, kind=DataKind.QUOTES)


@contextmanager
def _made_plain(
    recording: Path, told: MarketDescription, unusual: Mapping[str, Any]
) -> Iterator[Path]:
    """An unusual table as a plain one, in a file that is gone afterwards."""
    from offbook.adapters.brokers.replay.tidying import Tidying, write_tidied

    with TemporaryDirectory(prefix="offbook-table-") as folder:
        table = Path(folder) / recording.name.removesuffix(".gz")
        write_tidied(
            recording,
            table,
            Tidying(**unusual),
            header=told.names,
            columns=told.columns,
            lenient=bool(told.drop_bad_rows),
        )
        yield table


def _convert_table(
    recording: Path,
    target: Path,
    told: MarketDescription,
    into: str | None,
    between: Between,
    *,
    replace: bool,
) -> tuple[Conversion, Path | None]:
    from offbook.adapters.brokers.replay.converting import convert_recording
    from offbook.adapters.brokers.replay.peeking import check

    market = readable(recording, told)
    check(market)
    timeframe_ns = None if into is None else parse_timeframe(into)
    if timeframe_ns is not None and market.kind is DataKind.BARS:
        _require_shorter(market, told, timeframe_ns)
    made = convert_recording(
        market, target, timeframe_ns=timeframe_ns, between=between, replace=replace
    )
    kept = msgspec.structs.replace(
        told,
        kind=made.kind,
        timeframe=into or told.timeframe,
        label=None,
        columns={},
        header=None,
        timezone=None,
        drop_bad_rows=None,
    )
    if msgspec.structs.replace(kept, kind=None) == MarketDescription():
        return made, None
    description = beside(target)
    description.write_text(as_toml(msgspec.to_builtins(kept)), "utf-8")
    return made, description


def _missing(recording: Path, told: MarketDescription) -> str | None:
    from offbook.adapters.brokers.replay.peeking import check_instruments

    try:
        check_instruments(str(recording), told.names)
        market_of(recording, told)
    except InvalidConfig as error:
        return error.message
    return None


def readable(recording: Path, told: MarketDescription) -> ReplayMarket:
    """The recording at its own precision; of bars that say no length only the beginnings count."""
    from offbook.adapters.brokers.replay.inspecting import unnamed_market
    from offbook.adapters.brokers.replay.peeking import peek

    seen = peek(str(recording), told.columns, told.names, told.kind)
    kinds = seen.kinds
    kind = told.kind or (DataKind.BARS if told.timeframe and DataKind.BARS in kinds else None)
    if kind is None and len(kinds) != 1:
        names = " and ".join(kind.value for kind in kinds) or "neither quotes, trades nor bars"
        names += f"; {seen.nearest}" if seen.nearest else ""
        raise InvalidConfig(
            f"{recording.name}: its columns make {names}; say which is meant with --kind, or name "
            "columns with --column OURS=THEIRS",
            field="market.kind",
            file=str(recording),
        )
    if kind is None and seen.doubt:
        raise InvalidConfig(
            f"{recording.name}: {seen.doubt}", field="market.kind", file=str(recording)
        )
    market = unnamed_market(
        str(recording), kind or kinds[0], told.columns, told.names, told.timezone
    )
    bad_rows = BadRows.DROP if told.drop_bad_rows else BadRows.REFUSE
    market = msgspec.structs.replace(market, bad_rows=bad_rows)
    if market.kind is not DataKind.BARS or told.timeframe is None:
        if told.label is Label.CLOSE:
            raise InvalidConfig(
                f"{recording.name}: to turn closing times into opening ones the length of a bar "
                "has to be known. Add --source-timeframe 1m",
                field="market.timeframe_ns",
            )
        return market
    return msgspec.structs.replace(
        market,
        timeframe_ns=parse_timeframe(told.timeframe),
        label=(told.label or Label.OPEN).value,
    )


def _require_shorter(market: ReplayMarket, told: MarketDescription, timeframe_ns: int) -> None:
    if told.timeframe is None:
        raise InvalidConfig(
            "to sum bars up their own length has to be known. Add --source-timeframe 1m",
            field="market.timeframe_ns",
        )
    if timeframe_ns % (market.timeframe_ns or 1):
        raise InvalidConfig(
            f"bars of {told.timeframe} do not fit evenly into the timeframe asked for",
            field="timeframe",
        )
