"""``offbook why``: what stood between a strategy and a fill at a moment."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from offbook.bootstrap import explain_stored, find_stored
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, paint
from offbook.domain.calendars import DAY_NS
from offbook.domain.errors import InvalidInput
from offbook.domain.session import PaperTradingSession
from offbook.services.explaining.gates import Explanation, GateState
from offbook.services.reporting.formatting import clock, iso

_MARKS: Final = {
    GateState.OPEN: ("open", "green"),
    GateState.SHUT: ("SHUT", "red"),
    GateState.TOLD: ("", ""),
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\Z")


def explain_session(shell: Shell, reference: str, at: str | None) -> int:
    """Print the explanation; 0."""
    session, found = run_async(shell, _explain(shell, reference, at))
    if shell.json:
        document: dict[str, Any] = msgspec.to_builtins(found)
        document["time"] = iso(found.ts)
        shell.document(document)
        return 0
    _print(shell, session, found)
    return 0


async def _explain(
    shell: Shell, reference: str, at: str | None
) -> tuple[PaperTradingSession, Explanation]:
    listed = await find_stored(shell.data_dir, reference)
    moment = None if at is None else parse_moment(at, listed.session.cursor.ts)
    return listed.session, await explain_stored(listed.session, listed.store, moment)


def _print(shell: Shell, session: PaperTradingSession, found: Explanation) -> None:
    name = session.config.name or session.id
    shell.say(f"{name} at {clock(found.ts)} UTC, after {found.row:,} rows")
    shell.say(f"  {found.answer}")
    shell.say("")
    width = max(len(gate.name) for gate in found.gates)
    for gate in found.gates:
        mark, style = _MARKS[gate.state]
        shown = paint(f"{mark:<4}", style, sys.stdout) if style else " " * 4
        shell.say(f"  {shown}  {gate.name:<{width}}  {gate.text}")


def parse_moment(text: str, end: int) -> int:
    """Session time in ns UTC from what people write: ns as an integer, ISO 8601 (UTC unless it
    says otherwise), or a time of day, which is the last such time not after ``end``.

    Raises InvalidInput.
    """
    if text.isdecimal() and 10 < len(text) < 20:
        return int(text)
    of_day = _TIME_OF_DAY.match(text) is not None
    day = (_EPOCH + timedelta(seconds=end // 10**9)).date()
    whole = f"{day.isoformat()}T{'0' if text[1] == ':' else ''}{text}" if of_day else text
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        raise InvalidInput(
            f"--at {text!r}: write a time such as 14:30:05, 2024-08-08T23:55:00 or ns since 1970",
            field="at",
        ) from None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    ts = (aware - _EPOCH) // timedelta(microseconds=1) * 1000
    return ts - DAY_NS if of_day and ts > end else ts
