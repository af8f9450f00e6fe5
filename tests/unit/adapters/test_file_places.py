"""Bytes at a place of a file: all of them, wherever it stood before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from offbook.adapters.file_places import BINARY, read_at, sync_directory, write_at


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "rows", os.O_RDWR | os.O_CREAT | BINARY, 0o600)
    yield opened
    os.close(opened)


def test_what_is_read_is_what_lies_there(descriptor: int) -> None:
    """Past the end there is nothing."""
    write_at(descriptor, b"abcdef", 0)
    write_at(descriptor, b"XY", 2)
    assert [read_at(descriptor, size, at) for size, at in ((2, 2), (6, 0), (9, 4), (1, 6))] == [
        b"XY", b"abXYef", b"ef", b"",
    ]  # fmt: skip


def test_a_system_that_writes_less_than_it_is_given_is_asked_again(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda to, raw: write(to, raw[:3]))
    write_at(descriptor, b"0123456789", 5)
    assert read_at(descriptor, 20, 0) == bytes(5) + b"0123456789"


def test_a_directory_that_is_gone_is_told_of(tmp_path: Path) -> None:
    sync_directory(tmp_path)
    with pytest.raises(OSError, match="gone"):
        sync_directory(tmp_path / "gone")
