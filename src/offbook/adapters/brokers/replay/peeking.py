"""A look at a recording before anything is known of it: its columns, and what its rows can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.columns import VALUES, choose_columns, is_present, names_of
from offbook.adapters.brokers.replay.files import find_files
from offbook.adapters.brokers.replay.mixed import require_one_instrument
from offbook.adapters.brokers.replay.published_files import require_read_as_it_is
from offbook.adapters.brokers.replay.source import open_source
from offbook.adapters.brokers.replay.troubles import explained
from offbook.adapters.brokers.replay.zones import load_zone
from offbook.adapters.calendars import load_calendar
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind

_ANY_INSTRUMENT = Instrument(
    symbol="?",
    asset_class=AssetClass.EQUITY,
    base="?",
    quote_currency="money",
    price_precision=0,
    qty_precision=0,
    tick_size="1",
    lot_size="1",
)


SIZES = ("bid_size", "ask_size")
_SIZED = " (offbook data convert --quote-size QTY gives them one)"


class Peek(msgspec.Struct, frozen=True, kw_only=True):
    """A recording's column names, and the kinds of row that they can make.

    ``nearest`` says, where they make none, what is missing for the kind that lacks least; ``doubt``
    why the rows need not be what they look like, and what to say of them.
    """

    columns: tuple[str, ...]
    kinds: tuple[DataKind, ...]
    nearest: str = ""
    doubt: str = ""


def peek(
    path: str,
    columns: Mapping[str, str],
    header: tuple[str, ...] = (),
    kind: DataKind | None = None,
) -> Peek:
    """Look at a recording's columns; ``columns`` maps our names to the file's where they differ,
    ``header`` names those of a file that has no header, ``kind`` is what its rows are told to be:
    a publisher's file is then read as it is, if its prices are.

    Raises InvalidConfig (no such file, unknown kind of file, columns of which it is not plain
    which is meant), BadMarketData (empty, damaged, no
    header) and GatewayUnavailable (cannot be read).
    """
    file = find_files(path)[0]
    source = open_source(file, header)
    names = source.header or _parquet_columns(file)
    _require(path, columns, names)
    if not columns and not header:
        require_read_as_it_is(file, names, is_told=kind is not None)
    kinds, unclear = [], None
    lacking: dict[DataKind, Sequence[str]] = {}
    for one in VALUES:
        try:
            lacking[one] = _lacking(path, one, columns, names)
            if not lacking[one]:
                kinds.append(one)
        except InvalidConfig as error:
            unclear = error
    if DataKind.ORDERS in kinds:
        kinds = [DataKind.ORDERS]  # so have the rows of orders, and the action may be taken for one
    elif DataKind.DEPTH in kinds:
        kinds = [DataKind.DEPTH]  # levels of a book have a price and a size as prints do
    if len(kinds) > 1:
        kinds = [one for one in kinds if one is not DataKind.STATUS]  # more is there than that
    if not kinds and unclear is not None:
        raise unclear
    return Peek(
        columns=names,
        kinds=tuple(kinds),
        nearest=_nearest(lacking),
        doubt=_doubt(kinds, lacking, columns),
    )


def _doubt(
    kinds: Sequence[DataKind], lacking: Mapping[DataKind, Sequence[str]], columns: Mapping[str, str]
) -> str:
    """Rows of orders without their ids look like prints, and so do prints that have an action."""
    is_told = "order_id" in columns or "action" in columns
    if list(kinds) != [DataKind.TRADES] or lacking.get(DataKind.ORDERS) != ["order_id"] or is_told:
        return ""
    return (
        "it has an action and a side, as rows of a book order by order have, and no order_id. If "
        "another column tells the orders, name it: --column order_id=THEIRS; if every row is a "
        "trade, say --kind trades"
    )


def _nearest(lacking: Mapping[DataKind, Sequence[str]]) -> str:
    """What the columns all but make: the kind that lacks least, if most of it is there."""
    begun = [kind for kind, names in lacking.items() if len(names) < len(VALUES[kind])]
    if not begun:
        return ""
    kind = min(begun, key=lambda kind: len(lacking[kind]))
    if not 0 < 2 * len(lacking[kind]) <= len(VALUES[kind]) + 1:
        return ""
    how = _SIZED if kind is DataKind.QUOTES and set(lacking[kind]) == set(SIZES) else ""
    return f"for {kind.value} there is none for {', '.join(lacking[kind])}{how}"


def _require(path: str, columns: Mapping[str, str], header: tuple[str, ...]) -> None:
    """Refuse a mapping that cannot be meant, whatever the rows are."""
    ours = dict.fromkeys(name for kind in VALUES for name in names_of(kind))
    strange = [name for name in columns if name not in ours]
    if strange:
        raise InvalidConfig(
            f"{strange[0]} is none of our columns; they are: {', '.join(ours)}",
            field="market.columns",
        )
    absent = [name for name in columns.values() if not is_present(name, header)]
    if absent:
        raise InvalidConfig(
            f"{path}: there is no column {absent[0]}; the file has: {', '.join(header)}",
            field="market.columns",
            file=path,
        )


def check(market: ReplayMarket) -> None:
    """Whether a recording has the columns that a market needs of it, is of one instrument, and its
    calendar is known.

    Raises what ``peek`` does, and InvalidConfig naming what is missing.
    """
    choose_columns(market, check_instruments(market.path, market.header))
    if market.timezone is not None:
        load_zone(market.timezone)
    load_calendar(market.instrument.calendar)


def check_instruments(path: str, header: tuple[str, ...]) -> tuple[str, ...]:
    """Whether a recording is of one instrument; the names of its columns. Raises as ``check``."""
    file = find_files(path)[0]
    source = open_source(file, header)
    names = source.header or _parquet_columns(file)
    require_one_instrument(source, names)
    return names


def _lacking(
    path: str, kind: DataKind, columns: Mapping[str, str], header: tuple[str, ...]
) -> Sequence[str]:
    """What the columns lack to make rows of this kind."""
    strange = set(columns) - set(names_of(kind))
    if strange:
        return names_of(kind)
    market = ReplayMarket(
        path=path,
        kind=kind,
        instrument=_ANY_INSTRUMENT,
        timeframe_ns=1 if kind is DataKind.BARS else None,
        columns=dict(columns),
    )
    try:
        choose_columns(market, header)
    except InvalidConfig as error:
        if "missing" not in error.fields:
            raise
        return str(error.fields["missing"]).split(", ")
    return ()


def _parquet_columns(path: str) -> tuple[str, ...]:
    import duckdb

    connection = query.connect()
    try:
        return tuple(name for name, _ in query.parquet_schema(connection, path))
    except duckdb.Error as error:
        raise explained(path, 0, error) from None
    finally:
        query.release(connection)
