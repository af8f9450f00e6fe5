"""Which command ids are known to be new, so that the store is not asked about them."""

import random
from typing import Any

from tests.stage import Stage, limit_order, quiet

from offbook.services.paper_trading.seen_ids import SeenIds


def test_what_was_added_is_held_and_little_else() -> None:
    chance = random.Random(1)
    held = [f"{chance.random()}" for _ in range(5_000)]
    others = [f"{chance.random()}" for _ in range(5_000)]
    ids = SeenIds()
    assert not any(map(ids.may_hold, others))
    ids.add(*held)
    assert all(map(ids.may_hold, held))
    # Five filters, each wrong once in some 700 when it is full: the bound is far from chance.
    assert sum(map(ids.may_hold, others)) < 200


async def test_a_new_id_is_not_looked_for_and_a_repeated_one_is_answered_alike() -> None:
    """With no answer kept in memory a repeated command is answered from the store."""
    stage = Stage()
    asked: list[str] = []
    find = stage.repository.find_answer

    async def counted(session_id: str, command_id: str) -> Any:
        asked.append(command_id)
        return await find(session_id, command_id)

    stage.repository.find_answer = counted  # type: ignore[method-assign]  # the question is counted
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        asked.clear()
        first = await manager.submit_order("a", limit_order("90.00"), command_id="x")
        await manager.pause_session("a", command_id="y")
        assert asked == []
        manager._memory._known.clear()
        again = await manager.submit_order("a", limit_order("90.00"), command_id="x")
        await manager.pause_session("a", command_id="y")
        assert again == first
        assert asked == ["x", "y"]
    await quiet(stage, manager)


async def test_of_a_session_taken_up_again_the_store_is_asked() -> None:
    """Who ran it before may have answered what this process never saw."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        first = await manager.submit_order("a", limit_order("90.00"), command_id="x")
    async with stage.manager() as manager:
        await manager.recover_sessions()
        again = await manager.submit_order("a", limit_order("90.00"), command_id="x")
        assert again == first
        assert len(await manager.orders("a")) == 1
    await quiet(stage, manager)
