"""Orders put straight into a runner's mailbox: who waits, who goes away, who is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.stage import Stage, limit_order, quiet, settle

from offbook.domain.errors import CommandConflict, MailboxFull, OrderNotFound
from offbook.services.paper_trading.limits import Limits


async def test_who_goes_away_leaves_the_others_and_the_order() -> None:
    """The command has a task of nobody's: it is carried out, once, for whoever still waits."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        calls = [
            asyncio.ensure_future(manager.submit_order("a", limit_order("90.00"), command_id="x"))
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        calls[0].cancel()
        one, two = await asyncio.gather(*calls[1:])
        assert one == two == await manager.submit_order("a", limit_order("90.00"), command_id="x")
        assert calls[0].cancelled()
        with pytest.raises(CommandConflict):
            await manager.submit_order("a", limit_order("91.00"), command_id="x")
        assert len(await manager.orders("a")) == 1
        await settle()
        assert manager._registry.hosts["a"].waiting == 0
    await quiet(stage, manager)


@pytest.mark.parametrize("command_id", [None, "x"])
async def test_a_refusal_is_told_to_all_and_kept_by_nobody(command_id: str | None) -> None:
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        calls = (manager.cancel_order("a", "none", command_id=command_id) for _ in range(2))
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in told] == [OrderNotFound] * 2
        await settle()
        assert manager._registry.hosts["a"].waiting == 0
        # Nothing was changed, so the id is free for another body.
        await manager.submit_order("a", limit_order("90.00"), command_id=command_id)
    await quiet(stage, manager)


@pytest.mark.parametrize("named", [False, True])
async def test_no_place_stays_taken_by_who_found_the_mailbox_full(named: bool) -> None:
    stage = Stage()
    async with stage.manager(limits=Limits(mailbox=2)) as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        for turn in range(3):
            calls = (
                manager.submit_order(
                    "a", limit_order("90.00"), command_id=f"{turn} {n}" if named else None
                )
                for n in range(5)
            )
            told = await asyncio.gather(*calls, return_exceptions=True)
            assert [isinstance(one, MailboxFull) for one in told] == [False] * 2 + [True] * 3
            await settle()
            assert manager._registry.hosts["a"].waiting == 0
        assert len(await manager.orders("a")) == 6
    await quiet(stage, manager)


async def test_more_answers_at_one_time_than_are_kept_are_all_told() -> None:
    """Those that make room were done, and not told of yet."""
    stage = Stage()
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: unhandled.append(told))
    async with stage.manager(limits=Limits(answers=2)) as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        told = []
        for _ in range(2):
            calls = (
                manager.submit_order("a", limit_order("90.00"), command_id=str(n)) for n in range(9)
            )
            told.append(await asyncio.gather(*calls))
        assert told[0] == told[1]
        assert len(await manager.orders("a")) == 9
        assert len(manager._memory._known) == 2
    await quiet(stage, manager)
    assert not unhandled


async def test_who_goes_away_while_a_session_is_let_go_takes_only_himself_away() -> None:
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        host = manager._registry.hosts["a"]
        waiting = manager._registry.retire(host)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert (await manager.recover_sessions()).recovered == ()
        assert host.retiring is not None
        await host.retiring
        assert (await manager.recover_sessions()).recovered == ("a",)
    await quiet(stage, manager)
