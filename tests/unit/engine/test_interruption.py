"""What ends a callback: the strategy's own code, which is recorded, or a signal, which is not."""

import signal
import sys
from asyncio import CancelledError
from collections.abc import Iterator
from typing import Any

import pytest
from tests.rehearsal import rehearse

from offbook.domain.errors import InvalidStrategy
from offbook.domain.records import StrategyFailed, decode_record
from offbook.domain.session import SessionStatus
from offbook.engine.snapshots import load_memory, save_memory
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ, quotes_market

ROWS = [("100", "101", "50", "50")] * 4


class Sneaky(BaseException):
    """No Exception, and of nobody's making but the strategy's."""


def raises(error: BaseException) -> Any:
    """A callback that raises."""

    def callback(self: Any, *_: Any) -> None:
        raise error

    return callback


def leaves(self: Any, *_: Any) -> None:
    """A callback that ends the program, as it thinks."""
    sys.exit(3)


def deep(self: Any, *_: Any) -> None:
    """A callback that raises far below itself, and again in a finally."""
    try:
        raises(KeyboardInterrupt())(self)
    finally:
        self.__dict__.pop("nothing", None)


def presses(self: Any, *_: Any) -> None:
    """A callback during which Ctrl-C is pressed."""
    signal.raise_signal(signal.SIGINT)


def _raise_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


class Loop:
    """A handler that is a method, as asyncio's is."""

    def on_sigint(self, number: int, frame: object) -> None:
        """Raise one call deeper."""
        self.interrupt()

    def interrupt(self) -> None:
        """Raise."""
        raise KeyboardInterrupt


@pytest.fixture
def handler(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The process's handler of Ctrl-C meanwhile."""
    before = signal.signal(signal.SIGINT, request.param)
    yield request.param
    signal.signal(signal.SIGINT, before)


def _run(callback: str, body: Any) -> Any:
    rehearsal = rehearse(
        quotes_market(ROWS, instrument=XYZ), type("Made", (Strategy,), {callback: body})()
    )
    rehearsal.rest()
    return rehearsal


@pytest.mark.parametrize("callback", ["on_quote", "on_start"])
@pytest.mark.parametrize(
    "body",
    [
        *(raises(e) for e in (KeyboardInterrupt(), SystemExit(1), CancelledError(), Sneaky())),
        leaves,
        deep,
    ],
)
def test_whatever_a_strategy_raises_is_its_sessions_trouble(callback: str, body: Any) -> None:
    """It is recorded, and happens again in every replay."""
    rehearsal = _run(callback, body)
    assert rehearsal.engine.status is SessionStatus.PAUSED
    assert rehearsal.engine.status_reason == "strategy_error"
    records = [decode_record(raw) for raw in rehearsal.raws]
    assert [r.callback for r in records if isinstance(r, StrategyFailed)] == [callback]


@pytest.mark.parametrize("callback", ["on_quote", "on_start"])
@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (signal.default_int_handler, KeyboardInterrupt),
        (_raise_interrupt, KeyboardInterrupt),
        (Loop().on_sigint, KeyboardInterrupt),
        (lambda *_: sys.exit(1), SystemExit),
    ],
    indirect=["handler"],
)
def test_what_a_signal_raises_in_a_callback_is_for_the_process(
    callback: str, handler: Any, error: type[BaseException]
) -> None:
    """It would not happen again, so it is no record."""
    with pytest.raises(error):
        _run(callback, presses)


@pytest.mark.parametrize("handler", [signal.default_int_handler], indirect=True)
def test_memory_is_saved_and_loaded_by_the_same_rule(handler: Any) -> None:
    """What the strategy raises there is InvalidStrategy; a Ctrl-C comes through."""
    for body in (leaves, deep):
        strategy = type("Made", (Strategy,), {"save_state": body, "load_state": body})()
        with pytest.raises(InvalidStrategy):
            save_memory(strategy)
        with pytest.raises(InvalidStrategy):
            load_memory(strategy, None)
    strategy = type("Made", (Strategy,), {"save_state": presses, "load_state": presses})()
    with pytest.raises(KeyboardInterrupt):
        save_memory(strategy)
    with pytest.raises(KeyboardInterrupt):
        load_memory(strategy, None)
