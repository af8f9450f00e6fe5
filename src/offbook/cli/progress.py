"""The line that tells how far a session is."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Final

from offbook.cli.shell import Shell, paint
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.messages import Progress
from offbook.services.paper_trading.reading import SessionReading
from offbook.services.reporting.formatting import clock, counted, money

PLAIN_SECONDS: Final = 10.0
"""How often a line is written where lines cannot be rewritten."""

_ERASE: Final = "\r\x1b[K"
_COLOURS: Final = {
    SessionStatus.RUNNING: "green",
    SessionStatus.PAUSED: "yellow",
    SessionStatus.STOPPING: "yellow",
    SessionStatus.FAILED: "red",
}


class ProgressLine:
    """Rewrites one line on a terminal; elsewhere writes a line now and then.

    Quiet shells see nothing.  Whatever else is to be said while it is shown goes through ``say``.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._live = sys.stderr.isatty()
        self._shown = False
        self._last_status: SessionStatus | None = None
        self._last_plain = time.monotonic()
        self._pace = Pace()

    def show(self, session: PaperTradingSession, progress: Progress, more: int = 0) -> None:
        """Tell how far a session is; ``more`` others run beside it."""
        if self._shell.quiet:
            return
        self._pace.note(progress.now)
        parts = self._parts(session, progress, more)
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            line, state = _fit(parts, width), progress.status
            rest = line[len(state.value) :]
            text = paint(state.value, _COLOURS.get(state, "bold"), sys.stderr) + rest
            sys.stderr.write(_ERASE + text)
            sys.stderr.flush()
            self._shown = True
        elif self._is_due(progress.status):
            print(_fit(parts, 200), file=sys.stderr, flush=True)

    async def watch(
        self,
        reading: SessionReading,
        session: PaperTradingSession,
        progress: Progress,
        more: int = 0,
    ) -> None:
        """Tell it; nothing else has to be read for a line."""
        self.show(session, progress, more)

    def say(self, text: str, *, passing: bool = False) -> None:
        """A line of its own; the progress goes on below it.  When quiet only trouble is told, which
        never is ``passing``."""
        if passing and self._shell.quiet:
            return
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def shout(self, text: str) -> None:
        """A line of its own from a signal handler, past whatever is being written; never quiet."""
        erase = _ERASE if self._live else ""
        os.write(2, f"{erase}{text}\n".encode())

    def leave(self, text: str) -> None:
        """The process ends now, in a signal handler: say so."""
        self.shout(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
            self._shown = False

    def _is_due(self, status: SessionStatus) -> bool:
        now = time.monotonic()
        if status is self._last_status and now - self._last_plain < PLAIN_SECONDS:
            return False
        self._last_status, self._last_plain = status, now
        return True

    def _parts(
        self, session: PaperTradingSession, progress: Progress, more: int
    ) -> list[tuple[int, str]]:
        """Pieces of the line, each with how soon it gives way on a narrow terminal."""
        parts = [(0, progress.status.value), (1, clock(progress.now, date=False))]
        if progress.rows:
            parts.append((0, f"{100 * progress.cursor.row // progress.rows} %"))
        parts.append((3, self._pace.text(progress.status)))
        summary = progress.summary
        if summary is not None:
            held = " ".join(f"{qty} {symbol}" for symbol, qty in summary.positions.items())
            currency = session.config.account.currency
            parts += [
                (1, f"equity {money(str(summary.equity))} {currency}"),
                (2, held or "flat"),
                (2, counted(summary.fills, "fill")),
                (4, f"{summary.open_orders} open"),
            ]
        if more:
            parts.append((1, f"and {more} more"))
        return [(rank, text) for rank, text in parts if text]


class Pace:
    """How fast session time passes, over about the last second."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def note(self, ts: int) -> None:
        now = time.monotonic()
        if self._marks and ts < self._marks[-1][1]:
            self._marks.clear()  # the engine was made again from what is stored
        self._marks.append((now, ts))
        while len(self._marks) > 2 and now - self._marks[1][0] > 1.0:
            self._marks.pop(0)

    def text(self, status: SessionStatus) -> str:
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        if status is not SessionStatus.RUNNING or ended <= began or not first:
            return ""
        times = (last - first) / 1e9 / (ended - began)
        return f"{times:,.0f}x" if times >= 10 else f"{times:.1f}x"


def _fit(parts: list[tuple[int, str]], width: int) -> str:
    """The pieces side by side, without those that give way first."""
    while True:
        line = "  ".join(text for _, text in parts)
        if len(line) <= width or len(parts) == 1:
            return line[:width]
        worst = max(rank for rank, _ in parts)
        index = max(i for i, (rank, _) in enumerate(parts) if rank == worst)
        parts = parts[:index] + parts[index + 1 :]
