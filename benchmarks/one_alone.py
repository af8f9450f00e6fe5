"""One session out of many, drawn at random, is run again alone and compared byte by byte.

Most of them sleep all the time, so that what is shared is little tried by them.  More happens to
some before: they join within a minute and trade on bars that others had built, they are given
orders, pauses and resumes from outside, they fall behind and leave out rows.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from offbook.domain import commands as c
from offbook.domain.market_data import Bar, Quote
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, ReplaceRequest
from offbook.domain.records import CommandTaken, OrderFilled, OrderSubmitted, Record, decode_record
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.verification import ReplayOutcome

if TYPE_CHECKING:
    from bench_many_sessions import Setting

LIMITS: Final = Limits(lag_rows=256, ahead_records=64)
"""Who has made so many records that are not stored waits; who is so many rows behind then leaves
them out."""
TURNS: Final = 20
"""Of the event loop, in which rows are taken by those who can."""
BEHIND: Final = 1_000
A_MINUTE: Final = 600
"""Quotes to a minute."""
ROWS: Final = 10 * A_MINUTE
"""How many more rows all of it needs at most."""


class LimitAtLow(Strategy):
    """Sends a limit at the low of each minute, so that its records tell what the minute was."""

    def on_start(self) -> None:
        self.subscribe_bars("XYZ", "1m")

    def on_bar(self, bar: Bar) -> None:
        self.buy("XYZ", 1, price=f"{bar.low:.2f}")


class EachTenth(Strategy):
    """Buys at each tenth quote."""

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: Quote) -> None:
        self.seen += 1
        if self.seen % 10 == 0:
            self.buy("XYZ", 1)


class SomeApart:
    """Sessions of one setting to which more happens."""

    def __init__(self, setting: Setting, *, each: int = 3) -> None:
        """``each`` is how many of a kind there are."""
        self._setting = setting
        self._each = each
        self._held: set[str] = set()
        self._released = asyncio.Event()
        self.of_kind: dict[str, list[str]] = {"any": list(setting.ids)}
        """The sessions by what happens to them."""

    async def happen(self) -> None:
        """All of it; the market goes on meanwhile by ``ROWS`` rows at most."""
        await self._join()
        await self._command()
        await self._fall_behind()

    async def _join(self) -> None:
        """Some are asked to join in the middle of a minute of which others have built the bar."""
        setting, first = self._setting, len(self._setting.ids)
        await setting.start(self._each, LimitAtLow)
        await self._go_to(A_MINUTE // 2)
        await setting.start(self._each, LimitAtLow)
        await self._go_to(A_MINUTE // 3)
        self.of_kind["joined within a minute"] = setting.ids[first + self._each :]

    async def _command(self) -> None:
        manager, chosen = (
            self._setting.manager,
            random.SystemRandom().sample(self.of_kind["any"], self._each),
        )
        for name in chosen:
            await manager.pause_session(name)
            await manager.resume_session(name)
            await manager.submit_order(name, _order("1"))
            await manager.submit_order(name, _order("2", price="1.00"))
        await self._go_to(A_MINUTE // 2)
        for name in chosen:
            resting = (await manager.orders(name))[-1].client_order_id
            await manager.replace_order(name, resting, ReplaceRequest(price="2.00"))
        await self._go_to(A_MINUTE // 3)
        self.of_kind["given commands"] = chosen

    async def _fall_behind(self) -> None:
        """What some have made is not stored for as long as many rows come."""
        setting, first = self._setting, len(self._setting.ids)
        await setting.start(self._each, EachTenth)
        slow = setting.ids[first:]
        setting.repository.hook = self._hold
        await self._go_to(A_MINUTE // 2)
        self._held.update(slow)
        begin = setting.pushed
        for row in range(begin, begin + BEHIND, 50):
            setting.push(row, row + 50)
            for _ in range(TURNS):
                await asyncio.sleep(0)
        self._released.set()
        await setting.followed()
        await self._go_to(A_MINUTE // 3)
        setting.repository.hook = None
        self.of_kind["fell behind"] = slow

    async def _hold(self, operation: str, phase: str, session_id: str) -> None:
        if operation == "save" and phase == "before" and session_id in self._held:
            await self._released.wait()

    async def _go_to(self, place: int) -> None:
        """Let rows come up to so many of the next minute."""
        setting = self._setting
        setting.push(setting.pushed, (setting.pushed // A_MINUTE + 1) * A_MINUTE + place)
        await setting.followed()

    async def verified(self) -> list[str]:
        """A line for one drawn of each kind, run again alone. Ends the program where one differs,
        or where nothing has happened to it."""
        lines = []
        for kind, names in self.of_kind.items():
            name = random.SystemRandom().choice(names)
            await self._require(kind, name)
            lines.append(
                f"one of {len(names):,} ({kind}) alone: {await alone(self._setting, name)}"
            )
        return lines

    async def _require(self, kind: str, name: str) -> None:
        records = await self._records(name)
        told: dict[str, type[Record]] = {
            "joined within a minute": OrderSubmitted,
            "given commands": OrderFilled,
            "fell behind": OrderFilled,
        }
        happened = kind not in told or any(isinstance(one, told[kind]) for one in records)
        taken = [one.command for one in records if isinstance(one, CommandTaken)]
        if kind == "fell behind":
            happened = happened and any(isinstance(one, c.SkipRows) for one in taken)
        if not happened:
            raise SystemExit(f"session {name}: nothing has happened to it ({kind})")

    async def _records(self, name: str) -> list[Record]:
        repository = self._setting.repository
        last = (await repository.get(name)).last_seq
        stored = await repository.read_journal(name, after_seq=0, limit=last)
        return [decode_record(one.raw) for one in stored]


async def alone(setting: Setting, name: str) -> str:
    """Stop a session, if it runs, and run it again by itself; what that found, as text. Ends the
    program where it is not the same."""
    if (await setting.manager.get_session(name)).status is SessionStatus.RUNNING:
        await setting.manager.stop_session(name)
    found = await setting.manager.verify(name)
    if found.outcome is not ReplayOutcome.EQUAL:
        raise SystemExit(f"session {name}: {found}")
    return f"{name}: {found.outcome.value}, {found.records} records"


def _order(name: str, *, price: str | None = None) -> OrderRequest:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    return OrderRequest(
        symbol="XYZ",
        side=OrderSide.BUY,
        order_qty="1",
        order_type=kind,
        price=price,
        client_order_id=f"outside-{name}",
    )
