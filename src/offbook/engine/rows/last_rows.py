"""The last row of each source, as an engine knows it that comes from a snapshot or a keyframe."""

from __future__ import annotations

from offbook.engine.events.restating import restate_known
from offbook.engine.kernel import Kernel
from offbook.engine.market.history import Histories
from offbook.engine.rows.rows import Row


def know_last_rows(kernel: Kernel, history: Histories, taken: int) -> list[Row]:
    """Know the last row of each source, and the last of all, among those at positions below
    ``taken``, from the histories; in order."""
    assert kernel.market is not None
    rows: list[Row] = []
    for number, source in enumerate(kernel.market.sources):
        for row in history.last_of(number, 1, taken):
            rows.append(row)
            kernel.saw(source, row)
    rows.sort(key=lambda row: row.row)
    kernel.last = rows[-1] if rows else None
    if kernel.ledger.events.restated:
        restate_known(kernel)
    return rows
