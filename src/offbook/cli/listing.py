"""``offbook orders``, ``fills``, ``positions``, ``journal`` and ``strategies``: lists of lines."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from offbook.bootstrap import find_stored, find_strategies, journal_stored, listing_stored
from offbook.cli.filters import Wanted, one_of
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, near, paint
from offbook.domain.calendars import DAY_NS
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import ContingencyType, OrderView
from offbook.domain.records import Record
from offbook.services.reporting.formatting import clock, counted, duration, money, words
from offbook.services.reporting.liquidation_levels import CalledWhere
from offbook.services.reporting.listing import FillDetail, Listing, PositionLine, document_of

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_SHOWN: Final = frozenset(
    {
        *("client_order_id", "symbol", "side", "order_type", "order_status", "order_qty"),
        *("cum_qty", "price", "avg_px", "reason", "submitted_ts", "order_id", "leaves_qty"),
        *("fees", "text", "stop_px", "order_list_id", "contingency_type"),
    }
)
"""Fields of an order with a place of their own; others are told by name where they say anything."""

_ROOMY: Final = 130
"""From so many columns on the lists of orders have a column of their own."""

_FIGURES: Final = frozenset({"filled", "price", "stop", "average"})
_CONTINGENCIES: Final = frozenset(kind.value for kind in ContingencyType)
_ORDINARY: Final = frozenset({("time_in_force", "GTC")})
_CALLED: Final = {
    CalledWhere.BELOW: "margin call below",
    CalledWhere.ABOVE: "margin call above",
    CalledWhere.HERE: "called already, at",
}
_TOLD_APART: Final = frozenset({"row", "row_ts", "model", "rule", "available_qty"})


def list_orders(shell: Shell, reference: str, wanted: Wanted) -> int:
    """The orders of a session, oldest first; 0, also when there are none."""
    listing = _listing(shell, reference)
    orders = wanted.orders(listing.orders)
    if shell.json:
        _documents(shell, listing, "orders", orders)
    elif orders:
        _print_orders(shell, orders, listing.fills)
    else:
        shell.say(_none("orders", listing.orders))
    return 0


def list_fills(shell: Shell, reference: str, wanted: Wanted) -> int:
    """The fills of a session with their evidence, oldest first; 0, also when there are none."""
    listing = _listing(shell, reference)
    fills = wanted.fills(listing.fills)
    if shell.json:
        _documents(shell, listing, "fills", fills)
    elif not fills:
        shell.say(_none("fills", listing.fills))
    for fill in [] if shell.json else fills:
        for line in _fill_lines(fill):
            shell.say(line)
    return 0


def list_positions(shell: Shell, reference: str, *, flat: bool) -> int:
    """What a session holds; with ``flat`` also what it held and closed."""
    listing = _listing(shell, reference)
    lines = [line for line in listing.positions if flat or line.avg_px is not None]
    if shell.json:
        _documents(shell, listing, "positions", lines)
    elif lines:
        _print_positions(shell, lines)
    else:
        shell.say("holds nothing" + ("" if flat else "; --all shows what was closed"))
    return 0


def list_journal(
    shell: Shell,
    reference: str,
    wanted: Wanted,
    *,
    after: int,
    limit: int | None,
    kinds: Sequence[str],
) -> int:
    """A session's records as they are chained; with ``--jsonl`` their very bytes."""
    known = {kind.__struct_config__.tag: kind for kind in Record.__args__}
    names = {str(tag).partition(".")[0]: str(tag) for tag in known}
    tags = {names[one_of(kind.partition(".")[0], list(names), "kind")] for kind in kinds}
    run_async(shell, _journal(shell, reference, wanted, after, limit, frozenset(tags)))
    return 0


def list_strategies(shell: Shell, place: str | None) -> int:
    """The strategies that ship, or those of a place; 0 unless nothing there could be loaded."""
    found = find_strategies(place)
    if shell.lines:
        for line in found.strategies:
            shell.document(msgspec.to_builtins(line))
    elif shell.json:
        broken = [{"file": file, "error": error} for file, error in found.broken]
        shell.document({"strategies": msgspec.to_builtins(found.strategies), "broken": broken})
    for file, error in found.broken:
        shell.note(paint(f"{near(file)} could not be loaded: {error}", "yellow", sys.stderr))
    for line in () if shell.json else found.strategies:
        shell.say(paint(line.ref, "bold", sys.stdout))
        if line.about:
            shell.say(f"  {line.about.replace('``', '`')}")
        for parameter in line.parameters:
            default = "required" if parameter.required else f"= {parameter.default!r}"
            shell.say(f"    {parameter.name}: {parameter.type} {default}")
    return 0


def _listing(shell: Shell, reference: str) -> Listing:
    async def read() -> Listing:
        listed = await find_stored(shell.data_dir, reference)
        return await listing_stored(listed.session, listed.store)

    return run_async(shell, read())


def _documents(
    shell: Shell,
    listing: Listing,
    name: str,
    lines: Iterable[OrderView | FillDetail | PositionLine],
) -> None:
    documents = list(map(document_of, lines))
    if not shell.lines:
        shell.document({"session_id": listing.session.id, name: documents})
        return
    for document in documents:
        shell.document(document)


def _none(what: str, there_are: Sequence[object]) -> str:
    if not there_are:
        return f"no {what}"
    return f"none of {counted(len(there_are), what.removesuffix('s'))} is asked for"


async def _journal(
    shell: Shell,
    reference: str,
    wanted: Wanted,
    after: int,
    limit: int | None,
    tags: frozenset[str],
) -> None:
    listed = await find_stored(shell.data_dir, reference)
    kept: list[Any] = []

    def show(raw: bytes, record: dict[str, Any]) -> None:
        if shell.lines:
            shell.answer(raw.decode())
        elif shell.json:
            kept.append(record)
        else:
            shell.say(_record_line(record, _width(shell)))

    # Only those are held back of which it is not known yet whether they are among the last.
    newest: deque[tuple[bytes, dict[str, Any]]] = deque(maxlen=wanted.last)
    # Closed here, and in order, also where the reader of the output has gone.
    async with (
        aclosing(journal_stored(listed.session, listed.store, after)) as pages,
        aclosing(_chosen(pages, wanted, limit, tags)) as chosen,
    ):
        async for raw, record in chosen:
            if wanted.last is None:
                show(raw, record)
            else:
                newest.append((raw, record))
    for raw, record in newest:
        show(raw, record)
    if shell.json and not shell.lines:
        shell.document(
            {
                "session_id": listed.session.id,
                "last_seq": listed.session.last_seq,
                "chain_head": listed.session.chain_head,
                "records": kept,
            }
        )


async def _chosen(
    pages: AsyncIterator[Sequence[StoredRecord]],
    wanted: Wanted,
    limit: int | None,
    tags: frozenset[str],
) -> AsyncGenerator[tuple[bytes, dict[str, Any]], None]:
    """The records that are asked for, the first so many of them, as bytes and decoded."""
    told = 0
    async for page in pages:
        for stored in page:
            if limit is not None and told >= limit:
                return
            record = msgspec.json.decode(stored.raw)
            if (not tags or record["kind"] in tags) and wanted.within(record["ts"]):
                told += 1
                yield stored.raw, record


def _width(shell: Shell) -> int | None:
    return shell.console.width if sys.stdout.isatty() else None


def _record_line(record: dict[str, Any], width: int | None) -> str:
    """A record on one line, cut where the terminal ends."""
    told = " ".join(
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in record.items()
        if name not in ("seq", "ts", "kind") and value not in (None, "", [], {})
    )
    line = f"{record['seq']:>6} {clock(record['ts'])} {record['kind'].partition('.')[0]:<16} {told}"
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


def _print_orders(shell: Shell, orders: Sequence[OrderView], fills: Sequence[FillDetail]) -> None:
    """A table of orders, with columns for what some of them have: a stop price, a list."""
    from rich.text import Text as Styled

    days = orders[-1].submitted_ts - orders[0].submitted_ts > DAY_NS
    decimals = {f.line.client_order_id: _decimals(f.line.price) for f in fills}
    columns: dict[str, list[str | Text]] = {
        "sent": [
            clock(o.submitted_ts)[:16] if days else clock(o.submitted_ts, date=False)
            for o in orders
        ],
        "order": [o.client_order_id for o in orders],
        "symbol": [o.symbol for o in orders],
        "side": [
            Styled(o.side.value.lower(), style="green" if o.side.value == "BUY" else "magenta")
            for o in orders
        ],
        "type": [words(o.order_type.value) for o in orders],
        "filled": [
            o.order_qty if o.cum_qty == o.order_qty else f"{o.cum_qty}/{o.order_qty}"
            for o in orders
        ],
        "price": [o.price or "-" for o in orders],
        "stop": [o.stop_px or "-" for o in orders] if any(o.stop_px for o in orders) else [],
        "average": [_average(o, decimals.get(o.client_order_id, 0)) for o in orders],
        "list": [_list_of(o) for o in orders] if any(o.order_list_id for o in orders) else [],
        "status": [_status(o) for o in orders],
    }
    if shell.console.width < _ROOMY and columns["list"]:
        lists, states = columns.pop("list"), columns["status"]
        columns["status"] = [
            state if named == "-" else f"{state}  {named}"
            for state, named in zip(states, lists, strict=True)
        ]
    table = _table()
    for name, cells in columns.items():
        if name == "status":
            table.add_column(name, min_width=10)
        elif cells:
            table.add_column(name, no_wrap=True, justify="right" if name in _FIGURES else "left")
    for row in zip(*filter(None, columns.values()), strict=True):
        table.add_row(*row)
    shell.console.print(table)


def _table() -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1, 0, 0)
    )


def _decimals(price: str) -> int:
    return len(price.partition(".")[2])


def _average(order: OrderView, decimals: int) -> str:
    """The mean price of its fills with at least the decimals that they have."""
    if order.avg_px is None:
        return "-"
    text = f"{Decimal(order.avg_px).normalize():f}"
    return f"{Decimal(text):.{decimals}f}" if _decimals(text) < decimals else text


def _list_of(order: OrderView) -> str:
    told = (order.order_list_id or "-", order.contingency_type and order.contingency_type.value)
    return " ".join(part.lower() if part in _CONTINGENCIES else part for part in told if part)


def _status(order: OrderView) -> str:
    why = f" ({words(order.reason)})" if order.reason else ""
    return "  ".join(filter(None, [words(order.order_status.value) + why, _more(order)]))


def _more(order: OrderView) -> str:
    """What an order says beside the usual: its time in force, a stop price, and so on."""
    told = []
    for name, value in msgspec.to_builtins(order).items():
        if name in _SHOWN or value in (None, False, "", [], {}) or (name, value) in _ORDINARY:
            continue
        told.append(name if value is True else f"{name}={value}")
    return " ".join(told)


def _fill_lines(fill: FillDetail) -> list[str]:
    """A fill in three lines: the trade, the market that it met, and why it was allowed."""
    line, evidence = fill.line, fill.evidence
    other_day = clock(line.ts)[:10] != clock(line.row_ts)[:10]
    style = "green" if line.side == "BUY" else "red"
    slip = "-" if line.mid is None else f"{line.slippage_bps} bp off {line.mid}"
    return [
        f"{clock(line.ts)}  {paint(line.side.lower(), style, sys.stdout)} {line.qty} {line.symbol} "
        f"at {line.price}, fee {money(line.fee)}, {line.liquidity.lower()}  {line.client_order_id}",
        f"    row {line.row:,} at {clock(line.row_ts, date=other_day)}: {_market(evidence)}",
        f"    grade {line.grade}: {line.model}, {line.rule}; {line.available} could be had; "
        f"slippage {slip}; delay {duration(line.delay_ns)}",
    ]


def _market(evidence: dict[str, Any]) -> str:
    """The market row, as far as it is known by name; whatever else it holds is told too."""
    rest = {name: value for name, value in evidence.items() if name not in _TOLD_APART}
    told = []
    for side in ("bid", "ask"):
        price, size = rest.pop(f"{side}_px", None), rest.pop(f"{side}_qty", None)
        if price is not None:
            told.append(f"{side} {price}" + ("" if size is None else f" x {size}"))
    for name, value in rest.items():
        if isinstance(value, int) and name.startswith("ts"):
            name, value = name.removeprefix("ts_").replace("open", "began"), clock(value)
        told.append(f"{name.removesuffix('_px').removesuffix('_qty').replace('_', ' ')} {value}")
    return ", ".join(told)


def _print_positions(shell: Shell, lines: Sequence[PositionLine]) -> None:
    table = _table()
    table.add_column("symbol", no_wrap=True)
    for name in ("holds", "average", "bid", "ask", "cost", "unrealized", "realized"):
        table.add_column(name, justify="right", no_wrap=True)
    currencies = list(dict.fromkeys(line.currency for line in lines))
    if len(currencies) > 1:
        table.add_column("in", no_wrap=True)
    for line in lines:
        table.add_row(
            line.symbol,
            line.qty,
            line.avg_px or "-",
            line.bid or "-",
            line.ask or "-",
            money(line.cost),
            "-" if line.unrealized is None else money(line.unrealized, signed=True),
            money(line.realized, signed=True),
            *([line.currency] if len(currencies) > 1 else []),
        )
    shell.console.print(table)
    if len(currencies) == 1:
        shell.say(f"in {currencies[0]}")
    for line in lines:
        if line.liquidation_px is not None and line.liquidation_side is not None:
            where = _CALLED[line.liquidation_side]
            shell.say(f"{line.symbol}: {where} {line.liquidation_px}")
