"""What a report tells line by line of money without a trade, against the books: with trades and
their charges it is all that moves an account's cash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tests.properties.reference_charges import CENTS

from offbook.domain import records as r
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession
from offbook.services.paper_trading.report import make_report
from offbook.services.reporting.flows import FlowLine

AT_ONCE = ("in_lieu", "delisting", "settlement")
"""What is never owed."""
OWED = {"dividends", "accrued"}
"""Where the books keep what has not come to the cash."""


def check_money_told(session: PaperTradingSession, records: Sequence[Record]) -> list[str]:
    """That the lines come to what was booked, currency by currency; raises AssertionError.

    Gives what lines there were, each with how its money was paid."""
    report = make_report(session, records)
    cash, owed = _booked(records, {"cash"}), _booked(records, OWED)
    came = _booked((one for one in records if not hasattr(one, "postings")), {"cash"})
    came.update(_booked((one for one in records if isinstance(one, r.OrderFilled)), {"cash"}))
    still, income, kinds = Counter[str](), Fraction(0), []
    for line in report.flows:
        amount, accrues = _units(line.amount), line.event == "accrued"
        if accrues:
            assert line.worth is not None, f"{line} has no worth"
            income += Fraction(line.worth)
            _is_made_of(line)
        elif line.worth is None:
            came[line.currency] += amount
        else:
            came[report.currency] += _units(line.worth)
        if line.reason not in AT_ONCE:
            still[line.currency] += amount if accrues else -amount
        kept = "kept" if line.worth is None else "changed"
        how = "own" if line.currency == report.currency else kept
        kinds.append(f"{line.event} {line.reason} {how}")
    assert _of_each(came) == _of_each(cash), f"cash is {cash}, told is {came}"
    assert _of_each(still) == _of_each(owed), f"owed is {owed}, told is {still}"
    assert income == Fraction(report.income), f"income is {report.income}, told is {income}"
    return kinds


def _is_made_of(line: FlowLine) -> None:
    """What accrues is what its line says it is made of, rounded to a whole unit of its currency."""
    assert line.basis is not None
    assert line.rate is not None
    made = Fraction(line.basis) * Fraction(line.rate)
    if line.year_days:
        made = made * (line.days or 0) / line.year_days
    whole = Fraction(line.amount) + Fraction(line.withheld or 0)
    if line.reason == "insurance":
        assert 0 < whole <= made, f"{line} gives back more than was lost"
    else:
        unit = Fraction(1, 10 ** CENTS.get(line.currency, 8))
        assert abs(abs(whole) - abs(made)) < unit, f"{line} is made of {made}"


def _booked(records: Iterable[Record], accounts: set[str]) -> Counter[str]:
    """By currency, in 10**-18 of it; what a session opens with as well."""
    found = Counter[str]()
    for record in records:
        legs = record.opening if isinstance(record, r.SessionAttached) else ()
        for leg in getattr(record, "postings", legs):
            if leg.account in accounts:
                found[leg.currency] += leg.amount
    return found


def _units(text: str) -> int:
    units = Fraction(text) * 10**18
    assert units.denominator == 1, f"{text} is finer than the books"
    return units.numerator


def _of_each(found: Counter[str]) -> dict[str, int]:
    return {currency: amount for currency, amount in found.items() if amount}
