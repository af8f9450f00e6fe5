"""The table of what may happen to an order, entry by entry."""

import copy
import itertools

import pytest

from offbook.domain.errors import EngineFault
from offbook.domain.order_table import ORDER_TRANSITIONS, TERMINAL_STATUSES, next_status
from offbook.domain.orders import (
    ExecType,
    OrderSide,
    OrderStatus,
)

S, X = OrderStatus, ExecType

# What the venue and the strategy may report, written down a second time: a change of the table is
# a change of what records mean, and must be made in both places.
EXPECTED = {
    S.PENDING_NEW: "NEW>NEW REJECTED>REJECTED DENIED>DENIED PENDING_CANCEL>PENDING_CANCEL "
    "PENDING_REPLACE>PENDING_REPLACE CANCELED>CANCELED HELD>HELD",
    S.HELD: "RESTATED>NEW PENDING_CANCEL>PENDING_CANCEL PENDING_REPLACE>PENDING_REPLACE "
    "CANCELED>CANCELED EXPIRED>EXPIRED",
    S.NEW: "TRADE>PARTIALLY_FILLED FILL>FILLED PENDING_CANCEL>PENDING_CANCEL "
    "PENDING_REPLACE>PENDING_REPLACE CANCELED>CANCELED EXPIRED>EXPIRED "
    "TRIGGERED>NEW RESTATED>NEW",
    S.PARTIALLY_FILLED: "TRADE>PARTIALLY_FILLED FILL>FILLED PENDING_CANCEL>PENDING_CANCEL "
    "PENDING_REPLACE>PENDING_REPLACE CANCELED>CANCELED EXPIRED>EXPIRED "
    "RESTATED>PARTIALLY_FILLED",
    S.PENDING_CANCEL: "NEW>PENDING_CANCEL REJECTED>REJECTED TRADE>PENDING_CANCEL FILL>FILLED "
    "REPLACED>PENDING_CANCEL REPLACE_REJECTED>PENDING_CANCEL CANCELED>CANCELED "
    "CANCEL_REJECTED>working EXPIRED>EXPIRED TRIGGERED>PENDING_CANCEL "
    "HELD>PENDING_CANCEL RESTATED>PENDING_CANCEL",
    S.PENDING_REPLACE: "NEW>PENDING_REPLACE REJECTED>REJECTED TRADE>PENDING_REPLACE FILL>FILLED "
    "PENDING_CANCEL>PENDING_CANCEL REPLACED>working REPLACE_REJECTED>working CANCELED>CANCELED "
    "EXPIRED>EXPIRED TRIGGERED>PENDING_REPLACE HELD>PENDING_REPLACE RESTATED>PENDING_REPLACE",
    S.FILLED: "",
    S.CANCELED: "",
    S.EXPIRED: "",
    S.REJECTED: "",
    S.DENIED: "",
}


def targets(status: OrderStatus) -> dict[str, str]:
    """The expected row of a status: trigger to target."""
    return dict(pair.split(">") for pair in EXPECTED[status].split())


def test_every_status_and_every_trigger_has_its_place() -> None:
    """No state is left to chance."""
    assert set(ORDER_TRANSITIONS) == set(OrderStatus)
    named = set().union(*ORDER_TRANSITIONS.values())
    assert named == set(ExecType), "a trigger that no state knows"


@pytest.mark.parametrize("cum_qty", [0, 7])
@pytest.mark.parametrize(
    ("status", "exec_type"),
    list(itertools.product(OrderStatus, ExecType)),
    ids=lambda member: member.value,
)
def test_a_trigger_leads_where_the_table_says_or_nowhere(
    status: OrderStatus, exec_type: ExecType, cum_qty: int
) -> None:
    """What is not listed raises and changes nothing."""
    before = copy.deepcopy(ORDER_TRANSITIONS)
    target = targets(status).get(exec_type.value)
    if target is None:
        with pytest.raises(EngineFault) as caught:
            next_status(status, exec_type, cum_qty)
        assert caught.value.fields == {
            "reason": "order_transition",
            "status": status.value,
            "exec_type": exec_type.value,
        }
    elif target == "working":
        working = S.PARTIALLY_FILLED if cum_qty else S.NEW
        assert next_status(status, exec_type, cum_qty) is working
        assert next_status(status, exec_type, cum_qty, held=True) is S.HELD
    else:
        assert next_status(status, exec_type, cum_qty) is OrderStatus(target)
    assert before == ORDER_TRANSITIONS


@pytest.mark.parametrize("status", OrderStatus)
def test_terminal_is_what_lists_nothing(status: OrderStatus) -> None:
    """Five endings, told by name."""
    ended = status in {S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.DENIED}
    assert status.is_terminal is ended
    assert (status in TERMINAL_STATUSES) is ended
    assert (not ORDER_TRANSITIONS[status]) is ended


def test_every_status_is_reached_from_a_new_order_and_can_end() -> None:
    """No island and no trap."""

    def steps(status: OrderStatus) -> set[OrderStatus]:
        return {
            next_status(status, trigger, cum_qty)
            for trigger in ORDER_TRANSITIONS[status]
            for cum_qty in (0, 1)
        }

    reached, fresh = {S.PENDING_NEW}, {S.PENDING_NEW}
    while fresh:
        fresh = set().union(*map(steps, fresh)) - reached
        reached |= fresh
    assert reached == set(OrderStatus)
    for status in set(OrderStatus) - TERMINAL_STATUSES:
        assert steps(status) & TERMINAL_STATUSES


def test_names_are_stored_so_they_equal_their_values() -> None:
    """FIX names, as users and records read them."""
    for kind in (OrderStatus, ExecType, OrderSide):
        for member in kind:
            assert member.value == member.name


def test_sides_have_a_sign_and_an_opposite() -> None:
    """Buying adds."""
    assert (OrderSide.BUY.sign, OrderSide.SELL.sign) == (1, -1)
    assert OrderSide.BUY.opposite is OrderSide.SELL
    assert OrderSide.SELL.opposite is OrderSide.BUY
