"""How far prices may move before an account's equity must be judged again.

Every judgement is of one form: with equity ``E`` and the worth ``X`` of all positions (short ones
counted as long), nothing happens while ``d * E - n * X`` stays above a bound, or below one.  Both
are linear in the mids of the instruments held, so what is left until the bound is shared out
among them by the value that each has at stake, and each gets a band of its own prices.  As long as
every mid stays inside its band the bound is not reached: the product of the bands lies inside the
safe set.  Everything is rounded towards waking: a band may be left without any consequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from offbook.domain.values import ceil_div
from offbook.engine.kernel import Kernel
from offbook.engine.margin_rules import Need
from offbook.engine.valuation import Rate
from offbook.engine.wake import NO_FALL, NO_RISE, Band


class Bound(NamedTuple):
    """Nothing happens while ``sign * (d * E - n * X - at) >= 0``; amounts in 10**-18.

    With a ``need`` its positions take the place of ``n * X``, each with a share of its own, ``n``
    being the largest.  Where what a position needs is more than its share, as by a floor, it grows
    the less with its price: to reckon with the share errs towards waking.
    """

    d: int
    n: int
    at: int
    sign: int
    need: Need | None = None

    def share(self, symbol: str) -> int:
        """What of a position's worth counts, over ``d``."""
        return self.n if self.need is None else self.need.shares[symbol]


class _Held(NamedTuple):
    """A position: a unit of twice its mid is ``per_unit / rate[1]`` of twice its worth in the
    account's currency."""

    symbol: str
    qty: int
    twice_mid: int
    per_unit: int
    rate: Rate


def bands_within(kernel: Kernel, bounds: Iterable[Bound]) -> dict[str, Band] | None:
    """The bands of all instruments held within which none of the bounds is reached; None where
    none can be told: a rate moves, a price is missing, or a bound is too near."""
    held = _held(kernel)
    if held is None:
        return None
    bands: dict[str, Band] = {}
    for bound in bounds if held else ():  # without positions it does not move
        budget = _budget(kernel, bound, held)
        if budget < 0:
            return None
        for symbol, band in _shared_out(budget, bound, held):
            known = bands.get(symbol)
            bands[symbol] = band if known is None else known.narrowed(band)
    return bands


def _held(kernel: Kernel) -> list[_Held] | None:
    ledger, valuation = kernel.ledger, kernel.valuation
    if not all(valuation.is_stated(name) for name, amount in ledger.money().items() if amount):
        return None
    held = []
    for symbol, qty in ledger.held_positions().items():
        instrument, prices = kernel.instruments[symbol], kernel.prices(symbol)
        currency = instrument.quote_currency
        rate = valuation.rate(currency) if valuation.is_stated(currency) else None
        if prices is None or rate is None:
            return None
        per_unit = abs(qty) * instrument.notional_scale * rate[0]
        held.append(_Held(symbol, qty, prices.bid_px + prices.ask_px, per_unit, rate))
    return held


def _budget(kernel: Kernel, bound: Bound, held: list[_Held]) -> int:
    """What is left until the bound; it is reckoned as if all that was rounded, then and now, had
    been rounded to the worst."""
    valuation, positions = kernel.valuation, kernel.ledger.held_positions()
    equity = int(kernel.equity())
    exposure = valuation.exposure(positions) if bound.n and bound.need is None else 0
    needed = bound.n * exposure if bound.need is None else bound.d * bound.need.required
    left = bound.sign * (bound.d * equity - needed - bound.at)
    # Each worth is rounded twice: to a whole amount, and again when it is converted.
    lost = sum(1 + ceil_div(*one.rate) for one in held)
    return left - 2 * (bound.d + bound.n) * lost


def _shared_out(budget: int, bound: Bound, held: list[_Held]) -> Iterable[tuple[str, Band]]:
    # So much, over the rate's denominator, moves twice the left side per unit of twice a mid.
    moves = [
        bound.sign
        * one.per_unit
        * ((bound.d if one.qty > 0 else -bound.d) - bound.share(one.symbol))
        for one in held
    ]
    stakes = [
        ceil_div(abs(move) * one.twice_mid, one.rate[1])
        for move, one in zip(moves, held, strict=True)
    ]
    total = sum(stakes)
    for one, move, stake in zip(held, moves, stakes, strict=True):
        if not move:
            continue
        room = 2 * budget * stake * one.rate[1] // (total * abs(move)) if total else 0
        if move > 0:
            least = one.twice_mid - room - 1
            # The bid is the lower of the two, so it is at or below half of what both make.
            yield one.symbol, Band(bid_falls=max(least // 2, NO_FALL))
        else:
            most = one.twice_mid + room + 1
            yield one.symbol, Band(ask_rises=min(-(-most // 2), NO_RISE))
