"""The lines of raw captures of a venue's websocket: what came, and when it was received if that was
written before it.

A line is the message as JSON; before it may stand the time of receipt, in ns since 1970 and a
space, as hftbacktest writes it, or in seconds and a colon, as cryptofeed does.  cryptofeed's lines
of what was sent, and by which address, are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from offbook.adapters.brokers.replay.opening import DAMAGED, opened
from offbook.domain.errors import BadMarketData, GatewayUnavailable, system_reason

_NS: Final = re.compile(rb"(\d{19}) (?=[{\[])")
_SECONDS: Final = re.compile(rb"(\d{10})(?:\.(\d{1,9}))?: (?=[{\[])")
_ABOUT: Final = re.compile(rb"\w+://\S+ (<->|<-|->) ")
_JSON: Final = b"{["


class Line(NamedTuple):
    """One message: its line (from 1), when it was received (ns), and its text."""

    number: int
    received: int | None
    text: bytes


def line_of(number: int, raw: bytes) -> Line | None:
    """A line of a file, None where it holds no message. Raises ValueError for another."""
    if (match := _NS.match(raw)) is not None:
        return Line(number, int(match[1]), raw[match.end() :])
    if (match := _SECONDS.match(raw)) is not None:
        fraction = (match[2] or b"0").ljust(9, b"0")
        return Line(number, int(match[1]) * 10**9 + int(fraction), raw[match.end() :])
    if raw[:1] and raw[:1] in _JSON:
        return Line(number, None, raw)
    if raw.strip() and _ABOUT.match(raw) is None:
        raise ValueError("there is no message as JSON")
    return None


def lines(path: Path) -> Iterator[Line]:
    """Those of a capture, packed or not.

    Raises BadMarketData (a line that is none, a damaged gzip file) and GatewayUnavailable (it
    cannot be read).
    """
    number = 0
    try:
        with opened(path) as file:
            for number, raw in enumerate(file, start=1):
                if (line := line_of(number, raw)) is not None:
                    yield line
    except ValueError as error:
        raise BadMarketData(
            f"{path}, line {number}: {error}; expected the venue's message, with the time of "
            "receipt before it (ns and a space, or seconds and a colon) if that is known. Mend the "
            "file",
            file=str(path),
            row=number,
            reason="unreadable",
        ) from None
    except DAMAGED:
        raise BadMarketData(
            f"{path} is a damaged gzip file after line {number}, cut off or changed; fetch "
            "it again or pack it anew",
            file=str(path),
            row=number + 1,
            reason="unreadable",
        ) from None
    except OSError as error:
        told = system_reason(error)
        raise GatewayUnavailable(f"{path} cannot be read: {told}", market=str(path)) from None
