"""A sweep's book in memory, which keeps the same contract as the one on disk."""

from __future__ import annotations

from collections.abc import Mapping

from offbook.domain.sweeps import CellResult


class InMemorySweepBook:
    """An ``ISweepBook`` that is gone with its process."""

    def __init__(self) -> None:
        self._results: dict[str, CellResult] = {}

    def results(self) -> Mapping[str, CellResult]:
        """All results by session."""
        return dict(self._results)

    def put(self, result: CellResult) -> None:
        """Put a result down; again replaces it."""
        self._results[result.session_id] = result
