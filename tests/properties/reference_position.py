"""What contracts, and shares, are worth in the reference, and what trading them realizes."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_money import Money
from tests.properties.reference_numbers import rounded_down, rounded_even

from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import Instrument

ZERO = Fraction(0)


class Position(Money):
    """One position: what is ``held`` of an ``instrument``, what it ``cost``, and its money."""

    instrument: Instrument
    held: Fraction
    cost: Fraction
    converts: bool
    pays_in: str
    purse: dict[str, Fraction]
    realized: Fraction
    realized_here: Fraction

    @property
    def contract(self) -> ContractTerms | None:
        terms = self.instrument.contract
        return terms if isinstance(terms, ContractTerms) else None

    @property
    def inverse(self) -> bool:
        return self.contract is not None and self.contract.is_inverse

    def signed_cost(self) -> Fraction:
        """What the position cost: who is short was paid it; of an inverse one who is long."""
        return self.cost if (self.held > 0) is not self.inverse else -self.cost

    def value(self, qty: Fraction, price: Fraction) -> Fraction:
        """What a quantity is worth, in the money that it is settled in."""
        if self.contract is None:
            return qty * price
        size = qty * Fraction(self.contract.multiplier)
        if not self.inverse:
            return size * price
        return rounded_even(size / price) if price else ZERO

    def _at_mid(self, qty: Fraction, market: tuple[Fraction, Fraction] | None) -> Fraction:
        bid, ask = market or (ZERO, ZERO)
        size = qty * Fraction(self.contract.multiplier if self.contract else 1)
        value = size * (bid + ask) / 2
        if self.inverse:
            value = -size * 2 / (bid + ask) if bid + ask else ZERO
        return self.worth(rounded_down(value))

    def _move(self, signed: Fraction, price: Fraction) -> Fraction:
        """The position after a trade; what it realized. Beyond flat the other side begins."""
        return self._add(signed, self.value(abs(signed), price))

    def _add(self, signed: Fraction, value: Fraction) -> Fraction:
        """The same for what is worth so much."""
        size, before = abs(signed), abs(self.held)
        if self.held * signed >= 0:
            self.held += signed
            self.cost += value
            return ZERO
        closing = min(size, before)
        part = self.cost if closing == before else rounded_even(self.cost * closing / before)
        brings = rounded_even(value * closing / size)
        gain = brings - part
        realized = gain if (self.held > 0) is not self.inverse else -gain
        self.cost = value - brings if size > before else self.cost - part
        self.held += signed
        return realized

    def settle(self, price: Fraction, *, ends: bool) -> Fraction:
        """Mark the position to a price: what it gained comes to the cash."""
        value = rounded_even(self.value(abs(self.held), price)) if self.held else ZERO
        gain = value - self.cost
        realized = gain if (self.held > 0) is not self.inverse else -gain
        self.purse[self.pays_in] += self.changed(realized) if self.converts else realized
        self.realized += realized
        self.realized_here += self.worth(realized)
        self.cost = ZERO if ends else value
        self.held = ZERO if ends else self.held
        return realized


def money_of(instrument: Instrument) -> str:
    """The currency of a contract's or a share's value."""
    terms = instrument.contract
    inverse = isinstance(terms, ContractTerms) and terms.is_inverse
    return instrument.base if inverse else instrument.quote_currency
