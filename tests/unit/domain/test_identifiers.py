"""Identifiers: the same on every run inside a session, in order of time for sessions."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.identifiers import EXECUTION, VENUE_ORDER, derived_id, is_uuid, uuid7_from

milliseconds = st.integers(0, 2**48 - 1)
bits = st.integers(0, 2**74 - 1)


@pytest.mark.parametrize(
    ("seed", "purpose", "ordinal", "expected"),
    [
        (0, VENUE_ORDER, 1, "6b87bbc8-6b1e-80b4-9ec8-27a4b95d9515"),
        (0, VENUE_ORDER, 2, "75c03419-61b4-81bb-aa53-09816bb7aa0c"),
        (0, EXECUTION, 1, "35b60504-7a57-8949-833a-bf5dd3eef655"),
        (2**63 - 1, EXECUTION, 10**9, "06548c9c-b45d-85df-8511-a73cf82dc4ad"),
    ],
)
def test_derived_ids_are_what_they_have_always_been(
    seed: int, purpose: str, ordinal: int, expected: str
) -> None:
    """They stand in records: another value is another session."""
    assert derived_id(seed, purpose, ordinal) == expected


# One to four bytes each; a search among all of Unicode begins by building a table of it.
SIGNS = st.text("abz09 _-:/\x00\n\x7fß€漢😀", max_size=10)


@given(st.integers(0, 2**63 - 1), SIGNS, st.integers(0, 10**6))
def test_a_derived_id_is_a_uuid_of_version_8(seed: int, purpose: str, ordinal: int) -> None:
    """With the variant of RFC 9562."""
    text = derived_id(seed, purpose, ordinal)
    parsed = uuid.UUID(text)
    assert parsed.version == 8
    assert parsed.variant == uuid.RFC_4122
    assert str(parsed) == text
    assert is_uuid(text)


def test_no_two_things_of_one_session_share_an_id() -> None:
    """Nor do equal things of two sessions."""
    ids = {
        derived_id(seed, purpose, ordinal)
        for seed in range(10)
        for purpose in (VENUE_ORDER, EXECUTION)
        for ordinal in range(1000)
    }
    assert len(ids) == 10 * 2 * 1000


def test_numbers_that_read_alike_side_by_side_give_different_ids() -> None:
    """Seed 1 and thing 11 are not seed 11 and thing 1."""
    assert derived_id(1, "x", 11) != derived_id(11, "x", 1)
    assert derived_id(1, "1", 1) != derived_id(11, "", 1)


def test_the_example_of_rfc_9562_is_met() -> None:
    """Appendix A.6: time 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    random_bits = (0xCC3 << 62) | 0x18C4DC0C0C07398F
    assert uuid7_from(0x017F22E279B0, random_bits) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(milliseconds, bits)
def test_a_session_id_holds_its_time_and_all_random_bits(unix_ms: int, random_bits: int) -> None:
    """48 bits of time, version 7, 12 and 62 random bits around the variant."""
    text = uuid7_from(unix_ms, random_bits)
    value = uuid.UUID(text).int
    assert uuid.UUID(text).version == 7
    assert uuid.UUID(text).variant == uuid.RFC_4122
    assert value >> 80 == unix_ms
    assert ((value >> 64) & 0xFFF) << 62 | value & (2**62 - 1) == random_bits
    assert is_uuid(text)


@given(milliseconds, milliseconds, bits, bits)
def test_session_ids_sort_by_time_then_by_their_bits(
    one: int, other: int, low: int, high: int
) -> None:
    """As text, which is how listings sort them."""
    first, second = sorted([(one, low), (other, high)])
    assert uuid7_from(*first) <= uuid7_from(*second)
    assert (uuid7_from(*first) == uuid7_from(*second)) is (first == second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
        " 017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    ],
)
def test_only_lower_case_uuids_with_dashes_count(text: str) -> None:
    """One form, so that equal ids are equal text."""
    assert not is_uuid(text)
