"""An event is told when the session is known to be as the event left it."""

from tests.stage import Stage, limit_order, quiet


async def test_events_go_no_further_than_the_session_as_it_is_known() -> None:
    """The store commits in a thread of its own, and its word may be on its way."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("90.00"))
        host = manager._registry.hosts["a"]
        before = host.committed
        await manager.submit_order("a", limit_order("90.00"))
        after, host._session = host.committed, before
        page, over = await manager.next_events("a", before.last_seq - 2)
        assert [seq for seq, _ in page] == [before.last_seq - 1, before.last_seq]
        assert not over
        host._session = after
        page, _ = await manager.next_events("a", before.last_seq)
        assert page[-1][0] == after.last_seq
    await quiet(stage, manager)
