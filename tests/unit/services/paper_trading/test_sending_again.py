"""Orders that are sent again, and lists of them, from outside."""

import pytest
from tests.stage import RUNNERS, Stage, limit_order

from offbook.domain.errors import OrderConflict
from offbook.domain.orders import ContingencyType, OrderListRequest


@pytest.fixture(params=RUNNERS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A stage without a strategy: orders come from outside."""
    return Stage(runner=request.param)


async def test_an_order_sent_again_under_its_own_id_is_answered_as_it_stands(stage: Stage) -> None:
    """With new command ids, at once and for later, also after a new start; it is one order."""
    low, other = (limit_order(px, client_order_id="low") for px in ("90.00", "91.00"))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        sent = await manager.submit_order("a", low)
        again = await manager.submit_order("a", low, command_id="again")
        assert (again.client_order_id, again.order_qty) == (sent.client_order_id, sent.order_qty)
        assert await manager.submit_order("a", low, command_id="again") == again
        with pytest.raises(OrderConflict) as caught:
            await manager.submit_order("a", other)
        assert caught.value.fields["order_id"] == "low"
        assert len(await manager.orders("a")) == 1


async def test_a_list_of_orders_is_sent_from_outside_and_told_by_its_first(stage: Stage) -> None:
    """The others are found by the list's id; sent again it is not sent twice."""
    pair = OrderListRequest(
        contingency_type=ContingencyType.OCO,
        orders=(
            limit_order("90.00", client_order_id="a1"),
            limit_order("91.00", client_order_id="a2"),
        ),
    )
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        first = await manager.submit_order("a", pair)
        assert (first.client_order_id, first.order_list_id) == ("a1", "L-1")
        assert (await manager.submit_order("a", pair)).client_order_id == "a1"
        views = await manager.orders("a")
        assert [(v.client_order_id, v.order_list_id) for v in views] == [
            ("a1", "L-1"),
            ("a2", "L-1"),
        ]
        with pytest.raises(OrderConflict):
            await manager.submit_order("a", limit_order("91.00", client_order_id="a2"))
