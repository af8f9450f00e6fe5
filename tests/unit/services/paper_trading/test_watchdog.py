"""The watchdog, looked at step by step with a clock of the test's own."""

import threading
from collections.abc import Iterator

import pytest

from offbook.services.paper_trading.watchdog import StuckCallback, Watchdog


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """A thread that was told to end is waited for by nobody else."""
    yield
    _await_the_end()
    assert _threads() == 0


class Scene:
    """A watchdog whose thread never looks by itself."""

    def __init__(self) -> None:
        self.time = 0.0
        self.stuck: list[StuckCallback] = []
        self.dog = Watchdog(
            stuck_seconds=2.0,
            monotonic=lambda: self.time,
            on_stuck=self.stuck.append,
            wait=lambda end, seconds: end.wait(),
        )


def test_a_long_call_is_reported_once_with_its_stack() -> None:
    """Not before the limit, not twice, and again only for another call."""
    scene = Scene()
    watch = scene.dog.watch("a")
    watch.begin()
    scene.time = 2.0
    scene.dog.check()
    assert scene.stuck == []
    scene.time = 2.5
    scene.dog.check()
    scene.dog.check()
    assert [(s.session_id, s.seconds) for s in scene.stuck] == [("a", 2.5)]
    assert "test_a_long_call_is_reported_once" in scene.stuck[0].stack
    assert set(scene.dog.stuck) == {"a"}
    watch.end()
    scene.dog.check()
    assert scene.dog.stuck == {}
    watch.begin()
    scene.time = 5.0
    scene.dog.check()
    assert len(scene.stuck) == 2
    scene.dog.forget("a")


def test_short_calls_are_never_reported() -> None:
    """However many there are."""
    scene = Scene()
    watch = scene.dog.watch("a")
    for _ in range(10):
        watch.begin()
        scene.time += 1.5
        scene.dog.check()
        watch.end()
    assert scene.stuck == []
    scene.dog.forget("a")


def test_the_thread_lives_as_long_as_there_is_something_to_watch() -> None:
    """From the first step of the first session to the end of the last."""
    scene = Scene()
    first, second = scene.dog.watch("a"), scene.dog.watch("b")
    assert _threads() == 0
    for watch in (first, second):
        watch.begin()
        watch.end()
    assert _threads() == 1
    scene.dog.forget("a")
    assert _threads() == 1
    scene.dog.forget("b")
    _await_the_end()
    assert _threads() == 0
    scene.dog.forget("b")


def test_a_thread_that_is_gone_has_no_stack() -> None:
    """It is reported all the same."""
    scene = Scene()
    watch = scene.dog.watch("a")
    thread = threading.Thread(target=watch.begin)
    thread.start()
    thread.join()
    watch.thread_id = -1
    scene.time = 3.0
    scene.dog.check()
    assert scene.stuck[0].stack == ""
    scene.dog.forget("a")
    scene.dog.check()


def _threads() -> int:
    return sum(thread.name == "offbook watchdog" for thread in threading.enumerate())


def _await_the_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "offbook watchdog":
            thread.join(10)
