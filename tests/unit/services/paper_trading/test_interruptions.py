"""What ends processes, raised by a strategy or by a signal while a callback runs."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from tests.stage import STRATEGIES, Stage, Trader, chain, kinds, quiet

from offbook.domain.errors import InvalidStrategy, SessionFailed
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.verification import ReplayOutcome


class Ends(Strategy):
    """Raises what ends processes at its fifth quote."""

    error: ClassVar[type[BaseException]] = KeyboardInterrupt

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        if self.seen == 5:
            raise self.error


class Leaves(Strategy):
    """Ends the program, as it thinks, before it begins."""

    def on_start(self) -> None:
        sys.exit(1)


class Unmade(Strategy):
    """Cannot be made."""

    def __init__(self, **parameters: Any) -> None:
        sys.exit(1)


class Pressed(Trader):
    """A trader during whose fifth quote Ctrl-C is pressed so many times."""

    times: ClassVar[int] = 0

    def on_quote(self, quote: object) -> None:
        super().on_quote(quote)
        if self.seen == 5:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_what_a_strategy_raises_pauses_its_session_and_no_other(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process and the neighbours go on; the session can be resumed and verified."""
    monkeypatch.setattr(Ends, "error", error)
    monkeypatch.setitem(STRATEGIES, "ends", Ends)
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="other")
        await manager.start_session(stage.config(name="ends"), session_id="a")
        session = await manager.wait("a")
        assert (session.status, session.status_reason) == (SessionStatus.PAUSED, "strategy_error")
        assert session.error is not None
        assert error.__name__ in session.error.message
        assert (await manager.wait("other")).status is SessionStatus.STOPPED
        await manager.resume_session("a")
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


@pytest.mark.parametrize(("kind", "told"), [(Leaves, SessionFailed), (Unmade, InvalidStrategy)])
async def test_a_start_whose_strategy_ends_the_program_fails(
    kind: type[Strategy], told: type[Exception]
) -> None:
    """It is told, and nothing is left of it."""
    stage = Stage(strategy=kind)
    async with stage.manager() as manager:
        with pytest.raises(told):
            await manager.start_session(stage.config(), session_id="a")
        assert (await manager.get_session("a")).status is SessionStatus.FAILED
        await quiet(stage, manager)


@pytest.fixture
def _heard() -> Iterator[None]:
    """Ctrl-C as a terminal's program hears it, also where this one runs in a background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heard")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_during_a_callback_ends_a_script_and_harms_no_session(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, the callback comes to its end; twice, it is broken off.  Either way the manager is
    closed, no record tells of it, and the next boot carries the session on to the same bytes."""
    monkeypatch.setattr(Pressed, "times", times)
    stage = Stage(strategy=Pressed)

    async def script() -> None:
        async with stage.manager() as manager:
            await manager.start_session(stage.config(), session_id="a", command_id="go")
            await manager.wait("a")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(script())
    assert stage.gateway.open_feeds == 0

    async def next_boot() -> list[str]:
        monkeypatch.setattr(Pressed, "times", 0)
        async with stage.manager() as manager:
            assert (await manager.get_session("a")).status is SessionStatus.RUNNING
            assert (await manager.recover_sessions()).recovered == ("a",)
            assert (await manager.wait("a")).status is SessionStatus.STOPPED
            assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        return kinds(await chain(stage.repository, "a"))

    assert "StrategyFailed" not in asyncio.run(next_boot())
