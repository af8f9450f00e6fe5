"""Where calls come in: whatever is of a wrong type is refused at once, and nothing has changed."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.stage import RUNNERS, START, Stage, chain, limit_order, market_order, quiet

from offbook.domain.config import PauseOrders, StrategySpec
from offbook.domain.errors import (
    CommandTooLate,
    FloatNotExact,
    InvalidConfig,
    InvalidInput,
    InvalidOrder,
)
from offbook.domain.orders import OrderRequest, OrderStatus, ReplaceRequest
from offbook.domain.session import SessionHealth, SessionStatus
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.sync_manager import SyncPaperTradingSessionManager

Manager = PaperTradingSessionManager
Call = Callable[[Any], Awaitable[object]]

TORN = "\ud800"
"""Half of a surrogate pair: text in Python, and nothing that could be stored."""
NO_TIMES: tuple[Any, ...] = (1.5, float(START), 2**70, 2**63 - 1, -1, True, "1", b"1", [1])
NO_IDS: tuple[Any, ...] = (TORN, "", "two\nlines", "x" * 257, 7, b"a", ["a"], object())


def _order(**changes: Any) -> OrderRequest:
    given: dict[str, Any] = {"symbol": "BTCUSDT", "side": market_order().side, "order_qty": "0.01"}
    return OrderRequest(**(given | changes))


WRONG_ORDERS: tuple[Any, ...] = (
    None,
    "buy",
    {"symbol": "BTCUSDT", "side": "BUY", "order_qty": "0.01"},
    ReplaceRequest(order_qty="0.02"),
    _order(symbol=None),
    _order(symbol=TORN),
    _order(side=None),
    _order(side=1),
    _order(order_qty=None),
    _order(order_qty=["0.01"]),
    _order(order_qty=0.01),
    _order(price=100.5),
    _order(order_type="WISH"),
    _order(time_in_force=7),
    _order(reduce_only="yes"),
    _order(client_order_id=7),
    _order(client_order_id=TORN),
)
WRONG_TERMS: tuple[Any, ...] = (
    None,
    "more",
    market_order(),
    ReplaceRequest(order_qty=0.02),  # type: ignore[arg-type]  # wrong on purpose
    ReplaceRequest(price=["1"]),  # type: ignore[arg-type]  # wrong on purpose
    ReplaceRequest(price=TORN),
)


def wrong_calls() -> list[Call]:
    """Every method of the manager, each with every kind of thing that does not fit."""
    calls: list[Call] = []
    for at in NO_TIMES:
        calls += [
            lambda m, at=at: m.submit_order("a", market_order(), at=at),
            lambda m, at=at: m.cancel_order("a", "low", at=at),
            lambda m, at=at: m.replace_order("a", "low", ReplaceRequest(order_qty="1"), at=at),
            lambda m, at=at: m.pause_session("a", at=at),
            lambda m, at=at: m.stop_session("a", at=at),
            lambda m, at=at: m.stop_session("a", deadline_ns=at),
        ]
    for name in NO_IDS:
        calls += [
            lambda m, name=name: m.submit_order("a", market_order(), command_id=name),
            lambda m, name=name: m.pause_session("a", command_id=name),
            lambda m, name=name: m.resume_session("a", command_id=name),
            lambda m, name=name: m.stop_session("a", command_id=name),
            lambda m, name=name: m.start_session(_config(), command_id=name),
            lambda m, name=name: m.start_session(_config(), session_id=name),
            lambda m, name=name: m.start_session(_config(), parent_id=name),
            *_calls_on(name),
        ]
    calls += [lambda m, given=given: m.submit_order("a", given) for given in WRONG_ORDERS]
    calls += [lambda m, given=given: m.replace_order("a", "low", given) for given in WRONG_TERMS]
    calls += [lambda m, name=name: m.cancel_order("a", name) for name in (None, 7, TORN)]
    calls += [lambda m, x=x: m.start_session(x) for x in (None, "config", {"market": "replay:x"})]
    for flag in (None, 0, "no"):
        calls += [
            lambda m, flag=flag: m.stop_session("a", flatten=flag),
            lambda m, flag=flag: m.stop_session("a", force=flag),
        ]
    calls += [
        lambda m: m.start_session(_config(name=TORN)),
        lambda m: m.start_session(_config(seed=True)),
        lambda m: m.start_session(_config(history_limit=2.5)),
        lambda m: m.start_session(
            _config(strategy=StrategySpec(ref="a:B", params={"x": object()}))
        ),
        lambda m: m.start_session(_config(strategy=StrategySpec(ref="a:B", params={"x": TORN}))),
        lambda m: m.pause_session("a", orders="all"),
        lambda m: m.resume_session("a", timers=3),
        lambda m: m.set_speed("a", 2.0),
        lambda m: m.set_speed("a", TORN),
        lambda m: m.verify("a", slice_rows=0),
        lambda m: m.next_events("a", "first"),
        lambda m: m.recover_sessions("a"),
        lambda m: m.recover_sessions(7),
        lambda m: m.recover_sessions([7]),
    ]
    return calls


def _calls_on(name: Any) -> list[Call]:
    return [
        lambda m: m.submit_order(name, market_order()),
        lambda m: m.cancel_order(name, "low"),
        lambda m: m.replace_order(name, "low", ReplaceRequest(order_qty="1")),
        lambda m: m.pause_session(name),
        lambda m: m.resume_session(name),
        lambda m: m.stop_session(name),
        lambda m: m.set_speed(name, "1"),
        lambda m: m.get_session(name),
        lambda m: m.orders(name),
        lambda m: m.progress(name),
        lambda m: m.wait(name),
        lambda m: m.verify(name),
        lambda m: m.next_events(name, 0),
    ]


def _config(**changes: Any) -> Any:
    return Stage().config(**changes)


@pytest.mark.parametrize("runner", RUNNERS)
async def test_what_does_not_fit_is_refused_and_nothing_has_changed(runner: str) -> None:
    """The session is as healthy as before, and takes the next command."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("50.00", client_order_id="low"))
        before = await manager.get_session("a")
        records = await chain(stage.repository, "a")
        for call in wrong_calls():
            with pytest.raises(InvalidInput):
                await call(manager)
        assert await manager.get_session("a") == before
        assert before.health is SessionHealth.OK
        assert await chain(stage.repository, "a") == records
        assert await stage.repository.scheduled_commands("a") == ()
        assert len(await manager.list_sessions()) == 1
        view = await manager.submit_order("a", market_order())
        assert view.order_status is OrderStatus.PENDING_NEW
        assert (await manager.stop_session("a")).status is SessionStatus.STOPPED
        await quiet(stage, manager)


def test_the_synchronous_face_refuses_the_same() -> None:
    """Its calls go through the same door."""
    stage = Stage()
    with SyncPaperTradingSessionManager(
        stage.gateway, stage.engine, stage.repository, clock=stage.clock, ids=stage.ids
    ) as manager:
        manager.start_session(stage.config(speed="1"), session_id="a")
        for given in WRONG_ORDERS:
            with pytest.raises(InvalidOrder):
                manager.submit_order("a", given)
        for at in NO_TIMES:
            with pytest.raises(InvalidInput):
                manager.stop_session("a", at=at)
        assert manager.get_session("a").status is SessionStatus.RUNNING


async def test_each_refusal_is_of_its_kind_and_says_what_to_give() -> None:
    """A float is no exact quantity, a configuration is no dict, a time of the past is too late."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        with pytest.raises(FloatNotExact, match="decimal text"):
            await manager.submit_order("a", _order(order_qty=0.01))
        for price in (float("nan"), float("inf"), 90.0):
            with pytest.raises(FloatNotExact, match="price is a float"):
                await manager.submit_order("a", _order(price=price))
        with pytest.raises(InvalidOrder, match="expected OrderRequest"):
            await manager.submit_order("a", None)  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidConfig, match="make a SessionConfig"):
            await manager.start_session({})  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidInput, match="at is a float: expected an int"):
            await manager.pause_session("a", at=1.0)  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(CommandTooLate):
            await manager.pause_session("a", at=1)


async def test_text_in_the_place_of_an_enum_is_what_it_names() -> None:
    """As a caller from another language gives it; the chain cannot tell."""
    stage = Stage()
    async with stage.manager() as manager:
        for name, side, orders in (
            ("a", "BUY", "keep"),
            ("b", market_order().side, PauseOrders.KEEP),
        ):
            await manager.start_session(
                stage.config(speed="1"), session_id=name, command_id="start"
            )
            given: Any = _order(
                side=side, order_qty=Decimal("0.01"), price="50", order_type="LIMIT"
            )
            await manager.submit_order(name, given, command_id="buy")
            await manager.pause_session(name, orders=orders, command_id="pause")  # type: ignore[arg-type]  # text on purpose
        assert await chain(stage.repository, "a") == await chain(stage.repository, "b")
        (view,) = await manager.orders("a")
        assert not view.order_status.is_terminal


@pytest.mark.parametrize(
    "wrong",
    [
        {"mailbox": "many"},
        {"mailbox": 0},
        {"mailbox": 1.5},
        {"call_rows": True},
        {"call_seconds": float("nan")},
        {"call_seconds": "1"},
        {"stuck_seconds": None},
    ],
)
def test_limits_are_numbers_above_zero(wrong: dict[str, Any]) -> None:
    """Else a session would stand still, or never wait, much later."""
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Limits(**wrong)
