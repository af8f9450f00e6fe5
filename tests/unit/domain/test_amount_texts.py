"""Amounts as text: what is kept at hand changes nothing."""

from __future__ import annotations

import pytest

from offbook.domain.amount_texts import _MOST_TEXTS, _texts, encode_hook
from offbook.domain.values import Amount, added, amount_text


def test_more_amounts_than_are_kept_are_written_all_the_same() -> None:
    amounts = [Amount(n * 10**17 - 5) for n in range(_MOST_TEXTS + 100)]
    for amount in amounts * 2:
        assert encode_hook(amount) == amount_text(amount)
        assert len(_texts) <= _MOST_TEXTS


def test_a_number_that_equals_an_amount_is_none() -> None:
    assert encode_hook(Amount(7)) == "0.000000000000000007"
    with pytest.raises(NotImplementedError, match="int"):
        encode_hook(7)


def test_a_sum_with_nothing_is_the_same_object() -> None:
    amount = Amount(5)
    assert added(amount, 0) is amount
    assert added(amount, -5) == 0
    assert type(added(amount, -5)) is Amount
