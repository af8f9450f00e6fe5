"""The host of a strategy that sees the market late: its clock is not session time."""

from __future__ import annotations

from collections.abc import Callable

from offbook.engine.desk.desk import OrderDesk
from offbook.engine.desk.list_desk import ListDesk
from offbook.engine.kernel import Kernel
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.market.history import Histories
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.strategy import Strategy


class LateHost(StrategyHost):
    """A host whose strategy reads a clock of its own."""

    @property
    def now(self) -> int:
        """The strategy's clock, ns UTC, which may be ahead of session time."""
        return self._kernel.clock.at(self._kernel.now)


def host_for(
    strategy: Strategy | None,
    kernel: Kernel,
    desk: OrderDesk,
    lists: ListDesk,
    history: Histories,
    built: BuiltBars,
    on_failure: Callable[[str], None],
) -> StrategyHost | None:
    """The host of a strategy, if there is one, that goes with how late it sees the market: one that
    sees it at once pays for no second clock."""
    if strategy is None:
        return None
    kind = LateHost if kernel.config.venue.latency.shows_late else StrategyHost
    return kind(kernel, desk, lists, history, built, strategy, on_failure)
