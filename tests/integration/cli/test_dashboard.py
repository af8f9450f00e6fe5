"""The live screen of ``offbook run``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer, recording

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from tests.integration.cli.terminal import CTRL_C, Terminal

Program = Callable[..., Answer]
LONG = ("run", "loud.py:Loud", "--data", "quotes.csv", "--speed", "300")
OPEN, CLOSE, HOME = "\x1b[?1049h", "\x1b[?1049l", "\x1b[H"
STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
LOUD = """\
from mine import Flip
from offbook import Strategy


class Loud(Flip):
    def on_fill(self, fill):
        print("printed at", fill.last_px)

    def on_quote(self, quote):
        self.seen += 1
        if self.seen == 1:
            self.buy("XYZUSDT", "1", price="50")
        elif self.seen % 50 == 25:
            self.buy("XYZUSDT", "1")
        elif self.seen % 50 == 0:
            self.close("XYZUSDT")


class Chatty(Strategy):
    def on_quote(self, quote):
        print("printed at", quote.bid)


class HangsLater(Strategy):
    def on_quote(self, quote):
        while quote.row > 300: pass
"""


@pytest.fixture(autouse=True)
def long(folder: Path) -> None:
    """A recording that lasts longer than anybody looks, and a strategy that prints."""
    (folder / "quotes.csv").write_text(recording(20_000))
    (folder / "loud.py").write_text(LOUD)


def frame(terminal: Terminal, *, until: str) -> list[str]:
    """The lines of the next whole screen that shows a text."""
    while True:
        terminal.until(HOME)
        text = terminal.until(HOME).removesuffix(HOME)
        if until in text:
            return STYLE.sub("", text).split("\r\n")


def test_it_fills_a_terminal_of_80_by_24_and_follows_its_size() -> None:
    """Price with its fills, account, position, working orders, events, time, speed and keys."""
    asked = ("--dashboard",)  # a flag wins over what is configured
    configured = {"OFFBOOK_CLI__DASHBOARD": "false"}
    with Terminal(*LONG, *asked, columns=80, lines=24, **configured) as terminal:
        terminal.until(OPEN)
        seen = frame(terminal, until="order filled")
        assert len(seen) == 24
        assert max(map(len, seen)) <= 80
        text = "\n".join(seen)
        for told in (
            "RUNNING  Loud on XYZUSDT",
            "2024-01-02 14:",
            "speed 300",
            "equity 9",
            "position ",
            "1 working",
            "working buy 1 XYZUSDT limit at 50.00",
            "order filled buy 1 XYZUSDT at 100.",
            "p pause, r resume, s stop, + faster, - slower",
        ):
            assert told in text
        assert re.search("[▲▼]", text)
        assert re.search("[⠁-⣿]", text)
        terminal.resize(100, 30)
        while len(grown := frame(terminal, until="RUNNING")) == 24:
            pass
        assert len(grown) == 30
        terminal.press("p")
        frame(terminal, until="PAUSED")
        terminal.press("+")
        frame(terminal, until="speed: 600")
        terminal.press("s")
        assert terminal.ended() == 0
        assert terminal.is_canonical


def test_what_is_printed_waits_until_the_screen_is_gone() -> None:
    """It is seen among the events, and whole afterwards, before the report."""
    words = ("run", "loud.py:Chatty", *LONG[2:])
    with Terminal(*words, columns=80, lines=24) as terminal:
        terminal.until(OPEN)
        frame(terminal, until=" printed at 10")
        terminal.press("s")
        assert terminal.ended() == 0
    shown, _, after = terminal.seen.partition(OPEN)[2].partition(CLOSE)
    assert CLOSE not in after
    assert "\nprinted at" not in shown
    assert after.index("printed at 100.0") < after.index("STOPPED")


@pytest.mark.parametrize(
    ("words", "environment", "columns"),
    [
        (("--no-dashboard",), {}, 80),
        ((), {"NO_COLOR": "1"}, 80),
        ((), {}, 50),
    ],
)
def test_it_stays_away_where_it_is_not_wanted(
    words: tuple[str, ...], environment: dict[str, str], columns: int
) -> None:
    """The plain line tells how far it is, and what is printed comes at once."""
    with Terminal(*LONG, *words, columns=columns, lines=24, **environment) as terminal:
        terminal.until("RUNNING")
        terminal.until("printed at")
        terminal.press("s")
        assert terminal.ended() == 0
    assert OPEN not in terminal.seen


def test_leaving_a_session_that_hangs_gives_the_terminal_back() -> None:
    """What hangs is shown while the loop stands still; the second Ctrl-C leaves the screen too."""
    words = ("run", "loud.py:HangsLater", "--data", "quotes.csv", "--speed", "200")
    with Terminal(*words, columns=80, lines=24) as terminal:
        terminal.until(OPEN)
        terminal.until("does not return")
        terminal.until("while quote.row > 300:")
        terminal.press(CTRL_C)
        terminal.until("Ctrl-C again leaves at once")
        terminal.press(CTRL_C)
        terminal.until(CLOSE)
        terminal.until("left at once")
        assert terminal.ended() == 130
        assert terminal.is_canonical
