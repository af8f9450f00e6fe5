"""A thread that notices callbacks which do not return.

In process nothing can end such a callback: it is reported with its stack, and its session shown
as CALLBACK_STUCK until it returns.  The thread needs no event loop, for that is what is stuck.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from typing import Final

import msgspec

POLLS_PER_LIMIT: Final = 4


class StuckCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A call into a session's engine that has lasted too long; ``stack`` is where it is now."""

    session_id: str
    seconds: float
    stack: str


class Watch:
    """Marks when a session's engine is at work. Cheap: two attributes are set."""

    __slots__ = ("_monotonic", "_on_first", "began", "session_id", "thread_id")

    def __init__(
        self, session_id: str, monotonic: Callable[[], float], on_first: Callable[[Watch], None]
    ) -> None:
        self.session_id = session_id
        self.began: float | None = None
        self.thread_id = 0
        self._monotonic = monotonic
        self._on_first: Callable[[Watch], None] | None = on_first

    def begin(self) -> float:
        """The engine is called, on this thread. Gives the monotonic time."""
        if self._on_first is not None:
            on_first, self._on_first = self._on_first, None
            on_first(self)
        self.thread_id = threading.get_ident()
        self.began = began = self._monotonic()
        return began

    def end(self) -> None:
        """The engine returned."""
        self.began = None
        self.thread_id = 0


class Watchdog:
    """Looks at all watches and reports a call that lasts longer than ``stuck_seconds``, once.

    ``stuck`` holds the reported calls that have not returned, by session; any thread may look.
    ``on_stuck`` is called on the watchdog's thread, with no lock held, and may wait for anything:
    nobody waits for it.  ``wait`` stands in for waiting in tests: it is given the event that ends
    the thread and the seconds, and returns whether to end.  The thread lives only while there is
    something to watch.
    """

    def __init__(
        self,
        *,
        stuck_seconds: float,
        monotonic: Callable[[], float],
        on_stuck: Callable[[StuckCallback], None],
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._stuck_seconds = stuck_seconds
        self._monotonic = monotonic
        self._on_stuck = on_stuck
        self._wait = wait
        self.stuck: dict[str, StuckCallback] = {}
        self._watches: dict[str, Watch] = {}
        self._reported: dict[str, float] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._end = threading.Event()

    def watch(self, session_id: str) -> Watch:
        """Watch a session from its first step on; a second watch of it replaces the first."""
        return Watch(session_id, self._monotonic, self._begin)

    def forget(self, session_id: str) -> None:
        """Watch a session no longer; the thread ends with the last one, in its own time.

        It may be in ``on_stuck``, which may wait for the very loop that calls this.
        """
        with self._guard:
            self._watches.pop(session_id, None)
            self._forget_report(session_id)
            if not self._watches:
                self._thread = None
                self._end.set()

    def check(self) -> None:
        """Look at every watch once; what the thread does again and again."""
        with self._guard:
            watches = list(self._watches.values())
        for watch in watches:
            self._check(watch)

    def _begin(self, watch: Watch) -> None:
        with self._guard:
            self._watches[watch.session_id] = watch
            if self._thread is None:
                self._end = threading.Event()
                self._thread = threading.Thread(
                    target=self._look, args=(self._end,), name="offbook watchdog", daemon=True
                )
                self._thread.start()

    def _look(self, end: threading.Event) -> None:
        while not self._wait(end, self._stuck_seconds / POLLS_PER_LIMIT):
            self.check()

    def _check(self, watch: Watch) -> None:
        began = watch.began
        with self._guard:
            reported = self._reported.get(watch.session_id)
            if reported is not None and reported != began:
                self._forget_report(watch.session_id)
        if began is None or began == reported:
            return
        seconds = self._monotonic() - began
        if seconds <= self._stuck_seconds:
            return
        frame = sys._current_frames().get(watch.thread_id)
        stack = "" if frame is None else "".join(traceback.format_stack(frame))
        report = StuckCallback(session_id=watch.session_id, seconds=seconds, stack=stack)
        with self._guard:
            if watch.began != began or self._watches.get(watch.session_id) is not watch:
                return
            self._reported[watch.session_id] = began
            self.stuck[watch.session_id] = report
        self._on_stuck(report)

    def _forget_report(self, session_id: str) -> None:
        self._reported.pop(session_id, None)
        self.stuck.pop(session_id, None)
