"""Ctrl-C and SIGTERM before sessions run: it ends soon, and what is stored can be recovered."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.cli.conftest import Answer

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.cli import driving
from offbook.services.paper_trading import recovering
from offbook.services.paper_trading.runner import PaperTradingRunner

Program = Callable[..., Answer]
FLIP = ("run", "mine.py:Flip", "--data", "quotes.csv")
CODES = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)


def _suspended(offbook: Program, patch: pytest.MonkeyPatch, count: int) -> list[dict[str, Any]]:
    """So many sessions that run, without a process."""

    async def suspends(self: driving.Driver, *_: object) -> None:
        self._wishes.put_nowait(driving.Wish.SUSPEND)

    with patch.context() as during:
        during.setattr(driving.Driver, "_show", suspends)
        for _ in range(count):
            assert offbook(*FLIP, "--speed", "1").code == 143
    found: list[dict[str, Any]] = offbook("sessions", "--json").document["sessions"]
    assert [one["status"] for one in found] == ["RUNNING"] * count
    return found


@CODES
def test_a_recovery_is_broken_off_and_stops_nobody(
    number: signal.Signals, code: int, offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is taken up, one is being taken up, which would never end, and one has to wait."""
    before = _suspended(offbook, monkeypatch, 3)
    begun: list[str] = []
    start = PaperTradingRunner.start

    async def second_hangs(self: PaperTradingRunner, message: Any) -> Any:
        begun.append(message.session.id)
        if len(begun) == 2:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        return await start(self, message)

    with monkeypatch.context() as patch:
        patch.setattr(recovering, "AT_ONCE", 1)
        patch.setattr(PaperTradingRunner, "start", second_hangs)
        answer = offbook("recover")
    assert answer.code == code
    assert len(begun) == 2
    assert answer.out == "broken off; to be recovered: 3 sessions, with offbook recover\n"
    shouted = "Ctrl-C again leaves" in answer.err
    assert not shouted or number is signal.SIGINT
    left = offbook("sessions", "--json").document["sessions"]
    assert [one["status"] for one in left] == ["RUNNING"] * 3
    untouched = {one["session_id"] for one in before} - set(begun)
    assert [one for one in left if one["session_id"] in untouched] == [
        one for one in before if one["session_id"] in untouched
    ]
    document = offbook("recover", "--full-speed", "--json").document
    assert [one["status"] for one in document["recovered"]] == ["STOPPED"] * 3
    assert document["left"] == []
    assert offbook("verify", begun[1]).code == 0


def test_what_is_left_is_in_the_document(offbook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    [session] = _suspended(offbook, monkeypatch, 1)
    with monkeypatch.context() as patch:
        patch.setattr(PaperTradingRunner, "start", _pressed(signal.SIGINT))
        answer = offbook("recover", "--json")
    assert answer.code == 130
    assert answer.document["left"] == [session["session_id"]]
    assert answer.document["recovered"] == []


def test_once_sessions_run_ctrl_c_stops_them(
    offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ever."""
    _suspended(offbook, monkeypatch, 1)
    drive = driving.Driver.drive

    async def pressed(self: driving.Driver, *arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return await drive(self, *arguments)

    monkeypatch.setattr(driving.Driver, "drive", pressed)
    answer = offbook("recover", "--json")
    assert answer.code == 0
    assert [one["status"] for one in answer.document["recovered"]] == ["STOPPED"]


@CODES
def test_a_run_is_broken_off_while_its_file_is_being_opened(
    number: signal.Signals, code: int, offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C stops it; after SIGTERM the start is carried on by whoever recovers it."""
    with monkeypatch.context() as patch:
        patch.setattr(ReplayGateway, "open", _pressed(number))
        answer = offbook(*FLIP)
    assert answer.code == code
    assert "it was broken off before it ran" in answer.out
    assert ("offbook recover" in answer.out) is (number is signal.SIGTERM)
    [session] = offbook("sessions", "--json").document["sessions"]
    assert session["status"] == ("STOPPED" if number is signal.SIGINT else "STARTING")
    if number is signal.SIGTERM:
        [carried_on] = offbook("recover", "--json").document["recovered"]
        assert carried_on["status"] == "STOPPED"


def _pressed(number: signal.Signals) -> Any:
    """Something that never ends, at which a signal comes."""

    async def never(self: object, *_: object) -> None:
        signal.raise_signal(number)
        await asyncio.Event().wait()

    return never
