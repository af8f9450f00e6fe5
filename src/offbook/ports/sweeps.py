"""Where a sweep's results are kept, and who runs its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from offbook.domain.sweeps import CellResult, CellTask


@runtime_checkable
class ISweepBook(Protocol):
    """The results of one sweep, kept for the next time that it is run."""

    def results(self) -> Mapping[str, CellResult]:
        """All results by the id of their session, in the order in which they were put down."""

    def put(self, result: CellResult) -> None:
        """Put a result down, durably; again replaces it. Raises StorageUnavailable."""


@runtime_checkable
class ICellWorker(Protocol):
    """Runs cells, one at a time."""

    async def run(self, task: CellTask) -> CellResult:
        """Run a cell's session to its end, or carry on what is there of it.

        What fails of the cell alone is in the result.  Raises WorkerLost when the worker is gone:
        the cell may be run again by another with the same slot.  What else is raised concerns the
        whole sweep: SweepConflict (strategy or data are not what they were), BadMarketData,
        GatewayUnavailable, StorageUnavailable, StoreOwned.  A caller that is cancelled closes the
        worker next.
        """

    async def close(self) -> None:
        """Let the worker end; a cell under way is suspended, to be carried on later.

        One that does not end within seconds is killed.  Doing it twice is allowed.
        """
