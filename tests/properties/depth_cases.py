"""Made-up sessions on books: those on quotes, with a book for each."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from tests.properties.market_cases import Setup, pick_setup
from tests.properties.sources import Source

from offbook.domain.config import (
    FifoQueue,
    LimitFill,
    ProbabilisticQueue,
    ProRataQueue,
    QueueFormula,
)
from offbook.domain.market_data import DataKind

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
    parts = [replace(part, kinds=_kinds(part), actions=(), others=()) for part in setup.parts]
    plain = [part for part in parts if DataKind.DEPTH not in part.kinds]
    venue = msgspec.structs.replace(
        setup.venue,
        queue=source.pick(MODELS),
        limit_fill=setup.venue.limit_fill if plain else LimitFill.THROUGH,
    )
    listener = setup.listener and setup.listener.replace("quotes", "depth")
    first, *others = (replace(part, venue=venue, listener=listener) for part in parts)
    return replace(first, others=tuple(others))


def _kinds(part: Setup) -> tuple[DataKind, ...]:
    book = {DataKind.QUOTES: DataKind.DEPTH}
    return tuple(book.get(kind, kind) for kind in part.kinds)
