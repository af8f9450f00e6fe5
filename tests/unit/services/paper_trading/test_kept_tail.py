"""The tail of a journal is read from the store once, and gone through twice."""

import pytest

from offbook.domain.journal import StoredRecord
from offbook.services.paper_trading.journal_reader import KeptTail, pages

JOURNAL = [StoredRecord(seq, b"%d" % seq) for seq in range(1, 41)]


@pytest.mark.parametrize("page", [1, 3, 7, 100])
@pytest.mark.parametrize(("after", "most"), [(0, 100), (0, 5), (13, 100), (13, 8), (40, 9)])
async def test_a_second_look_gives_the_same_and_asks_for_what_was_not_kept(
    page: int, after: int, most: int
) -> None:
    asked: list[int] = []

    async def read(after_seq: int, limit: int) -> list[StoredRecord]:
        asked.append(after_seq)
        return JOURNAL[after_seq : after_seq + limit]

    kept = KeptTail(read, after, most)
    first = [one async for part in pages(kept.read, 0, 40, page) for one in part]
    assert first == JOURNAL
    asked.clear()
    second = [one async for part in pages(kept.read, after, 40, page) for one in part]
    assert second == JOURNAL[after:]
    assert all(place >= after + most for place in asked)


async def test_nothing_is_kept_of_a_journal_with_a_hole() -> None:
    async def read(after_seq: int, limit: int) -> list[StoredRecord]:
        return [one for one in JOURNAL if one.seq > after_seq and one.seq != 3][:limit]

    kept = KeptTail(read, 0, 100)
    whole = [one.seq async for part in pages(kept.read, 0, 40, 10) for one in part]
    assert 3 not in whole
    assert [one.seq for one in await kept.read(0, 5)] == [1, 2]
    assert [one.seq for one in await kept.read(2, 2)] == [4, 5]
