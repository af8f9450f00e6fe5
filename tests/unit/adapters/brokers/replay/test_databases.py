"""The databases that read recordings are kept for the next reader, each for one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any, cast

import duckdb
import pytest

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.reader import RecordingReader


def test_what_is_given_back_is_given_out_again() -> None:
    first = query.connect()
    query.release(first)
    assert query.connect() is first
    query.release(first)


def test_two_at_a_time_have_one_each() -> None:
    first, second = query.connect(), query.connect()
    assert first is not second
    query.release(first)
    query.release(second)


def test_one_that_no_longer_answers_is_left_aside() -> None:
    spoilt = query.connect()
    spoilt.close()
    query.release(spoilt)
    sound = query.connect()
    assert sound is not spoilt
    assert sound.execute("SELECT 1").fetchall() == [(1,)]
    query.release(sound)


def test_no_more_are_kept_than_are_worth_it() -> None:
    given = [query.connect() for _ in range(6)]
    for connection in given:
        query.release(connection)
    closed = [connection for connection in given if not _answers(connection)]
    assert len(closed) >= 2


def test_its_doors_stay_shut() -> None:
    connection = query.connect()
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        connection.execute("SET threads = 4")
    query.release(connection)


def test_none_is_given_back_while_it_is_being_interrupted() -> None:
    """Else the interruption would meet the next reader."""
    reader = RecordingReader.__new__(RecordingReader)
    seen: list[bool | threading.Thread] = []

    class Slow:
        def interrupt(self) -> None:
            other = threading.Thread(target=reader.close)
            other.start()
            other.join(0.2)
            seen.append(other.is_alive())
            seen.append(other)

        def close(self) -> None:
            pass

    reader._stop, reader._giving_back = threading.Event(), threading.Lock()
    reader._stream = reader._relation = None
    reader._connection = cast(Any, Slow())
    idle = list(query._idle)
    reader.interrupt()
    waited, other = seen
    cast(threading.Thread, other).join(10)
    query._idle[:] = idle
    assert waited


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_its_own() -> None:
    """What it inherits may wait for ever for threads that it has not."""
    script = (
        "import os\n"
        "from offbook.adapters.brokers.replay import query\n"
        "first = query.connect()\n"
        "query.release(first)\n"
        "if (child := os.fork()) == 0:\n"
        "    os._exit(query.connect() is first)\n"
        "raise SystemExit(os.waitpid(child, 0)[1] != 0 or query.connect() is not first)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def _answers(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1")
    except duckdb.Error:
        return False
    return True
