"""``offbook demo``: a whole rehearsal, and everything it says is true."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]


def test_the_demo_runs_a_whole_session_and_proves_it(offbook: Program) -> None:
    """Started, paused, resumed, stopped; ten orders filled at least; equal when run again."""
    answer = offbook("demo", "--json", "--quiet")
    assert answer.code == 0
    document = answer.document
    assert [m["event"] for m in document["moments"]] == ["started", "paused", "resumed", "stopped"]
    assert document["orders_by_status"]["FILLED"] >= 10
    assert document["status"] == "STOPPED"
    assert document["verification"]["outcome"] == "EQUAL"
    assert answer.err == ""


def test_the_demo_has_the_same_chain_every_time(offbook: Program) -> None:
    """As it tells its reader."""
    first, second = (offbook("demo", "--json").document for _ in range(2))
    assert first["chain_head"] == second["chain_head"]
    assert first["session_id"] != second["session_id"]


def test_the_demo_tells_what_it_does_and_what_to_try_next(offbook: Program) -> None:
    """Every command that it suggests works when it is copied."""
    answer = offbook("demo")
    for step in ("start", "pause", "resume", "stop"):
        assert re.search(rf"^ {step} +\d\d:\d\d:\d\d  ", answer.out, re.MULTILINE)
    assert max(map(len, answer.out.splitlines())) <= 100
    commands = re.findall(r"^   (offbook .+)$", answer.out, re.MULTILINE)
    assert [shlex.split(command)[1] for command in commands] == ["show", "verify", "run", "run"]
    for command in commands:
        words = shlex.split(command.replace("--speed 60", "--speed 60000"))
        assert offbook(*words[1:]).code == 0
