"""How sure a fill is: a grade by rule, from its evidence alone.

A, shown: the data itself shows that the order would have traded so.  It took what a quote or a
level showed, at that price and no more of it; or somebody came to its resting limit, or traded
beyond it, which price priority does not allow without it, or with an order at its price that came
later (in a book that tells every order), which time priority does not.
B, modelled: a model with a stated assumption decided when, or at what price: the place in a queue,
or slippage.  Also what was taken from a book that had not begun with a snapshot.
C, assumed: the data does not show what it traded against.  Bars; takers on prints, who are given
what others traded; a print at the limit, or a quote with it on its own side, where that is enough;
a quote or book that was too old.
"""

from __future__ import annotations

from offbook.domain.named import Named
from offbook.domain.orders import Liquidity
from offbook.domain.records import OrderFilled
from offbook.engine.models.queues import Exact
from offbook.engine.venue.matching_quotes import QUOTE_TOUCHES


class Grade(Named):
    """How much of a fill the data shows; see the module."""

    A = "A"
    B = "B"
    C = "C"


def grade_of(record: OrderFilled) -> Grade:
    """The grade of a fill."""
    evidence = record.evidence
    if evidence.ts_open is not None or evidence.stale_ns is not None:
        return Grade.C
    if evidence.trade_px is not None:
        return _of_print(record)
    if evidence.rule in QUOTE_TOUCHES:
        return Grade.C
    modelled = evidence.base_px is not None or evidence.book_incomplete
    return Grade.B if modelled else Grade.A


def _of_print(record: OrderFilled) -> Grade:
    evidence = record.evidence
    if evidence.queue_ahead is not None:
        told = evidence.model == Exact.name and evidence.trade_order_id is not None
        return Grade.A if told and not evidence.book_incomplete else Grade.B
    if record.liquidity is Liquidity.REMOVED or evidence.trade_px == record.last_px:
        return Grade.C
    return Grade.B if evidence.book_incomplete else Grade.A
