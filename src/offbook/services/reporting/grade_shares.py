"""A session's fills by grade."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from offbook.domain.values import Amount
from offbook.services.reporting.account_path import Execution
from offbook.services.reporting.grades import Grade


class GradeShare(msgspec.Struct, frozen=True, kw_only=True):
    """The fills of one grade: how many, their value in the account's currency (decimal text), and
    its share of the value of all fills, as a fraction."""

    grade: str
    fills: int
    traded: str
    share: float


def grade_shares(executions: Sequence[Execution]) -> tuple[GradeShare, ...]:
    """The fills by grade, A first; only grades that there are."""
    whole = sum(fill.traded for fill in executions)
    found = []
    for grade in Grade:
        fills = [fill for fill in executions if fill.grade == grade.value]
        traded = sum(fill.traded for fill in fills)
        if fills:
            found.append(
                GradeShare(
                    grade=grade.value,
                    fills=len(fills),
                    traded=str(Amount(traded)),
                    share=traded / whole if whole else 0.0,
                )
            )
    return tuple(found)
