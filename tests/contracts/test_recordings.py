"""Every implementation of ``IMarketRecordings`` passes its contract."""

from pathlib import Path

import pytest

from offbook.adapters.recordings.files import FileRecordings
from offbook.ports.recordings import IMarketRecordings
from offbook.testing.contracts.recordings import RecordingsContract
from offbook.testing.memory_recordings import InMemoryRecordings


class TestInMemory(RecordingsContract):
    """Those for tests."""

    @pytest.fixture(autouse=True)
    def made(self) -> None:
        """One place for a test."""
        self.place = InMemoryRecordings()

    def recordings(self, tmp_path: Path) -> IMarketRecordings:
        return self.place


class TestFiles(RecordingsContract):
    """Those on disk."""

    def recordings(self, tmp_path: Path) -> IMarketRecordings:
        return FileRecordings(tmp_path / "recordings")
