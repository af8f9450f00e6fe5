"""Made-up sessions on books: those on quotes, with a book for each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
from tests.properties.market_cases import Setup, pick_setup
from tests.properties.row_cases import Move
from tests.properties.sources import Source
from tests.properties.step_cases import Rows, Send, Step, pick_step

from offbook.domain.config import (
    BookStart,
    FifoQueue,
    LatencyConfig,
    LimitFill,
    ProbabilisticQueue,
    ProRataQueue,
    QueueFormula,
    RiskConfig,
)
from offbook.domain.market_data import DataKind
from offbook.domain.orders import OrderSide, TimeInForce

MODELS = (
    FifoQueue(),
    FifoQueue(),
    ProbabilisticQueue(),
    ProbabilisticQueue(formula=QueueFormula.LOG),
    ProRataQueue(),
)


def pick_setup_on_books(source: Source) -> Setup:
    """A session's setup, the first instrument of which has a book."""
    setup = pick_setup(source)
    while DataKind.QUOTES not in setup.kinds:
        setup = pick_setup(source)
    return on_books(source, setup)


def on_books(source: Source, setup: Setup) -> Setup:
    """A setup with books where it had quotes."""
    kind, prints = source.pick([DataKind.DEPTH, DataKind.ORDERS]), source.pick([True, False])
    prints = prints and kind is DataKind.DEPTH
    parts = [
        replace(part, kinds=_kinds(part, kind, prints=prints), others=()) for part in setup.parts
    ]
    plain = [part for part in parts if kind not in part.kinds]
    venue = msgspec.structs.replace(
        setup.venue,
        queue=source.pick(MODELS) if kind is DataKind.DEPTH else None,
        book_start=source.pick([BookStart.SNAPSHOT, *BookStart]),
        limit_fill=setup.venue.limit_fill if plain else LimitFill.THROUGH,
    )
    listener = setup.listener
    if listener not in {None, "on_start"}:
        listener = "on_" + "_".join(one.value for one in parts[0].kinds)
    account, risk = setup.account, setup.risk
    if source.pick([True, False]):  # nothing but the market says no, and nothing travels
        venue = msgspec.structs.replace(venue, latency=LatencyConfig(entry_ns=0, response_ns=0))
        account = msgspec.structs.replace(
            account, initial_cash=f"{Decimal(account.initial_cash) * 1000:f}"
        )
        risk = RiskConfig()
    first, *others = (
        replace(part, venue=venue, listener=listener, account=account, risk=risk) for part in parts
    )
    return replace(first, others=tuple(others))


def _kinds(part: Setup, book: DataKind, *, prints: bool) -> tuple[DataKind, ...]:
    """With a book instead of quotes, and with prints beside it."""
    kinds = tuple(book if kind is DataKind.QUOTES else kind for kind in part.kinds)
    return (*kinds, DataKind.TRADES) if prints and kinds == (book,) else kinds


def pick_step_on_books(source: Source) -> Step:
    """One step; prices mostly stay where they are, and many orders at market, or far away, are
    limits at the best prices, where they queue."""
    step = pick_step(source)
    calm, away = source.pick([True, True, False]), source.pick([0, 0, 0, 1, 2])
    if not calm:
        return step
    if isinstance(step, Rows):
        return Rows(tuple(map(_calmed, step.moves)))
    if not isinstance(step, Send) or source.pick([False, False, True]):
        return step
    display = step.display if step.price is not None and not step.wait else 0
    return replace(
        step,
        price=-away if step.side is OrderSide.BUY else away + 1,
        qty=step.qty % 9 + 1,
        odd=0,
        wait="",
        tif=TimeInForce.GTC,
        hidden=step.hidden and display == 0,
        display=display,
        least=0,
        peg="",
        reduce_only=False,
        name="new",
        flaw="",
        when=max(step.when, 0) % 5,
    )


def _calmed(move: Move) -> Move:
    """At most a tick away, and mostly not at all; large prints are at the best prices."""
    shift = move.shift if abs(move.shift) == 1 else 0
    return replace(move, shift=shift, reach=move.reach % 2 if move.size > 3 else move.reach)
