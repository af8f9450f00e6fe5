"""What is asked of the world: the hour, and identifiers."""

from datetime import UTC

from offbook.adapters.clock import SystemClock
from offbook.adapters.ids import Uuid7Source
from offbook.domain.identifiers import is_uuid
from offbook.ports.clock import IClock, IIdSource


async def test_the_clock_of_the_system_tells_utc_and_never_runs_back() -> None:
    """And sleeping for nothing lets others run."""
    clock = SystemClock()
    assert isinstance(clock, IClock)
    assert clock.now().tzinfo is UTC
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.monotonic() >= before


def test_identifiers_are_uuids_that_sort_by_their_making() -> None:
    """Also within one millisecond, and when the wall clock steps back."""
    times = iter([1_700_000_000_000] * 500 + [1_699_999_999_000] * 500)
    source = Uuid7Source(milliseconds=lambda: next(times))
    assert isinstance(source, IIdSource)
    made = [source.session_id() for _ in range(500)] + [source.command_id() for _ in range(500)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert all(is_uuid(text) and text[14] == "7" for text in made)


def test_the_most_random_bits_do_not_overflow() -> None:
    """One more than the greatest is the next millisecond's first."""
    source = Uuid7Source(milliseconds=lambda: 5, random_bytes=lambda count: b"\xff" * count)
    first, second = source.session_id(), source.session_id()
    assert first < second
    assert is_uuid(second)


def test_real_identifiers_differ() -> None:
    """With the system's time and chance."""
    source = Uuid7Source()
    assert len({source.session_id() for _ in range(100)}) == 100
