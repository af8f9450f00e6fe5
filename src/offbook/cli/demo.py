"""``offbook demo``: one session from its start to its proof, on quotes that were real."""

from __future__ import annotations

import sys
from typing import Final

from offbook.bootstrap import new_session_id, open_store
from offbook.cli.driving import Driver, driven
from offbook.cli.failures import FAILURE, TERMINATED
from offbook.cli.looking import verification_document, verification_lines
from offbook.cli.loop import run_async
from offbook.cli.report_view import print_report, report_document
from offbook.cli.shell import Shell, paint, short
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import SessionConfig
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.messages import Progress
from offbook.services.paper_trading.report import read_report
from offbook.services.paper_trading.verification import ReplayOutcome, Verification
from offbook.services.reporting.formatting import clock, counted

STRATEGY: Final = "offbook.strategies.ema_cross:EmaCross"
SHOW_SPEED: Final = "200"
_MINUTE_NS: Final = 60_000_000_000
PAUSE_AFTER_NS: Final = 4 * _MINUTE_NS
STOP_AFTER_NS: Final = 10 * _MINUTE_NS + 30_000_000_000


def run_demo(shell: Shell, *, fast: bool) -> int:
    """Run it, tell it, prove it; 0 when the proof holds."""
    config = build_config(SessionRequest(strategy=STRATEGY, data="demo", name="demo", speed="1"))
    paced = sys.stderr.isatty() and not (fast or shell.json or shell.quiet)
    return run_async(shell, _Demo(shell, config, SHOW_SPEED if paced else None).run())


class _Demo:
    """The rehearsal's script."""

    def __init__(self, shell: Shell, config: SessionConfig, speed: str | None) -> None:
        self._shell = shell
        self._config = config
        self._speed = speed

    async def run(self) -> int:
        shell = self._shell
        self._say_what_it_is()
        async with open_store(shell.data_dir) as repository:
            async with driven(shell, repository) as driver:
                session = await self._act(driver)
                if driver.suspended:
                    return TERMINATED
                verified = await driver.manager.verify(session.id)
            report = await read_report(session, repository)
            store = repository.store
        if shell.json:
            document = report_document(report, session, store)
            document["verification"] = verification_document(verified)
            shell.document(document)
        else:
            print_report(report, shell, store)
            self._say_what_it_proves(session, verified)
        return 0 if verified.outcome is ReplayOutcome.EQUAL else FAILURE

    async def _act(self, driver: Driver) -> PaperTradingSession:
        """Start, pause, resume, stop. Fixed command ids make the chain the same on every run."""
        manager = driver.manager
        session = await manager.start_session(
            self._config, session_id=new_session_id(), command_id="demo-start"
        )
        begin = (await manager.progress(session.id)).now
        pause_at, stop_at = begin + PAUSE_AFTER_NS, begin + STOP_AFTER_NS
        await manager.pause_session(session.id, at=pause_at, command_id="demo-pause")
        await manager.stop_session(session.id, at=stop_at, command_id="demo-stop")
        pace = "as fast as possible" if self._speed is None else f"{self._speed} times real time"
        self._step("start", f"{clock(begin, date=False)}  RUNNING, {pace}")
        await manager.set_speed(session.id, self._speed)
        [paused] = await driver.drive([session], until=SessionStatus.PAUSED, hint=False)
        if paused.status is SessionStatus.PAUSED:
            progress = await manager.progress(session.id)
            self._step(
                "pause", f"{clock(pause_at, date=False)}  PAUSED {_held(progress)}time stands still"
            )
            await manager.resume_session(session.id, command_id="demo-resume")
            self._step(
                "resume", f"{clock(pause_at, date=False)}  RUNNING, from the very same quote"
            )
            [paused] = await driver.drive([session], hint=False)
        if paused.status is SessionStatus.STOPPED:
            self._step("stop", f"{clock(paused.cursor.ts, date=False)}  STOPPED, as it was told to")
        return paused

    def _step(self, name: str, text: str) -> None:
        self._shell.say(f" {paint(f'{name:<7}', 'cyan', sys.stdout)}{text}")
        sys.stdout.flush()

    def _say_what_it_is(self) -> None:
        spec = self._config.strategy
        assert spec is not None
        params = spec.params
        say = self._shell.say
        say(paint("A rehearsal on eleven minutes of real BTCUSDT quotes", "bold", sys.stdout))
        say(
            " EmaCross holds 0.01 BTC while the price's average over "
            f"{params['fast']:,} quotes is above"
        )
        say(f" that over {params['slow']:,}. Orders travel 50 ms and pay 10 basis points.")
        say()

    def _say_what_it_proves(self, session: PaperTradingSession, verified: Verification) -> None:
        shell = self._shell
        shell.say()
        for line in verification_lines(verified):
            shell.say(f" {line}")
        shell.say(" The chain above is the same on every machine. The loss is honest: an example")
        shell.say(" that trades this often pays more in fees than it finds.")
        shell.say()
        named = short(session.id)
        shell.say(paint("Next", "bold", sys.stdout))
        for what, command in (
            ("each fill with its evidence", shell.command("show", named)),
            ("the same bytes once more", shell.command("verify", named)),
            (
                "other parameters",
                shell.command("run", STRATEGY, "--data", "demo", "--set", "slow=6000"),
            ),
            (
                "watch it, with keys p r s + -",
                shell.command("run", STRATEGY, "--data", "demo", "--speed", "60"),
            ),
        ):
            shell.say(f" {paint(what, 'dim', sys.stdout)}\n   {command}")


def _held(progress: Progress) -> str:
    summary = progress.summary
    if summary is None:
        return ""
    held = ", ".join(f"{qty} {symbol}" for symbol, qty in summary.positions.items())
    return f"after {counted(summary.fills, 'fill')}, with {held or 'nothing'}; "
