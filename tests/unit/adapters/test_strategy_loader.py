"""Strategies are found by name, and known by the text that was loaded."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from offbook.adapters.strategy_loader import load_strategy
from offbook.domain.errors import InvalidStrategy

TEXT = (
    "from __future__ import annotations\n"
    "import beside\n"
    "from offbook import Strategy\n"
    "class Mine(Strategy):\n"
    "    n: int = beside.NUMBER\n"
)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A strategy's file, and a module beside it that it imports."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "beside.py").write_text("NUMBER = 3\n")
    path = tmp_path / "mine.py"
    path.write_text(TEXT)
    return path


def test_a_file_gives_its_class_and_the_digest_of_its_text(mine: Path) -> None:
    """What lies beside the file can be imported, as when Python runs it."""
    loaded = load_strategy(f"{mine}:Mine")
    assert loaded.strategy.parameters()["n"].default == 3
    assert loaded.source == hashlib.sha256(TEXT.encode()).hexdigest()


def test_line_ends_do_not_change_the_digest(mine: Path) -> None:
    """The same text checked out on Windows is the same strategy."""
    before = load_strategy(f"{mine}:Mine").source
    mine.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert load_strategy(f"{mine}:Mine").source == before


def test_a_file_is_loaded_once_until_it_changes(mine: Path) -> None:
    """Under one private name, whatever the way to it."""
    first = load_strategy(f"{mine}:Mine")
    again = load_strategy(f"{mine.parent}/../{mine.parent.name}/mine.py:Mine")
    assert again.strategy is first.strategy
    mine.write_text(TEXT + "\n# changed\n")
    changed = load_strategy(f"{mine}:Mine")
    assert changed.strategy is not first.strategy
    assert changed.source != first.source
    assert changed.strategy.__module__ == first.strategy.__module__


def test_a_module_is_found_from_the_current_directory(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its digest is that of its file."""
    monkeypatch.chdir(mine.parent)
    monkeypatch.delitem(sys.modules, "mine", raising=False)  # another test's, in this process
    loaded = load_strategy("mine:Mine")
    assert loaded.strategy.__module__ == "mine"
    assert loaded.source == hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_file_that_failed_is_tried_afresh(mine: Path) -> None:
    """Half of a module is not kept."""
    mine.write_text(TEXT + "raise RuntimeError('half')\n")
    with pytest.raises(InvalidStrategy, match="half") as told:
        load_strategy(f"{mine}:Mine")
    assert told.value.fields["line"] == 6
    assert "RuntimeError: half" in str(told.value.fields["detail"])
    mine.write_text(TEXT)
    assert load_strategy(f"{mine}:Mine").strategy.__name__ == "Mine"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("async def on_quote(self, q): pass", "Mine.on_quote is a coroutine"),
        ("def on_bar(self, bar): yield bar", "Mine.on_bar is a generator"),
        ("def on_quot(self, q): pass", "Mine.on_quot is never called: did you mean on_quote?"),
        ("def on_orders(self, order): pass", "did you mean on_order?"),
        ("def on_Trade(self, trade): pass", "did you mean on_trade?"),
    ],
)
def test_callbacks_that_would_do_nothing_are_refused(mine: Path, line: str, words: str) -> None:
    """Such a session would run to its end and trade nothing, without a word."""
    mine.write_text(f"{TEXT}    {line}\n")
    with pytest.raises(InvalidStrategy) as caught:
        load_strategy(f"{mine}:Mine")
    assert words in caught.value.message


def test_methods_of_the_authors_own_may_begin_like_callbacks(mine: Path) -> None:
    """A name like a callback's is a helper where that one is defined too, be it by a base."""
    mine.write_text(
        f"{TEXT}    def on_bar(self, bar): self.on_bars([bar])\n"
        "class Other(Mine):\n"
        "    def on_bars(self, bars): pass\n"
        "    def on_order_filled(self, order): pass\n"
        "    def on_stopped(self): pass\n"
        "    async def on_my_own(self): pass\n"
    )
    assert load_strategy(f"{mine}:Other").strategy.__name__ == "Other"
