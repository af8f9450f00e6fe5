"""``offbook orders``, ``fills``, ``positions``, ``journal`` and ``strategies``: lists of lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from offbook.bootstrap import find_stored, find_strategies, journal_stored, listing_stored
from offbook.cli.filters import Wanted, one_of
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, near, paint
from offbook.domain.orders import OrderView
from offbook.domain.records import Record
from offbook.services.reporting.formatting import clock, counted, money
from offbook.services.reporting.listing import FillDetail, Listing, PositionLine, document_of

_SHOWN: Final = frozenset(
    {
        *("client_order_id", "symbol", "side", "order_type", "order_status", "order_qty"),
        *("cum_qty", "price", "avg_px", "reason", "submitted_ts", "order_id", "leaves_qty"),
        *("fees", "text"),
    }
)
"""Fields of an order with a place of their own; others are told by name where they say anything."""

_ORDINARY: Final = frozenset({("time_in_force", "GTC")})
_TOLD_APART: Final = frozenset({"row", "row_ts", "model", "rule", "available_qty"})


def list_orders(shell: Shell, reference: str, wanted: Wanted) -> int:
    """The orders of a session, oldest first; 0, also when there are none."""
    listing = _listing(shell, reference)
    orders = wanted.orders(listing.orders)
    if shell.json:
        _documents(shell, listing, "orders", orders)
    elif orders:
        _print_orders(shell, orders)
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
    shown = 0
    async for page in journal_stored(listed.session, listed.store, after):
        for stored in page:
            if limit is not None and shown >= limit:
                break
            record = msgspec.json.decode(stored.raw)
            if (tags and record["kind"] not in tags) or not wanted.within(record["ts"]):
                continue
            shown += 1
            if shell.lines:
                shell.answer(stored.raw.decode())
            elif shell.json:
                kept.append(record)
            else:
                shell.say(_record_line(record, _width(shell)))
        if limit is not None and shown >= limit:
            break
    if shell.json and not shell.lines:
        shell.document(
            {
                "session_id": listed.session.id,
                "last_seq": listed.session.last_seq,
                "chain_head": listed.session.chain_head,
                "records": kept,
            }
        )


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


def _print_orders(shell: Shell, orders: Sequence[OrderView]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1, 0, 0)
    )
    for name in ("sent", "order", "symbol", "side", "type"):
        table.add_column(name, no_wrap=True)
    for name in ("filled", "price", "average"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", min_width=10)
    for order in orders:
        side, status = order.side.value, order.order_status.value
        whole = order.cum_qty == order.order_qty
        table.add_row(
            clock(order.submitted_ts, date=False),
            order.client_order_id,
            order.symbol,
            Text(side.lower(), style="green" if side == "BUY" else "magenta"),
            order.order_type.value.lower(),
            order.order_qty if whole else f"{order.cum_qty}/{order.order_qty}",
            order.price or "-",
            "-" if order.avg_px is None else f"{Decimal(order.avg_px).normalize():f}",
            "  ".join(filter(None, [status.lower(), (order.reason or "").lower(), _more(order)])),
        )
    shell.console.print(table)


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
    style = "green" if line.side == "BUY" else "red"
    slip = "-" if line.mid is None else f"{line.slippage_bps} bp off {line.mid}"
    return [
        f"{clock(line.ts)}  {paint(line.side.lower(), style, sys.stdout)} {line.qty} {line.symbol} "
        f"at {line.price}, fee {money(line.fee)}, {line.liquidity.lower()}  {line.client_order_id}",
        f"    row {line.row:,} at {clock(line.row_ts, date=False)}: {_market(evidence)}",
        f"    {line.model}, {line.rule}; {line.available} could be had; slippage {slip}; "
        f"delay {line.delay_ns / 1e6:g} ms",
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
            value = clock(value)
        told.append(f"{name.removesuffix('_px').removesuffix('_qty').replace('_', ' ')} {value}")
    return ", ".join(told)


def _print_positions(shell: Shell, lines: Sequence[PositionLine]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1, 0, 0)
    )
    table.add_column("symbol", no_wrap=True)
    for name in ("holds", "average", "bid", "ask", "cost", "unrealized", "realized"):
        table.add_column(name, justify="right", no_wrap=True)
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
        )
    shell.console.print(table)
    shell.say(f"in {lines[0].currency}")
