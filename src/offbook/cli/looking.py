"""``offbook sessions``, ``show`` and ``verify``: reading, and changing nothing."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from offbook.bootstrap import find_stored, list_stored, read_store, verify_stored
from offbook.bootstrap.sweeps import sweep_of
from offbook.cli.failures import FAILURE
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, paint, short
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import Delay, LatencyConfig, RecordedDelay, symbols_of
from offbook.domain.errors import InvalidInput
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.report import SessionReport, read_report
from offbook.services.paper_trading.verification import ReplayOutcome, Verification
from offbook.services.reporting.formatting import clock, counted, money, strategy_name, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from offbook.domain.errors import OffbookError


Unreadable: TypeAlias = "Sequence[tuple[Path, OffbookError]]"

_STYLES = {
    SessionStatus.RUNNING: "green",
    SessionStatus.PAUSED: "yellow",
    SessionStatus.FAILED: "red",
}


def list_sessions(shell: Shell, sweep: str | None = None) -> int:
    """All sessions, or those of a sweep, oldest first; 1 when some store could not be read: theirs
    are missing. People see the sessions of a sweep where they name it, else its number of them."""
    listing = run_async(shell, list_stored(shell.data_dir))
    tell_unreadable(shell, listing.unreadable)
    swept = {store: sweep_of(store) for store in {listed.store for listed in listing.sessions}}
    if sweep is not None and sweep not in swept.values():
        known = ", ".join(sorted({name for name in swept.values() if name})) or "none"
        raise InvalidInput(f"no session is of a sweep {sweep!r}; there are {known}", field="sweep")
    found = [one for one in listing.sessions if sweep is None or swept[one.store] == sweep]
    if shell.json:
        shell.document(
            {
                "sessions": [_line(listed.session, listed.store) for listed in found],
                "unreadable": unreadable_document(listing.unreadable),
            }
        )
    elif found:
        shown = [one.session for one in found if sweep is not None or swept[one.store] is None]
        if shown:
            _print_listing(shown, shell)
        if sweep is None:
            _print_sweeps(Counter(name for one in found if (name := swept[one.store])), shell)
    elif not listing.unreadable:
        shell.say(f"no sessions under {shell.data_dir} yet. Begin with: {shell.command('demo')}")
    return FAILURE if listing.unreadable else 0


def _print_sweeps(sessions: Counter[str], shell: Shell) -> None:
    """A line for each sweep, whose sessions may be thousands."""
    for name, count in sorted(sessions.items()):
        seen = shell.command("sessions", "--sweep", name)
        shell.say(f" {counted(count, 'session')} of the sweep {name}: {seen}")


def tell_unreadable(shell: Shell, unreadable: Unreadable) -> None:
    """Name stores whose sessions are missing, also where notes are not wanted."""
    for path, error in unreadable:
        told = f"{path} could not be read: {error}"
        print(paint(told, "red", sys.stderr), file=sys.stderr)
    if unreadable:
        print(f"  look for what is wrong: {shell.command('doctor')}", file=sys.stderr)


def unreadable_document(unreadable: Unreadable) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "store": str(path),
            "error": str(error),
            "code": error.code,
            "reason": error.fields.get("reason"),
        }
        for path, error in unreadable
    ]


def show_session(shell: Shell, reference: str) -> int:
    """One session with everything that is known of it."""
    session, store, report = run_async(shell, _read(shell, reference))
    from offbook.cli.report_view import print_report, report_document

    if shell.json:
        shell.document(report_document(report, session, store))
        return 0
    print_report(report, shell, store, fills=None)
    _print_details(report, session, shell)
    return 0


def verify_session(shell: Shell, reference: str) -> int:
    """0 when the session replays to the same bytes, else 1."""
    found = run_async(shell, _verify(shell, reference))
    if shell.json:
        shell.document(verification_document(found))
    else:
        for line in verification_lines(found):
            shell.say(line)
    return 0 if found.outcome is ReplayOutcome.EQUAL else FAILURE


def verification_lines(found: Verification) -> list[str]:
    """The outcome in plain words."""
    style = "green" if found.outcome is ReplayOutcome.EQUAL else "red"
    word = paint(found.outcome.value, style, sys.stdout)
    if found.outcome is ReplayOutcome.EQUAL:
        return [f"{word}: run again, {counted(found.records, 'record')}, every byte the same"]
    if found.outcome is ReplayOutcome.DIVERGED:
        return [
            f"{word} at record {found.seq}: the records before it are equal",
            f"  stored  {_shown(found.expected)}",
            f"  now     {_shown(found.found)}",
            "  A strategy that asks a clock, chance or the network gives other answers each time.",
        ]
    detail = [f"  {found.detail}"] if found.detail else []
    return [f"{word}: the {found.what} is not what it was", *detail]


async def _read(shell: Shell, reference: str) -> tuple[PaperTradingSession, Path, SessionReport]:
    listed = await find_stored(shell.data_dir, reference)
    async with read_store(listed.store) as repository:
        session = await repository.get(listed.session.id)
        return session, listed.store, await read_report(session, repository)


async def _verify(shell: Shell, reference: str) -> Verification:
    listed = await find_stored(shell.data_dir, reference)
    return await verify_stored(listed.session, listed.store)


def _line(session: PaperTradingSession, store: Path) -> dict[str, Any]:
    config, summary = session.config, session.summary
    return {
        "session_id": session.id,
        "name": config.name,
        "status": session.status.value,
        "status_reason": session.status_reason,
        "created_at": session.created_at.isoformat(),
        "symbol": symbols_of(config.market),
        "strategy": None if config.strategy is None else config.strategy.ref,
        "currency": config.account.currency,
        "equity": None if summary is None else str(summary.equity),
        "orders": 0 if summary is None else summary.orders,
        "fills": 0 if summary is None else summary.fills,
        "store": str(store),
    }


def _print_listing(sessions: list[PaperTradingSession], shell: Shell) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1, 0, 0)
    )
    for name in ("session", "made (UTC)", "status"):
        table.add_column(name, no_wrap=True)
    # Of any length: where the terminal is narrow, these take more lines and the others stay whole.
    for name in ("strategy", "market"):
        table.add_column(name, overflow="fold")
    table.add_column("fills", justify="right", no_wrap=True)
    table.add_column("equity", justify="right", no_wrap=True)
    for session in sessions:
        config, summary = session.config, session.summary
        ref = None if config.strategy is None else config.strategy.ref
        table.add_row(
            short(session.id),
            f"{session.created_at:%m-%d %H:%M}",
            Text(session.status.value, style=_STYLES.get(session.status, "")),
            config.name or strategy_name(ref),
            symbols_of(config.market),
            "-" if summary is None else f"{summary.fills:,}",
            "-" if summary is None else money(str(summary.equity)),
        )
    shell.console.print(table)


def _print_details(report: SessionReport, session: PaperTradingSession, shell: Shell) -> None:
    """The configuration in a few lines, and orders that were not simply filled."""
    config = session.config
    document = msgspec.to_builtins(config)
    fee, latency = document["venue"]["fee"], config.venue.latency
    params = " ".join(f"{name}={value}" for name, value in report.params.items()) or "none"
    shell.say()
    shell.say(f" strategy  {report.strategy or 'none: orders come from outside'}")
    shell.say(f" params    {params}")
    shell.say(
        f" venue     fee {_fee(fee)}, latency {', '.join([*ways(latency), *seen_late(latency)])}"
    )
    for line in by_venue(latency):
        shell.say(f"           {line}")
    shell.say(
        f" account   {money(report.initial_cash)} {report.currency} to begin with, "
        f"seed {report.seed}"
    )
    days = report.ended_ts - (report.started_ts or 0) > DAY_NS
    life = ", ".join(f"{m.event} {clock(m.ts, date=days)}" for m in report.moments)
    shell.say(f" life      {life or 'not begun'}")
    others = [order for order in report.order_list if order.order_status != "FILLED"]
    for order in others:
        why = f" ({words(order.reason)})" if order.reason else ""
        told = [clock(order.ts, date=days), order.side.lower(), order.order_qty, order.symbol]
        told += [words(order.order_type), *filter(None, (order.stop_px, order.price))]
        shell.say(
            f" order     {' '.join(told)}: {words(order.order_status)}{why}, {order.cum_qty} filled"
        )


def verification_document(found: Verification) -> dict[str, Any]:
    """The outcome as a document."""
    return {
        "session_id": found.session_id,
        "outcome": found.outcome.value,
        "records": found.records,
        "seq": found.seq,
        "expected": None if found.expected is None else found.expected.decode(),
        "found": None if found.found is None else found.found.decode(),
        "what": found.what,
        "detail": found.detail,
    }


def _shown(raw: bytes | None) -> str:
    return "no such record" if raw is None else raw.decode("utf-8", "replace")


def _fee(fee: dict[str, Any]) -> str:
    """A charge in a few words: the parts of a sum one by one, tables by their name alone."""
    if "parts" in fee:
        return " and ".join(map(_fee, fee["parts"]))
    plain = [f"{k} {v}" for k, v in fee.items() if k != "type" and isinstance(v, str)]
    tables = any(isinstance(value, (list, tuple)) for value in fee.values())
    return words(fee["type"]) if tables or not plain else " ".join(plain)


def ways(latency: LatencyConfig) -> list[str]:
    """How long messages take there and back, in a few words."""
    there = _delay(latency.entry_ns, latency.entry)
    return [f"{there} there", f"{_delay(latency.response_ns, latency.response)} back"]


def by_venue(latency: LatencyConfig) -> list[str]:
    """The same of each venue that has latencies of its own, with its instruments."""
    return [
        f"{venue.name} ({', '.join(venue.symbols)}): {', '.join(ways(latency.of(venue)))}"
        for venue in latency.venues
    ]


def seen_late(latency: LatencyConfig) -> list[str]:
    """How late the strategy sees the market, in a few words; none where it sees it at once."""
    drawn = latency.market_data
    if isinstance(drawn, RecordedDelay):
        return ["market data as late as each row was"]
    return (
        [f"market data {_delay(latency.market_data_ns, drawn)} late"] if latency.shows_late else []
    )


def _delay(constant_ns: int, drawn: Delay | None) -> str:
    if drawn is None:
        return f"{constant_ns / 1e6:g} ms"
    return words(str(msgspec.to_builtins(drawn)["type"]))
