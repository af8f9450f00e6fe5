"""The hash chain over a session's records."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.chain import GENESIS, extend, extend_all

raws = st.lists(st.binary(max_size=40), max_size=12)


@pytest.mark.parametrize(
    ("records", "head"),
    [
        ([], "00" * 32),
        # SHA-256 of 32 zero bytes, a number that any tool gives
        ([b""], "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"),
        ([b"abc"], "365aa7d8f7f9402c4b9434502b4cc89ddb09fe50d7cd95b493b834c62d5a5370"),
        ([b"abc", b"def"], "532f0131db1635cb105c9753e41e7908599aa4dd144658c92e50b60113ad993a"),
        ([b"abcdef"], "5b9f23e79914edb992a46403e05a48159e372cae4752625d221b37efecde340f"),
    ],
)
def test_heads_are_what_they_have_always_been(records: list[bytes], head: str) -> None:
    """Heads that users wrote down must still match."""
    assert extend_all(GENESIS, records).hex() == head


@given(raws)
def test_the_head_is_a_plain_fold_of_sha256(records: list[bytes]) -> None:
    """As the module's page writes it."""
    head = bytes(32)
    for raw in records:
        head = hashlib.sha256(head + raw).digest()
    assert extend_all(GENESIS, records) == head


@given(raws, st.integers(0, 12))
def test_a_chain_goes_on_from_any_of_its_heads(records: list[bytes], cut: int) -> None:
    """One by one, in batches, or all at once."""
    head = GENESIS
    for raw in records:
        head = extend(head, raw)
    assert head == extend_all(extend_all(GENESIS, records[:cut]), records[cut:])


@given(raws.filter(any), st.data())
def test_any_flipped_bit_changes_the_head(records: list[bytes], data: st.DataObject) -> None:
    """Wherever it stands."""
    index = data.draw(st.sampled_from([i for i, raw in enumerate(records) if raw]))
    place = data.draw(st.integers(0, len(records[index]) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(records[index])
    changed[place] ^= 1 << bit
    others = [*records[:index], bytes(changed), *records[index + 1 :]]
    assert extend_all(GENESIS, others) != extend_all(GENESIS, records)


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=2, max_size=6, unique=True))
def test_order_and_length_are_part_of_the_head(records: list[bytes]) -> None:
    """Neither a swap nor a record less goes unseen."""
    head = extend_all(GENESIS, records)
    assert extend_all(GENESIS, records[::-1]) != head
    assert extend_all(GENESIS, records[:-1]) != head


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20))
def test_moving_the_border_between_two_records_changes_the_head(a: bytes, b: bytes) -> None:
    """One long record is not two short ones."""
    assert extend_all(GENESIS, [a, b]) != extend_all(GENESIS, [a + b])
    assert extend_all(GENESIS, [a, b]) != extend_all(GENESIS, [a + b[:1], b[1:]])
