"""A term that the engine would read wrongly is noticed in the sessions that are made for it.

The engine is told another value than the reference: a comparison that finds no difference would
find none if the engine ignored the term.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.properties import side_by_side
from tests.properties.campaign import Drawn, Tally, run_case
from tests.properties.made_session import session_of
from tests.properties.market_cases import Setup, pick_setup
from tests.properties.sources import Seeded
from tests.properties.step_cases import End, Step, pick_step
from tests.properties.telling_charges import (
    by_regulators,
    by_volume,
    crowded,
    paid_out,
    slipping,
)
from tests.properties.telling_margins import called, grouped, isolated, lent, regulated, settled

from offbook.domain.config import (
    BorrowValue,
    Liquidation,
    MaintenanceBasis,
    MarginCall,
    MarginMode,
    MarginRules,
    VolumeOf,
)

Reading = Callable[[Setup], Setup]
SEED = 16
TRIES = 12
"""Sessions of a kind of which one must notice: few of them have the term, or come to need it."""


def _account(**terms: Any) -> Reading:
    return lambda setup: replace(setup, account=msgspec.structs.replace(setup.account, **terms))


def _with(setup: Setup, part: str, **terms: Any) -> Setup:
    """Another term of a part of the account."""
    had = getattr(setup.account, part)
    return _account(**{part: msgspec.structs.replace(had, **terms)})(setup)


def _no_offset(setup: Setup) -> Setup:
    margin = setup.account.portfolio_margin
    assert margin is not None
    groups = tuple(msgspec.structs.replace(one, offset="0") for one in margin.groups)
    return _with(setup, "portfolio_margin", groups=groups)


def _charge(**terms: Any) -> Reading:
    """Another term of the charges, where they have it."""

    def read(setup: Setup) -> Setup:
        fee = setup.venue.fee
        if not set(terms) <= set(fee.__struct_fields__):
            return setup
        venue = msgspec.structs.replace(setup.venue, fee=msgspec.structs.replace(fee, **terms))
        return replace(setup, venue=venue)

    return read


def _no_spread(setup: Setup) -> Setup:
    slippage: Any = msgspec.structs.replace(setup.venue.slippage, assumed_spread="0")
    return replace(setup, venue=msgspec.structs.replace(setup.venue, slippage=slippage))


def _all_may_be_open(setup: Setup) -> Setup:
    return replace(setup, risk=msgspec.structs.replace(setup.risk, max_open_orders=None))


def _own_money(setup: Setup) -> Setup:
    actions = (msgspec.structs.replace(one, currency=None) for one in setup.actions)
    return replace(setup, actions=tuple(actions))


def _settled_at_par(setup: Setup) -> Setup:
    settlements = (msgspec.structs.replace(one, price="100") for one in setup.settlements)
    return replace(setup, settlements=tuple(settlements))


def _stands_for_all(setup: Setup) -> Setup:
    usual = {"margin_mode": MarginMode.CROSS, "maintenance_basis": MaintenanceBasis.MARK}
    return _account(**usual)(setup)


def _without_tiers(setup: Setup) -> Setup:
    return _account(maintenance_tiers=(), liquidation=Liquidation.FULL)(setup)


WRONG: dict[str, tuple[Callable[[Any, Setup], Setup], Reading]] = {
    "margin_call": (called, _account(margin_call=MarginCall.LIQUIDATE)),
    "maintenance_tiers": (called, _without_tiers),
    "liquidation": (isolated, _account(liquidation=Liquidation.FULL)),
    "margin_mode": (isolated, _stands_for_all),
    "margin_rules": (regulated, _account(margin_rules=MarginRules.SHARE)),
    "offset": (grouped, _no_offset),
    "borrow_year": (lent, lambda setup: _with(setup, "financing", borrow_year=360)),
    "borrow_value": (
        lent,
        lambda setup: _with(setup, "financing", borrow_value=BorrowValue.MARKET),
    ),
    "settlements": (settled, _settled_at_par),
    "max_open_orders": (crowded, _all_may_be_open),
    "round_each": (by_regulators, _charge(round_each=False)),
    "volume_of": (by_volume, _charge(volume_of=VolumeOf.ACCOUNT)),
    "assumed_spread": (slipping, _no_spread),
    "currency": (paid_out, _own_money),
}
"""By term: where it tells, and how it might be read."""


def _case(tell: Callable[[Any, Setup], Setup], number: int) -> tuple[Setup, list[Step]]:
    source = Drawn(f"{SEED}/{tell.__name__}/{number}")
    setup = pick_setup(source)
    steps = [pick_step(source) for _ in range(100)]
    return tell(Seeded(1 + setup.seed), setup), [*steps, End()]


@pytest.mark.parametrize("term", sorted(WRONG))
def test_a_term_that_is_read_wrongly_is_noticed(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one of the first sessions that are made for it."""
    tell, read = WRONG[term]
    monkeypatch.setattr(side_by_side, "session_of", lambda setup: session_of(read(setup)))
    cases = (_case(tell, number) for number in range(TRIES))
    differ = ((setup, steps) for setup, steps in cases if read(setup) != setup)
    told = (run_case(setup, steps, Tally()) or "" for setup, steps in differ)
    assert any(wrong.startswith("Divergence") for wrong in told)
