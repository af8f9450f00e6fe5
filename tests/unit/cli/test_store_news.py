"""A store that comes and goes is told of once."""

from __future__ import annotations

from offbook.cli.store_news import STEADY, StoreNews

FULL = "the disk is full: free some space"


def test_a_store_that_comes_and_goes_is_told_of_once() -> None:
    """Of a full disk a session would else say two lines for each change that it tries."""
    news = StoreNews()
    told = [news.after(down=look % 3 != 0, detail=FULL) for look in range(1, 300)]
    assert [line for line in told if line] == [
        f"the store does not answer; the session stands still and tries again: {FULL}"
    ]


def test_another_trouble_is_told_and_so_is_the_end_of_it() -> None:
    """Once it has lasted; and what comes after that is told anew."""
    news = StoreNews()
    assert news.after(down=False, detail="") is None
    assert FULL in (news.after(down=True, detail=FULL) or "")
    assert "moved away" in (news.after(down=True, detail="it was moved away") or "")
    quiet = [news.after(down=False, detail="") for _ in range(STEADY + 5)]
    assert [line for line in quiet if line] == ["the store answers again"]
    assert quiet[STEADY - 1] == "the store answers again"
    assert FULL in (news.after(down=True, detail=FULL) or "")
