"""The interval of a result as labels and formatted values, for whatever prints them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from offbook.services.reporting.formatting import counted, money, words
from offbook.services.shadowing.document import HangingOrder, Interval, OrderFate, ShadowLedger


def interval_rows(found: Interval, initial: str) -> list[tuple[str, str]]:
    """Both ends, the session between them, what the venues were, and the orders it hangs on.

    ``initial`` is the equity that the session began with.
    """
    kind, harsh = found.optimistic, found.pessimistic
    rows = [
        ("from, to", f"{_gain(found.least, initial)}  to  {_gain(found.most, initial)}"),
        ("optimistic", _ledger(kind, initial)),
        ("the session", _gain(found.result, initial)),
        ("pessimistic", _ledger(harsh, initial)),
        ("optimistic venue", _venue(kind)),
        ("pessimistic venue", _venue(harsh)),
    ]
    if found.orders:
        rows.append(("what hangs on", "orders, as: optimistic / the session / pessimistic"))
    rows += [(f"hangs on {order.client_order_id}", _order(order)) for order in found.orders]
    if found.others:
        rest = money(found.others_difference, signed=True)
        rows.append(("and on", f"{counted(found.others, 'more order')}, {rest} together"))
    if Decimal(found.open_difference):
        rows.append(("and on what is held", money(found.open_difference, signed=True)))
    return rows


def _gain(result: str, initial: str) -> str:
    share = ""
    if Decimal(initial):
        share = f" ({100 * Decimal(result) / Decimal(initial):+.4f} %)"
    return money(result, signed=True) + share


def _ledger(found: ShadowLedger, initial: str) -> str:
    told = [_gain(found.result, initial), counted(found.fills, "fill")]
    if found.refused:
        told.append(f"{found.refused:,} refused")
    if found.reducing:
        told.append(f"{found.reducing:,} made reduce-only")
    held = ", ".join(f"{qty} {symbol}" for symbol, qty in found.positions.items())
    if held:
        told.append(f"holds {held}")
    if found.ended is not None:
        told.append(f"over early: {words(found.ended)}")
    return ", ".join(told)


def _venue(found: ShadowLedger) -> str:
    """The settings that are not the session's own."""
    told = [f"{name}={value}" for name, value in _flat("", found.venue)]
    name = [] if found.preset is None else [f"preset {found.preset}"]
    return ", ".join(name + told) or "the session's own"


def _flat(path: str, values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if values.get(name.removesuffix("_ns")) not in (None, value):
            continue  # a distribution stands in this constant's place
        if isinstance(value, dict):
            yield from _flat(f"{path}{name}.", value)
        elif value is not None:
            yield path + name, value if isinstance(value, str) else json.dumps(value)


def _order(order: HangingOrder) -> str:
    fates = [f"{_fate(fate)}" for fate in (order.optimistic, order.session, order.pessimistic)]
    told = f"{fates[0]} / {fates[1]} / {fates[2]}"
    return f"{order.symbol} {money(order.difference, signed=True)}: {told}"


def _fate(fate: OrderFate) -> str:
    if fate.avg_px is None:
        return "not filled"
    price = format(Decimal(fate.avg_px).normalize(), "f")
    return f"{fate.qty} at {price} made {money(fate.made, signed=True)}"
