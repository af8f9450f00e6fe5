"""What ``offbook data check`` answers: how a capture agrees with the checksums in it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from offbook.cli.describing import description_of_options
from offbook.cli.failures import FAILURE
from offbook.cli.shell import Shell, near
from offbook.config.capture_checking import check_capture
from offbook.config.gathering import split_symbol
from offbook.services.reporting.formatting import counted

SHOWN: Final = 5


def show_check(shell: Shell, source: str, given: dict[str, Any]) -> int:
    """Say how many checksums agree; 0 when all do, 1 otherwise."""
    symbol, data = split_symbol(source)
    found = check_capture(data, symbol, description_of_options(given))
    wrong = len(found.mismatches)
    if shell.json:
        shell.document({**msgspec.to_builtins(found), "agree": found.checksums - wrong})
        return FAILURE if wrong else 0
    shell.say(
        f"{near(data)}: {counted(found.checksums, 'checksum')} of {found.venue}, "
        f"{found.checksums - wrong:,} agree"
    )
    for one in found.mismatches[:SHOWN]:
        shell.say(f"  row {one.row:,}: published {one.expected}, found {one.found}")
    if wrong > SHOWN:
        shell.say(f"  and {wrong - SHOWN:,} more")
    return FAILURE if wrong else 0
