"""The live screen of ``offbook run``: price with fills, account, working orders, last events.

It looks a few times a second and asks for the newest records alone, so that the session pays
nothing that grows with its rows.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from rich.console import Console
from rich.live import Live

from offbook.cli.capture import Capture
from offbook.cli.chart import Mark, Trace
from offbook.cli.panels import Scene, event_line, screen
from offbook.cli.progress import Pace
from offbook.cli.shell import Shell, shows_color
from offbook.domain.errors import OffbookError
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderView
from offbook.domain.records import OrderFilled, Record, SessionAttached
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.messages import Progress
from offbook.services.paper_trading.reading import SessionReading

LOOK_SECONDS: Final = 0.25
OPEN_AFTER_SECONDS: Final = 0.4
"""A session that is over sooner is not worth a screen."""

LEAST_COLUMNS: Final = 60
LEAST_LINES: Final = 12
_TAIL: Final = 100
_ORDERS_PER_SECOND: Final = 500
"""So many orders are looked through each second: asking for them costs the session their number."""

_SAID_MAX: Final = 100
_MARKS_MAX: Final = 400
_LEAVE_SCREEN: Final = "\x1b[?1049l\x1b[?25h"
_ON_LAST_LINE: Final = "\x1b7\x1b[999;1H\x1b[2K{}\x1b8"


def fits(shell: Shell) -> bool:
    """Whether there is a terminal for it, and nobody asked for less."""
    if shell.quiet or shell.json or shell.verbose or not shows_color(sys.stderr):
        return False
    size = _size()
    is_unicode = (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"
    return is_unicode and size[0] >= LEAST_COLUMNS and size[1] >= LEAST_LINES


class Dashboard:
    """Draws one session. What is said while it is shown stands among its events, and what is worth
    keeping is said again once it is gone."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._console = Console(file=sys.stderr, highlight=False)
        self._live: Live | None = None
        self._capture = Capture(self._add)
        self._began: float | None = None
        self._looked = 0.0
        self._pace = Pace()
        self._prices: dict[str, Trace] = {}
        self._marks: dict[str, list[Mark]] = {}
        self._equity = Trace()
        self._instruments: dict[str, Instrument] = {}
        self._seen = 0
        self._said: list[str] = []
        self._lasting: list[str] = []
        self._orders: Sequence[OrderView] = ()
        self._orders_asked = 0.0
        self._asking: asyncio.Task[tuple[OrderView, ...]] | None = None
        self._scene: Scene | None = None

    async def watch(
        self,
        reading: SessionReading,
        session: PaperTradingSession,
        progress: Progress,
        more: int = 0,
    ) -> None:
        """Look and draw, unless that was just done."""
        now = time.monotonic()
        self._began = self._began or now
        changed = self._scene is None or self._scene.progress.status is not progress.status
        self._take(progress)
        if now - self._looked < LOOK_SECONDS and not changed:
            return
        self._looked = now
        self._pace.note(progress.now)
        with suppress(OffbookError):  # a store that does not answer is read on once it does
            await self._read_tail(reading, session.id)
        self._ask_orders(reading, session.id, progress, now)
        self._scene = Scene(
            session=session,
            progress=progress,
            pace=self._pace.text(progress.status),
            prices=self._prices,
            equity=self._equity,
            marks=self._marks,
            orders=self._orders,
            said=self._said,
            more=more,
        )
        if self._live is None and now - self._began >= OPEN_AFTER_SECONDS:
            self._open()
        self._draw()

    def say(self, text: str, *, passing: bool = False) -> None:
        """A line among the events; unless it is ``passing`` it is told again afterwards."""
        if self._live is None:
            self._shell.note(text)
            return
        for line in text.splitlines():
            self._add(line)
        if not passing:
            self._lasting.append(text)
        # Said also by a thread that watches while the loop stands still.
        self._draw()

    def shout(self, text: str) -> None:
        """From a signal handler, past whatever is being written."""
        if self._live is None:
            os.write(2, f"{text}\n".encode())
            return
        self._said.append(text)
        os.write(2, _ON_LAST_LINE.format(text).encode())

    def leave(self, text: str) -> None:
        """The process ends now, in a signal handler: give the terminal back, and say so."""
        before = ""
        if self._live is not None:
            before = _LEAVE_SCREEN + self._capture.text()
        os.write(2, f"{before}{text}\n".encode())

    def clear(self) -> None:
        """Give the terminal back, and tell what is worth keeping."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        live, self._live = self._live, None
        if live is None:
            return
        live.stop()
        self._capture.close()
        for text in self._lasting:
            self._shell.note(text)
        self._lasting.clear()

    def _open(self) -> None:
        self._live = Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        self._capture.open()

    def _draw(self) -> None:
        if self._live is not None and self._scene is not None:
            columns, lines = self._console.size = _size()
            self._live.update(screen(self._scene, columns, lines), refresh=True)

    def _add(self, line: str) -> None:
        self._said.append(line)
        if len(self._said) > _SAID_MAX:
            del self._said[:-_SAID_MAX]

    def _take(self, progress: Progress) -> None:
        for symbol, text in progress.prices.items():
            self._prices.setdefault(symbol, Trace()).add(progress.now, float(text))
        if progress.summary is not None:
            self._equity.add(progress.now, float(progress.summary.equity.decimal))

    async def _read_tail(self, reading: SessionReading, session_id: str) -> None:
        """Take the newest records in; those in between, when there are many, are not looked at."""
        last = (await reading.get_session(session_id)).last_seq
        if not self._instruments and last:
            await self._records(reading, session_id, 0)
        if last > self._seen:
            await self._records(reading, session_id, max(self._seen, last - _TAIL))

    async def _records(self, reading: SessionReading, session_id: str, after: int) -> None:
        page, _ = await reading.next_events(session_id, after)
        for seq, record in page:
            if seq > self._seen:
                self._seen = seq
                self._record(record)

    def _record(self, record: Record) -> None:
        if isinstance(record, SessionAttached):
            self._instruments = {i.symbol: i for i in record.market.instruments}
        elif isinstance(record, OrderFilled) and record.symbol in self._instruments:
            price = float(self._instruments[record.symbol].price_decimal(record.last_px))
            marks = self._marks.setdefault(record.symbol, [])
            marks.append(Mark(record.ts, price, record.side.sign))
            del marks[:-_MARKS_MAX]
        line = event_line(record, self._instruments)
        if line is not None:
            self._add(line)

    def _ask_orders(
        self, reading: SessionReading, session_id: str, progress: Progress, now: float
    ) -> None:
        """Ask for the orders now and then, and take what came; nobody waits for it here."""
        summary = progress.summary
        if summary is None or not summary.open_orders:
            self._orders = ()
            return
        if self._asking is not None:
            if not self._asking.done():
                return
            done, self._asking = self._asking, None
            if not done.cancelled() and done.exception() is None:
                self._orders = done.result()
        is_still = progress.status is SessionStatus.PAUSED and self._orders
        pause = max(1.0, summary.orders / _ORDERS_PER_SECOND)
        if not is_still and now - self._orders_asked >= pause:
            self._orders_asked = now
            self._asking = asyncio.create_task(_orders(reading, session_id), name="orders to show")


def _size() -> tuple[int, int]:
    """Columns and lines as they now are, whatever the environment says they once were."""
    try:
        columns, lines = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return 0, 0
    return columns, lines


async def _orders(reading: SessionReading, session_id: str) -> tuple[OrderView, ...]:
    try:
        return await reading.orders(session_id)
    except OffbookError:
        return ()  # the session came to its end meanwhile, which is told elsewhere
