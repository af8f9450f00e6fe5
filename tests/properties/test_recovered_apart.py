"""Sessions that others rebuilt are, byte for byte, those that were rebuilt here."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec
import pytest
from tests.recovered_apart import CrewHere
from tests.stage import (
    RUNNERS,
    Stage,
    chain,
    eventually,
    limit_order,
    market_order,
    settle,
)

from offbook.domain.config import AtEnd
from offbook.domain.errors import OffbookError
from offbook.domain.orders import OrderSide
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

NAMES = ("outside", "trader", "forgetful", "raiser", "watcher")


async def _killed(seed: int, runner: str) -> Stage:
    """Sessions of several kinds, in the middle of what chance has them do."""
    rng = Random(seed)
    stage = Stage(runner=runner)
    spec = Stage(strategy=type("Any", (), {})).config().strategy  # the stage chooses by name
    async with stage.manager() as manager:
        for name in NAMES:
            strategy = None if name == "outside" else spec
            config = stage.config(speed="1", at_end=AtEnd.PAUSE, name=name, strategy=strategy)
            await manager.start_session(config, session_id=name)
        for turn in range(rng.randrange(2, 9)):
            stage.clock.advance(rng.randrange(1, 20))
            await settle(300)
            await _something(manager, rng, turn)
        stage.kill()
    return stage


async def _something(manager: PaperTradingSessionManager, rng: Random, turn: int) -> None:
    """An order, a cancel, a pause or a resume from outside; it may be refused."""
    name = rng.choice(("outside", "outside", "trader"))
    side = rng.choice(list(OrderSide))
    try:
        match rng.randrange(6):
            case 0 | 1:
                await manager.submit_order(name, market_order(side))
            case 2 | 3:
                price = f"{rng.randrange(98, 102)}.00"
                order = limit_order(price, side, client_order_id=f"o{turn}")
                await manager.submit_order(name, order)
            case 4:
                await manager.cancel_order(name, f"o{turn - 1}")
            case _:
                status = (await manager.get_session(name)).status
                again = status is SessionStatus.PAUSED
                await (manager.resume_session if again else manager.pause_session)(name)
    except OffbookError:
        return


@contextmanager
def _noted() -> Iterator[dict[str, object]]:
    """Engines as they are taken up, before they go on: whole states, and the chain's heads."""
    found: dict[str, object] = {}
    new_pump = PaperTradingRunner._new_pump

    def noting(
        self: PaperTradingRunner, session: Any, outbox: Any, feed: Any, engine: Any, *more: Any
    ) -> Any:
        found[session.id] = (engine.snapshot(), engine.cursor, outbox.head, outbox.last_seq)
        return new_pump(self, session, outbox, feed, engine, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PaperTradingRunner, "_new_pump", noting)
        yield found


async def _taken_up(stage: Stage, *, apart: bool) -> tuple[dict[str, object], CrewHere]:
    """Each session's engine as it was taken up, and its records and itself at the end."""
    crew = CrewHere(stage)
    async with stage.manager(recovery_crew=crew if apart else None) as manager:
        with _noted() as found:
            report = await manager.recover_sessions()
        assert set(report.recovered) == set(found) == set(NAMES)
        await _to_the_end(manager)
    for name in NAMES:
        found[f"{name} records"] = await chain(stage.repository, name)
        session = await stage.repository.get(name)
        # How often it was saved depends on turns of the event loop.
        found[f"{name} ended"] = msgspec.structs.replace(session, version=0)
    return found, crew


async def _to_the_end(manager: PaperTradingSessionManager) -> None:
    for name in NAMES:
        if (await manager.get_session(name)).status is SessionStatus.PAUSED:
            try:
                await manager.resume_session(name)
            except OffbookError:
                continue
        await manager.set_speed(name, None)
    for name in NAMES:
        await eventually(lambda name=name: _rests(manager, name))
        await manager.stop_session(name, flatten=name == "outside")


async def _rests(manager: PaperTradingSessionManager, name: str) -> bool:
    return (await manager.get_session(name)).status is not SessionStatus.RUNNING


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("seed", range(3))
async def test_rebuilt_by_others_is_rebuilt_here(seed: int, runner: str) -> None:
    """The same state when they are taken up, and the same records from there to the end."""
    here, _ = await _taken_up(await _killed(seed, runner), apart=False)
    apart, crew = await _taken_up(await _killed(seed, runner), apart=True)
    assert apart == here
    # A strategy that does not save its memory is run again where it is to go on.
    assert set(crew.made) == {"outside", "trader"}
    assert not crew.troubles
