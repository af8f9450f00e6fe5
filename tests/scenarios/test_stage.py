"""Tables are strict: what is left out, too much, too early or out of its column does not pass."""

import pytest

from tests.scenarios.stage import play


def failure(table: str) -> str:
    """What is said of a table that does not hold."""
    with pytest.raises(AssertionError) as caught:
        play(table)
    return str(caught.value)


def test_an_event_that_is_left_out_is_shown() -> None:
    """The failing line is marked, with what was wanted and what came."""
    story = failure("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 3                    a PENDING_NEW; a NEW
    """)
    assert ">>     09:30:01     buy a 3" in story
    assert "wanted: a PENDING_NEW; a NEW\n" in story
    assert "came:   a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker" in story


def test_an_event_between_two_lines_is_shown_with_its_time() -> None:
    """A table is complete in time, too."""
    story = failure("""
    given latency 50ms 50ms
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 3                    a PENDING_NEW
    09:30:02     quote 100.00 100.02 9 9
    """)
    assert "before this, at 09:30:01.05, came: a NEW; a FILL 3 @ 100.02 taker" in story


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("pos 2", "is:     pos 3"),
        ("cash -300.00", "is:     cash -300.06"),
        ("cash 99700", "is:     cash 99699.94"),
        ("held 1", "is:     held 0"),
        ("a is NEW", "is:     a is FILLED"),
        ("status PAUSED", "is:     status RUNNING"),
    ],
)
def test_a_state_that_is_not_so_is_shown(wanted: str, told: str) -> None:
    """With what it is."""
    assert told in failure(f"""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:01     buy a 3                    a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker; {wanted}
    """)


def test_a_row_that_waits_must_be_said_to_wait() -> None:
    """Else it would be lost without a word."""
    story = failure("""
    time         what                       expect
    09:30:00     quote 100.00 100.02 9 9
    09:30:00     pause                      PAUSED requested
    09:30:01     quote 100.00 100.02 9 9
    """)
    assert "came:   not taken" in story


def test_a_word_across_a_column_is_refused() -> None:
    """It would be read as two."""
    assert "out of its column" in failure("""
    time         what           expect
    09:30:00     quote 100.00 100.02 9 9
    """)
