"""What folding an event says of positions, and of what is out of their margins."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.domain.contract_examples import CONTRACT_EXAMPLES
from tests.unit.domain.event_examples import EVENT_EXAMPLES

from offbook.domain import records as r
from offbook.domain.values import Amount
from offbook.engine.ledger.event_state import DrawnState
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import PositionState

EXAMPLES = {type(one): one for one in (*EVENT_EXAMPLES, *CONTRACT_EXAMPLES)}
OUT = DrawnState(qty=30, amount=Amount.parse("0.5"))


def folded(kind: type[Any], **changes: Any) -> LedgerState:
    """A ledger with a position of 30 XYZ, of whose margin 0.50 is out, after an event."""
    ledger = LedgerState()
    ledger.positions["XYZ"] = PositionState(
        qty=30, cost=Amount.parse("600"), realized=Amount.parse("7")
    )
    ledger.events.drawn["XYZ"] = OUT
    event = msgspec.structs.replace(EXAMPLES[kind], seq=1, postings=(), **changes)
    ledger.apply(event)
    return ledger


def test_a_position_that_is_paid_off_as_its_symbol_changes_has_realized_there() -> None:
    """No whole unit is left of it, and what the cash for the rest gained is told of the new one."""
    gone: dict[str, Any] = {
        "new_symbol": "ABC",
        "position_qty": 0,
        "position_cost": Amount(0),
        "realized": Amount.parse("-0.10"),
    }
    ledger = folded(r.PositionRestated, **gone)
    assert ledger.positions["ABC"].realized == Amount.parse("-0.10")
    assert (ledger.positions["XYZ"].qty, ledger.positions["XYZ"].cost) == (0, 0)
    assert ledger.positions["XYZ"].realized == Amount.parse("7")
    assert ledger.events.drawn == {}


def test_a_symbol_that_is_not_held_makes_no_position_of_the_new_one() -> None:
    """Nothing is left, and nothing was gained."""
    gone: dict[str, Any] = {"position_qty": 0, "position_cost": Amount(0), "realized": Amount(0)}
    assert "ABC" not in folded(r.PositionRestated, new_symbol="ABC", **gone).positions


def test_what_is_out_of_a_margin_follows_the_position() -> None:
    """The amount stays, of the quantity as it is now; also to another symbol."""
    after = DrawnState(qty=3, amount=OUT.amount)
    assert folded(r.PositionRestated).events.drawn == {"XYZ": after}
    assert folded(r.PositionRestated, new_symbol="ABC").events.drawn == {"ABC": after}


@pytest.mark.parametrize(
    ("kind", "changes", "stays"),
    [
        (r.PositionDelisted, {}, False),
        (r.PositionSettled, {"symbol": "XYZ", "expired": True, "position_qty": 0}, False),
        (r.PositionSettled, {"symbol": "XYZ", "expired": False}, True),
        (r.MarginDrawn, {"symbol": "XYZ", "amount": Amount(0)}, False),
        (r.MarginDrawn, {"symbol": "ABC", "amount": Amount(0)}, True),
    ],
)
def test_nothing_is_out_of_the_margin_of_a_position_that_has_ended(
    kind: type[Any], changes: dict[str, Any], stays: bool
) -> None:
    """A later one of the same symbol begins with all of its own."""
    if kind is r.MarginDrawn:
        ledger = LedgerState()
        ledger.events.drawn["XYZ"] = OUT
        ledger.apply(msgspec.structs.replace(EXAMPLES[kind], seq=1, **changes))
    else:
        ledger = folded(kind, **changes)
    assert ledger.events.drawn == ({"XYZ": OUT} if stays else {})


def test_what_becomes_of_two_positions_is_what_the_event_says() -> None:
    """Long of the old symbol and as much short of the new one is nothing of either."""
    ledger = LedgerState()
    ledger.positions["XYZ"] = PositionState(qty=30, cost=Amount.parse("600"))
    ledger.positions["ABC"] = PositionState(qty=-30, cost=Amount.parse("600"))
    flat: dict[str, Any] = {"position_qty": 0, "position_cost": Amount(0), "realized": Amount(0)}
    event = msgspec.structs.replace(
        EXAMPLES[r.PositionRestated], seq=1, postings=(), new_symbol="ABC", **flat
    )
    ledger.apply(event)
    assert [(one.qty, one.cost) for one in ledger.positions.values()] == [(0, 0), (0, 0)]
