"""What bad worker processes of a recovery run; they import this and little else."""

from __future__ import annotations

import os
import signal
import threading

from offbook.adapters.workers.process import PipeEnd


def dies(connection: PipeEnd) -> None:
    """Is killed by what it is asked first, as by one who runs out of memory."""
    connection.recv_bytes()
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(connection: PipeEnd) -> None:
    """Neither answers nor leaves."""
    connection.recv_bytes()
    threading.Event().wait()


def babbles(connection: PipeEnd) -> None:
    """Answers what nobody can read."""
    while True:
        connection.recv_bytes()
        connection.send_bytes(b"\x93\xa5Stuck")
