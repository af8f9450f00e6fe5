"""The contract of ``IPaperTradingSessionRepository``, as tests for pytest with pytest-asyncio.

::

    class TestMyRepository(RepositoryContract):
        async def open(self, tmp_path): ...
        async def reopen(self, repository): ...
"""

from __future__ import annotations

from offbook.testing.contracts.repository_journal import JournalContract
from offbook.testing.contracts.repository_ownership import CommandsContract, LeaseContract
from offbook.testing.contracts.repository_saving import SavingContract


class RepositoryContract(SavingContract, JournalContract, CommandsContract, LeaseContract):
    """Everything that a repository promises: derive a test class and say how to open one."""
