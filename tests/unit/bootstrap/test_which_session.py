"""Which session a reference names."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from offbook import bootstrap
from offbook.domain.errors import InvalidInput


def test_of_many_that_are_meant_the_newest_few_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store may hold thousands; what is said stays a line."""
    sessions = [
        SimpleNamespace(session=SimpleNamespace(id=f"01a2-{i:03d}", config=SimpleNamespace(name=n)))
        for i, n in enumerate(["mine", "mine", *[None] * 298])
    ]

    async def listed(_: Path) -> SimpleNamespace:
        return SimpleNamespace(sessions=sessions, unreadable=())

    monkeypatch.setattr(bootstrap, "list_stored", listed)
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(bootstrap.find_stored(tmp_path, "01a2"))
    newest = ", ".join(f"01a2-{i}" for i in range(295, 300))
    assert caught.value.message == (
        f"01a2 is the beginning of {newest}, and 295 more: write more of an id"
    )
    with pytest.raises(InvalidInput, match="mine is the name of 01a2-000, 01a2-001: name one of"):
        asyncio.run(bootstrap.find_stored(tmp_path, "mine"))
