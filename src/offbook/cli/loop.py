"""Running a command's coroutine, with logs kept away from stdout."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from offbook.cli.entry import hear
from offbook.cli.shell import Shell

T = TypeVar("T")


def run_async(shell: Shell, work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; what the parts log goes to stderr, and only where it was asked for."""
    level = logging.INFO if shell.verbose else logging.CRITICAL
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    if signal.getsignal(signal.SIGINT) is not hear:
        return asyncio.run(work)
    # With Python's own handler in place the loop takes Ctrl-C over, and cancels in order.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, hear)
