"""``offbook run``: a strategy on a recording, from its start to a report."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from offbook.bootstrap import new_session_id, open_store
from offbook.cli.describing import description_of_options
from offbook.cli.driving import BrokenOff, driven
from offbook.cli.failures import FAILURE, INTERRUPTED, TERMINATED, print_error
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, short
from offbook.config.adjusted import unread_adjustments
from offbook.config.markets import idle_action_files
from offbook.config.resolving import Settings, cli_defaults
from offbook.config.sessions import SessionRequest, build_config, parse_settings
from offbook.domain.config import (
    SessionConfig,
    UsRegulatoryFee,
    instruments_of,
    kinds_of,
    single_fees,
    symbols_of,
)
from offbook.domain.errors import SessionNotFound
from offbook.domain.instruments import AssetClass
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.report import read_report
from offbook.services.reporting.formatting import strategy_name

if TYPE_CHECKING:
    from offbook.cli.dashboard import Dashboard
    from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

START: Final = "start"
"""The command id of every start: the same run has the same chain each time."""

STRATEGY_ERROR: Final = "strategy_error"


def run_strategy(shell: Shell, given: dict[str, Any]) -> int:
    """Run what the options ask for; gives the exit code."""
    settings = shell.settings
    if given["config"] is None:  # a session's own file says all that its author wanted
        settings = Settings((cli_defaults(), *settings.layers))
    config = build_config(request_of(given), settings=settings)
    _note_idle_actions(shell, config, given["actions"])
    _note_idle_list(shell, config, given["borrow"])
    _note_idle_rates(shell, config, given)
    _note_idle_charges(shell, config)
    _note_unread_adjustment(shell, config)
    if given["dry_run"]:
        shell.document(msgspec.to_builtins(config))
        return 0
    return run_async(shell, _run(shell, config, dashboard=given["dashboard"]))


def _note_idle_actions(shell: Shell, config: SessionConfig, file: str | None) -> None:
    """A file serves many recordings, so one that has nothing for these is no error; it may be one
    with another spelling, though, and a split that is missed looks like a crash."""
    if file is not None:
        used = any(getattr(one, "actions", ()) for one in config.market.sources)
        files = [] if used else [file]
    else:
        files = idle_action_files(config.market)
    for idle in files:
        shell.note(f"no row of {idle} is for {symbols_of(config.market)}")


def _note_idle_list(shell: Shell, config: SessionConfig, file: str | None) -> None:
    """The same of a file of what shares are lent at."""
    financing = config.account.financing
    if file is not None and not (financing and financing.borrow):
        shell.note(f"no row of {file} is for {symbols_of(config.market)}")


def _note_idle_rates(shell: Shell, config: SessionConfig, given: dict[str, Any]) -> None:
    """And of files of funding rates and of settlement prices."""
    for name in ("funding", "settlements"):
        file = given[name]
        if file is not None and not any(getattr(one, name, ()) for one in config.market.sources):
            shell.note(f"no row of {file} is for {symbols_of(config.market)}")


def _note_unread_adjustment(shell: Shell, config: SessionConfig) -> None:
    """And of adjusted closes beside the prices that are traded at."""
    for told in dict.fromkeys(unread_adjustments(config.market)):
        shell.note(told)


def _note_idle_charges(shell: Shell, config: SessionConfig) -> None:
    """Of charges for US shares where none are traded, which had better not be the only ones."""
    fee = config.venue.fee
    if any(isinstance(part, UsRegulatoryFee) for part in single_fees(fee)) and not any(
        one.asset_class is AssetClass.EQUITY and one.quote_currency == "USD"
        for one in instruments_of(config.market)
    ):
        shell.note(
            "venue.fee: us_regulatory charges nothing here: it is for shares in USD, and this "
            f"market has {symbols_of(config.market)}"
        )


def request_of(given: dict[str, Any]) -> SessionRequest:
    """The options as a request. Raises InvalidConfig."""
    return SessionRequest(
        strategy=given["strategy"],
        data=tuple(given["data"] or ()) or None,
        file=given["config"],
        params=parse_settings(given["settings"] or ()),
        market=description_of_options(given),
        cash=given["cash"],
        fee_bps=given["fee_bps"],
        latency_ms=given["latency_ms"],
        preset=given["preset"],
        seed=given["seed"],
        speed=given["speed"],
        at_end=given["at_end"],
        on_error=given["on_error"],
        name=given["name"],
        borrow=given.get("borrow"),
    )


def _screen(shell: Shell, asked: bool | None) -> Dashboard | None:
    """The live screen, where it is wanted and there is a terminal for it."""
    if not (shell.settings.value("cli", "dashboard") if asked is None else asked):
        return None
    from offbook.cli import dashboard

    return dashboard.Dashboard(shell) if dashboard.fits(shell) else None


async def _run(shell: Shell, config: SessionConfig, *, dashboard: bool | None) -> int:
    session_id = new_session_id()
    async with open_store(shell.data_dir) as repository:
        async with driven(shell, repository, dashboard=_screen(shell, dashboard)) as driver:
            manager = driver.manager
            start = manager.start_session(config, session_id=session_id, command_id=START)
            try:
                session = await driver.unless_broken_off(start)
            except BrokenOff as asked:
                return await _broken_off(shell, manager, session_id, asked.code)
            shell.note(_beginning(session))
            [session] = await driver.drive([session])
        session = await repository.get(session.id)
        report = await read_report(session, repository)
        if shell.json:
            from offbook.cli.report_view import report_document

            shell.document(report_document(report, session, repository.store))
        else:
            from offbook.cli.report_view import print_report

            print_report(report, shell, repository.store)
            shell.say()
            for line in what_next(session, shell):
                shell.say(line)
    if driver.suspended:
        return TERMINATED
    return ended_well(session)


async def _broken_off(
    shell: Shell, manager: PaperTradingSessionManager, session_id: str, code: int
) -> int:
    """Asked to end before the session ran, as while a large file is being opened: Ctrl-C stops it,
    and SIGTERM leaves it to be recovered.  Gives the exit code."""
    told, advice = "it was broken off before it ran", ""
    if code == INTERRUPTED:
        with suppress(SessionNotFound):  # it was not even stored
            await manager.stop_session(session_id)
    else:
        advice = f"go on: {shell.command('recover', short(session_id))}"
    if shell.json:
        print_error("interrupted", told, {"session_id": session_id}, "", shell)
    else:
        shell.say(f"{short(session_id)}: {told}" + (f"; {advice}" if advice else ""))
    return code


def ended_well(session: PaperTradingSession) -> int:
    """0 unless the session failed, or its strategy did."""
    failed = session.status is SessionStatus.FAILED or session.status_reason == STRATEGY_ERROR
    return FAILURE if failed else 0


def what_next(session: PaperTradingSession, shell: Shell) -> list[str]:
    """Commands that make sense now, ready to be copied."""
    named = short(session.id)
    lines = []
    if session.status in (SessionStatus.RUNNING, SessionStatus.PAUSED, SessionStatus.STOPPING):
        lines.append(f" go on     {shell.command('recover', named, '--resume')}")
        lines.append(f" end it    {shell.command('recover', named, '--stop')}")
    lines.append(f" look      {shell.command('show', named)}")
    if not (session.summary is None or session.summary.fills or session.error):
        lines.append(f" why none  {shell.command('why', named)}")
    lines.append(f" prove it  {shell.command('verify', named)}")
    return lines


def _beginning(session: PaperTradingSession) -> str:
    config = session.config
    spec, market = config.strategy, config.market
    params = {} if spec is None else spec.params
    told = " ".join(f"{name}={value}" for name, value in params.items())
    name = strategy_name(None if spec is None else spec.ref)
    file = Path(market.sources[0].source).name  # the price is its; what comes beside it follows
    more = f" and {len(market.sources) - 1} more" if market.sources[1:] else ""
    return f"{name} on {file}{more} ({symbols_of(market)} {kinds_of(market)})  {told}"
