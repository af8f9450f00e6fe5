"""How a report words what happened without an order."""

from typing import Any

import msgspec
import pytest
from tests.unit.domain.contract_examples import CONTRACT_EXAMPLES
from tests.unit.domain.event_examples import EVENT_EXAMPLES

from offbook.domain import records as r
from offbook.domain.action_records import FlowReason
from offbook.domain.values import Amount
from offbook.services.paper_trading.event_moments import event_moment


def one(kind: type[Any], **changed: Any) -> Any:
    """An example of a record, with other values."""
    found = next(e for e in (*EVENT_EXAMPLES, *CONTRACT_EXAMPLES) if isinstance(e, kind))
    return msgspec.structs.replace(found, **changed)


RESTATED = one(r.PositionRestated)
WHOLE = {"in_lieu": Amount(0), "numerator": 2, "denominator": 1}


@pytest.mark.parametrize(
    ("record", "moment"),
    [
        (RESTATED, ("split", "XYZ 1:10, 10 in lieu of fractions")),
        (one(r.PositionRestated, **WHOLE), ("split", "XYZ 2:1")),
        (
            one(r.PositionRestated, new_symbol="NEW", **WHOLE),
            ("symbol changed", "XYZ is NEW, 2:1"),
        ),
        (one(r.PositionDelisted), ("delisted", "XYZ, 5 paid")),
        (one(r.PositionSettled), ("settled", "ESZ4 at 4510.25, -625 paid")),
        (one(r.PositionSettled, expired=True), ("expired", "ESZ4 at 4510.25, -625 paid")),
        (one(r.LiquidationBegan), ("liquidation", "XBTUSD, 0.0049 of 0.005")),
        (one(r.LiquidationEnded), ("liquidation over", "XBTUSD")),
        (one(r.OrderAdjusted), None),
    ],
)
def test_what_happened_is_told_in_words(record: Any, moment: tuple[str, str] | None) -> None:
    assert event_moment(record) == moment


def test_of_flows_only_dividends_are_told_one_by_one() -> None:
    """What comes every day is told in sum."""
    told = {reason: event_moment(one(r.FlowAccrued, reason=reason)) for reason in FlowReason}
    assert told.pop(FlowReason.DIVIDEND) == ("dividend", "2.04 USD on 10 XYZ")
    assert told
    assert set(told.values()) == {None}
