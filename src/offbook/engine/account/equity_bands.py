"""How far prices may move before an account's equity must be judged again.

Every judgement is of one form: with equity ``E`` and the worth ``X`` of all positions (short ones
counted as long), nothing happens while ``d * E - n * X`` stays above a bound, or below one.  Both
are linear in the mids of the instruments held (of inverse contracts, in one over the mid), so what
is left until the bound is shared out among them by the value that each has at stake, and each gets
a band of its own prices.  As long as every mid stays inside its band the bound is not reached: the
product of the bands lies inside the safe set.  Everything is rounded towards waking: a band may be
left without any consequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from offbook.domain.values import ceil_div
from offbook.engine.account.need import Need
from offbook.engine.account.valuation import Rate
from offbook.engine.kernel import Kernel
from offbook.engine.wake import NO_FALL, NO_RISE, UNBOUNDED, Band


class Bound(NamedTuple):
    """Nothing happens while ``sign * (d * E - n * X - at) >= 0``; amounts in 10**-18.

    With a ``need`` its positions take the place of ``n * X``, each with a share of its own, ``n``
    being the largest.  Where what a position needs is more than its share, as by a floor, it grows
    the less with its price: to reckon with the share errs towards waking.  With ``of`` it is
    about one position alone, whose own ``equity`` takes the place of the account's.
    """

    d: int
    n: int
    at: int
    sign: int
    need: Need | None = None
    of: str | None = None
    equity: int | None = None

    def share(self, symbol: str) -> int:
        """What of a position's worth counts, over ``d``."""
        return self.n if self.need is None else self.need.shares[symbol]


class _Held(NamedTuple):
    """A position: a unit of twice its mid is ``per_unit / rate[1]`` of twice its worth in the
    account's currency; of an inverse one that is what one over twice its mid is worth, doubled."""

    symbol: str
    qty: int
    twice_mid: int
    per_unit: int
    rate: Rate
    is_inverse: bool

    def move(self, bound: Bound) -> int:
        """By how much twice the left side of a bound moves, over the rate's denominator, for each
        unit of twice the mid, or of one over it."""
        equity = bound.d if (self.qty > 0) is not self.is_inverse else -bound.d
        return bound.sign * self.per_unit * (equity - bound.share(self.symbol))

    def stake(self, move: int) -> int:
        """How much of twice the left side moves with all of its value, rounded up."""
        if self.is_inverse:
            return ceil_div(abs(move), self.twice_mid * self.rate[1])
        return ceil_div(abs(move) * self.twice_mid, self.rate[1])

    def band(self, move: int, most: int) -> Band:
        """Within which twice the left side does not fall by more than ``most`` over the rate's
        denominator."""
        x = self.twice_mid
        if self.is_inverse:
            return _band_of_inverse(move, most, x)
        if move > 0:
            return _falling(x - most // move)
        return _rising(x + most // -move)


def _band_of_inverse(move: int, most: int, x: int) -> Band:
    """Where ``move / x`` falls by no more than ``most``."""
    if move < 0:
        return _falling(ceil_div(-move * x, -move + most * x))
    left = move - most * x
    return _rising(move * x // left) if left > 0 else UNBOUNDED


def _falling(least: int) -> Band:
    """Twice the mid must not fall below this: the bid, the lower of the two, is at or below half of
    what both make."""
    return Band(bid_falls=max((least - 1) // 2, NO_FALL))


def _rising(most: int) -> Band:
    """Twice the mid must not rise above this."""
    return Band(ask_rises=min(-(-(most + 1) // 2), NO_RISE))


def bands_within(kernel: Kernel, bounds: Iterable[Bound]) -> dict[str, Band] | None:
    """The bands of all instruments held within which none of the bounds is reached; None where
    none can be told: a rate moves, a price is missing, or a bound is too near."""
    held = _held(kernel)
    if held is None:
        return None
    bands: dict[str, Band] = {}
    for bound in bounds if held else ():  # without positions it does not move
        concerned = [one for one in held if bound.of in (None, one.symbol)]
        budget = _budget(kernel, bound, concerned)
        if budget < 0:
            return None
        for symbol, band in _shared_out(budget, bound, concerned):
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
        currency = instrument.settle_currency
        rate = valuation.rate(currency) if valuation.is_stated(currency) else None
        if prices is None or rate is None:
            return None
        per_unit = abs(qty) * instrument.notional_scale * rate[0]
        twice_mid = prices.bid_px + prices.ask_px
        if instrument.is_inverse:
            per_unit *= 4  # twice its worth is that over half of twice the mid
            if twice_mid <= 0:
                return None
        held.append(_Held(symbol, qty, twice_mid, per_unit, rate, instrument.is_inverse))
    return held


def _budget(kernel: Kernel, bound: Bound, held: list[_Held]) -> int:
    """What is left until the bound; it is reckoned as if all that was rounded, then and now, had
    been rounded to the worst."""
    valuation, positions = kernel.valuation, kernel.ledger.held_positions()
    equity = int(kernel.equity()) if bound.equity is None else bound.equity
    exposure = valuation.exposure(positions) if bound.n and bound.need is None else 0
    needed = bound.n * exposure if bound.need is None else bound.d * bound.need.required
    left = bound.sign * (bound.d * equity - needed - bound.at)
    # Each worth is rounded twice: to a whole amount, and again when it is converted.
    lost = sum(1 + ceil_div(*one.rate) for one in held)
    return left - 2 * (bound.d + bound.n) * lost


def _shared_out(budget: int, bound: Bound, held: list[_Held]) -> Iterable[tuple[str, Band]]:
    moves = [one.move(bound) for one in held]
    stakes = [one.stake(move) for one, move in zip(held, moves, strict=True)]
    total = sum(stakes)
    for one, move, stake in zip(held, moves, stakes, strict=True):
        if move:
            share = 2 * budget * stake * one.rate[1] // total if total else 0
            yield one.symbol, one.band(move, share)
