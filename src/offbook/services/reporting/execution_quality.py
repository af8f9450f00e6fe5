"""How well orders were carried out: slippage, fill ratio, time to fill, refusals, fees."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from offbook.domain.orders import Liquidity, OrderStatus
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import instrument_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.ledger.state import OrderState
from offbook.services.reporting.account_path import Execution
from offbook.services.reporting.figure import Figure

_BPS: Final = 10_000
_REFUSALS: Final = ("denied", "rejected", "request_denied", "cancel_rejected", "replace_rejected")
_REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)


class LiquidityCost(msgspec.Struct, frozen=True, kw_only=True):
    """Fills of one kind of liquidity: how many, their value and fees (decimal text), and the fees
    in basis points of the value."""

    fills: int
    traded: str
    fees: str
    fee_bps: Figure


class Delays(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths of session time in ns: smallest, median (the lower of two), mean, largest."""

    count: int
    least: int
    median: int
    mean: int
    most: int


class Refusals(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was refused for a reason: ``what`` is ``denied`` (our own checks),
    ``rejected`` (the venue), or a refused cancel or replace."""

    what: str
    reason: str
    count: int


class ExecutionQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Execution of a session, or of one symbol; money is decimal text in the account's currency.

    ``slippage`` is against the middle of the market at each order's decision, positive where fills
    were worse; ``slippage_bps`` is it over the same quantity's value at that middle; ``compared``
    fills had one.  ``implementation_cost`` adds the fees.  ``fill_ratio`` is the quantity filled
    over the quantity ordered, of orders that left, and of several symbols the value at each
    decision's middle; ``filled_orders`` of ``sent_orders`` filled completely.  ``first_fill`` and
    ``complete`` are times from the decision.
    """

    fills: int
    compared: int
    traded: str
    slippage: str
    slippage_bps: Figure
    worst_slippage_bps: Figure
    fees: str
    implementation_cost: str
    added: LiquidityCost
    removed: LiquidityCost
    sent_orders: int
    filled_orders: int
    fill_ratio: Figure
    first_fill: Delays | None
    complete: Delays | None
    refusals: tuple[Refusals, ...]


def execution_quality(
    ledger: LedgerState, executions: Sequence[Execution], scales: Mapping[str, int]
) -> ExecutionQuality:
    """The figures of a whole session. ``scales`` are the instruments' ``notional_scale``."""
    orders = list(ledger.orders.values())
    return _quality(ledger, orders, executions, scales, refusals_of(ledger.refusals))


def quality_by_symbol(
    ledger: LedgerState, executions: Sequence[Execution], scales: Mapping[str, int]
) -> dict[str, ExecutionQuality]:
    """The figures of each symbol of ``scales``. Refused requests have no symbol: their refusals
    are of orders alone."""
    found = {}
    for symbol in scales:
        orders = [order for order in ledger.orders.values() if order.symbol == symbol]
        refused = Counter(
            f"{order.status.value.lower()}:{order.reason}"
            for order in orders
            if order.status in _REFUSED
        )
        fills = [fill for fill in executions if fill.symbol == symbol]
        found[symbol] = _quality(ledger, orders, fills, scales, refusals_of(refused))
    return found


def _quality(
    ledger: LedgerState,
    orders: Sequence[OrderState],
    executions: Sequence[Execution],
    scales: Mapping[str, int],
    refused: tuple[Refusals, ...],
) -> ExecutionQuality:
    compared = [fill for fill in executions if fill.twice_mid]
    # Doubled on both sides, since a mid may end on half a unit.
    twice_at_mid = sum(fill.worth(_twice_at_mid(fill, scales[fill.symbol])) for fill in compared)
    slippage = sum(fill.slippage for fill in compared)
    fees = sum(fill.fee for fill in executions)
    sent = [order for order in orders if order.status is not OrderStatus.DENIED]
    first, complete = _delays(sent, executions)
    none = Figure(None, "no fill had a market at its decision")
    return ExecutionQuality(
        fills=len(executions),
        compared=len(compared),
        traded=_text(sum(fill.traded for fill in executions)),
        slippage=_text(slippage),
        slippage_bps=Figure(2 * slippage * _BPS / twice_at_mid) if compared else none,
        worst_slippage_bps=Figure(max(map(_bps_of, compared))) if compared else none,
        fees=_text(fees),
        implementation_cost=_text(slippage + fees),
        added=_cost(executions, Liquidity.ADDED),
        removed=_cost(executions, Liquidity.REMOVED),
        sent_orders=len(sent),
        filled_orders=sum(order.status is OrderStatus.FILLED for order in sent),
        fill_ratio=_fill_ratio(ledger, sent, scales),
        first_fill=first,
        complete=complete,
        refusals=refused,
    )


def _twice_at_mid(fill: Execution, scale: int) -> int:
    """Twice what a fill would have been worth at the middle of its decision's market."""
    if fill.is_inverse:
        return 4 * abs(fill.qty) * scale // fill.twice_mid
    return abs(fill.qty) * fill.twice_mid * scale


def _fill_ratio(
    ledger: LedgerState, sent: Sequence[OrderState], scales: Mapping[str, int]
) -> Figure:
    """Quantities of one symbol add up; those of several do so by their value at the decision, at
    the last rate that the records tell."""
    several = len({order.symbol for order in sent}) > 1
    weights = [
        _weight(ledger, order, scales[order.symbol]) * _rate(ledger, order.symbol)
        if several
        else Fraction(1)
        for order in sent
    ]
    ordered = sum(w * order.order_qty for w, order in zip(weights, sent, strict=True))
    filled = sum(w * order.cum_qty for w, order in zip(weights, sent, strict=True))
    return Figure(float(filled / ordered)) if ordered else Figure(None, "no order left")


def _weight(ledger: LedgerState, order: OrderState, scale: int) -> Fraction:
    """What a unit was worth at an order's decision, doubled."""
    twice_mid = _twice_mid(order)
    if instrument_of(ledger, order.symbol).is_inverse:
        return Fraction(4 * scale, twice_mid) if twice_mid else Fraction(0)
    return Fraction(scale * twice_mid)


def _rate(ledger: LedgerState, symbol: str) -> Fraction:
    currency = instrument_of(ledger, symbol).settle_currency
    known = (1, 1) if currency == ledger.account_currency else ledger.rates.get(currency, (0, 1))
    return Fraction(*known)


def _twice_mid(order: OrderState) -> int:
    return order.decision_bid_px + order.decision_ask_px


def _text(amount: int) -> str:
    return str(Amount(amount))


def _bps_of(fill: Execution) -> float:
    sign = 1 if fill.qty > 0 else -1
    return sign * (2 * fill.px - fill.twice_mid) * _BPS / fill.twice_mid


def refusals_of(counted: Mapping[str, int]) -> tuple[Refusals, ...]:
    """The ledger's refusals of orders and requests, most frequent first."""
    found = []
    for key, count in counted.items():
        what, _, reason = key.partition(":")
        if what in _REFUSALS:
            found.append(Refusals(what=what, reason=reason, count=count))
    return tuple(sorted(found, key=lambda line: (-line.count, line.what, line.reason)))


def _cost(executions: Sequence[Execution], liquidity: Liquidity) -> LiquidityCost:
    fills = [fill for fill in executions if fill.liquidity is liquidity]
    traded = sum(fill.traded for fill in fills)
    fees = sum(fill.fee for fill in fills)
    return LiquidityCost(
        fills=len(fills),
        traded=_text(traded),
        fees=_text(fees),
        fee_bps=Figure(fees * _BPS / traded) if traded else Figure(None, "no such fill"),
    )


def _delays(
    sent: Sequence[OrderState], executions: Sequence[Execution]
) -> tuple[Delays | None, Delays | None]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for fill in executions:
        first.setdefault(fill.client_order_id, fill.ts)
        last[fill.client_order_id] = fill.ts
    return (
        _summary(sent, first, lambda order: order.cum_qty > 0),
        _summary(sent, last, lambda order: order.status is OrderStatus.FILLED),
    )


def _summary(
    orders: Sequence[OrderState], times: Mapping[str, int], counts: Callable[[OrderState], bool]
) -> Delays | None:
    delays = [
        times[order.client_order_id] - order.submitted_ts for order in orders if counts(order)
    ]
    if not delays:
        return None
    return Delays(
        count=len(delays),
        least=min(delays),
        median=statistics.median_low(delays),
        mean=sum(delays) // len(delays),
        most=max(delays),
    )
