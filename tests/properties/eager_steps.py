"""Wishes made plainer where orders are to trade, or to rest, more than to try all that there is."""

from __future__ import annotations

import enum
from dataclasses import replace

from tests.properties.step_cases import Change, Send, Step

from offbook.domain.orders import OrderSide, TimeInForce


class Eager(enum.Enum):
    """What orders are eager for: nothing; to trade; to be long, to be short, or the one in every
    other instrument and the other in the rest, so that positions grow; or to rest."""

    NOT = "not"
    TO_TRADE = "to trade"
    TO_BE_LONG = "to be long"
    TO_BE_SHORT = "to be short"
    TO_BE_BOTH = "to be both"
    TO_REST = "to rest"


def made_eager(step: Step, eager: Eager) -> Step:
    """The same step, or a plainer one: most new orders are for the market or a limit, and few
    commands stop the session."""
    if eager is not Eager.NOT and isinstance(step, Change) and (step.deadline or step.when):
        return replace(step, to="resume")
    if eager is Eager.NOT or not isinstance(step, Send) or step.expire == 3:
        return step
    side, price = _side(step, eager), step.price
    if eager is Eager.TO_REST:
        price = -side.sign * (3 + abs(step.stop))
    elif step.stop > 0:
        price = None
    return replace(
        step,
        side=side,
        price=price,
        qty=_qty(step, eager),
        odd=0,
        wait="",
        tif=TimeInForce.GTC,
        post_only=False,
        reduce_only=False,
        name="none" if step.name == "none" else "new",
        flaw="",
        when=0,
        hidden=False,
        least=0,
        extended=False,
        display=0,
        peg="",
    )


def _qty(step: Send, eager: Eager) -> int:
    """Some lots; what is to grow soon comes to all that money allows, but for what is to leave some
    for its opposite."""
    if eager is Eager.TO_BE_BOTH:
        return 1 + step.qty % 5
    most = 14 if eager in {Eager.TO_TRADE, Eager.TO_REST} else 6
    return step.qty if step.qty < most else 0


def _side(step: Send, eager: Eager) -> OrderSide:
    """Mostly that of what is to be held."""
    sides = {
        Eager.TO_BE_LONG: OrderSide.BUY,
        Eager.TO_BE_SHORT: OrderSide.SELL,
        Eager.TO_BE_BOTH: OrderSide.SELL if step.place % 2 else OrderSide.BUY,
    }
    chosen = sides.get(eager, step.side)
    return chosen.opposite if step.reduce_only and eager in sides else chosen
