"""What bad worker processes of a recovery run; they import this."""

from __future__ import annotations

import os
import signal
import threading

from offbook.adapters.recovery.messages import Rebuild, Rebuilt, Stuck, decode_for_worker, encode
from offbook.adapters.workers.process import PipeEnd


def dies(connection: PipeEnd) -> None:
    """Is killed by what it is asked first, as by one who runs out of memory."""
    connection.recv_bytes()
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(connection: PipeEnd) -> None:
    """Says that it hangs in the first session; neither answers nor leaves."""
    asked = decode_for_worker(connection.recv_bytes())
    assert isinstance(asked, Rebuild)
    connection.send_bytes(encode(Stuck(asked.session_id, 3.0, "where it is")))
    threading.Event().wait()


def freezes(connection: PipeEnd) -> None:
    """Answers once, and is then stopped from outside, as by a debugger or from a shell."""
    asked = decode_for_worker(connection.recv_bytes())
    assert isinstance(asked, Rebuild)
    connection.send_bytes(encode(Rebuilt(asked.session_id)))
    connection.recv_bytes()
    os.kill(os.getpid(), signal.SIGSTOP)


def babbles(connection: PipeEnd) -> None:
    """Answers what nobody can read."""
    while True:
        connection.recv_bytes()
        connection.send_bytes(b"\x93\xa5Stuck")


def falls_silent(connection: PipeEnd) -> None:
    """Closes its pipe, as a strategy may that closes all that is open, and lives on."""
    connection.recv_bytes()
    connection.close()
    threading.Event().wait()
