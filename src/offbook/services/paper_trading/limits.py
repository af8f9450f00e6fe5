"""Bounds and rhythms of the manager and its runners; each has a reason to be finite."""

from __future__ import annotations

import math

import msgspec

from offbook.domain.errors import InvalidInput


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may wait, run ahead or take long.

    ``mailbox``: commands that may wait for one session.  ``ahead_seconds`` and ``ahead_records``:
    how far the engine may run ahead of the commit.  ``commit_seconds`` and ``commit_records``: when
    a commit begins although nobody waits for it (shortly before the engine waits: a busy engine and
    the store's thread are in each other's way); ``cursor_seconds``: the same where rows passed
    without records.  ``call_seconds``: what one call of the engine should take, at most
    ``call_rows`` rows, or ``pass_rows`` where most are passed over; after ``call_records`` records,
    or ``call_turns`` instants and rows that were not, it begins nothing more.  ``block_rows``: rows
    per read of the feed at most, which gives as many as it has at hand.  ``snapshot_rows``
    (``pass_snapshot_rows`` where most are passed over, and so soon passed again) and
    ``snapshot_records``: when a snapshot falls due, by records at the soonest when the journal has
    grown by a quarter.  ``fold_seconds``: after how long a sleep the engine of a session without a
    strategy is kept folded up, which costs its next command 0.2 ms, and up to 5 ms with a thousand
    orders; with more it stays as it is.  ``retry_first_seconds`` doubles up to
    ``retry_most_seconds`` while storage is down.
    ``lag_seconds``: how long a row of a live market may wait for a session before that counts as
    lagging; ``lag_rows``: by how many rows it may be behind before it leaves out all that have
    come (by default it never does, but reads on).
    ``stuck_seconds``: when a callback counts as stuck.  ``page_records``: records per read of the
    journal.  ``answers``: answers kept in memory per session.  ``poll_seconds``: how often the
    store is asked about a session that another process runs.  Raises InvalidInput for what is no
    number, or not above zero.
    """

    mailbox: int = 1024
    ahead_seconds: float = 0.05
    ahead_records: int = 4096
    commit_seconds: float = 0.049
    commit_records: int = 512
    cursor_seconds: float = 1.0
    call_seconds: float = 0.003
    call_rows: int = 65_536
    pass_rows: int = 16_777_216
    call_records: int = 128
    call_turns: int = 256
    block_rows: int = 16_777_216
    snapshot_rows: int = 250_000
    pass_snapshot_rows: int = 4_000_000
    snapshot_records: int = 5_000
    fold_seconds: float = 10.0
    retry_first_seconds: float = 0.1
    retry_most_seconds: float = 5.0
    lag_seconds: float = 1.0
    lag_rows: int = 2**62
    stuck_seconds: float = 2.0
    page_records: int = 1000
    answers: int = 1024
    poll_seconds: float = 0.5

    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(self):
            value: object = getattr(self, field.name)
            if isinstance(value, float) and isinstance(field.default, float):
                fits = 0 < value < math.inf
            else:
                fits = isinstance(value, int) and not isinstance(value, bool) and value > 0
            if not fits:
                raise InvalidInput(
                    f"limits.{field.name}={value!r}: expected a number above zero, an int where "
                    "things are counted",
                    field=field.name,
                )
