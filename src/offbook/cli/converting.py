"""``offbook data convert``: what its options ask for, and what is told of the new file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from offbook.cli.data_showing import reasons
from offbook.cli.describing import description_of_options
from offbook.cli.shell import Shell, near
from offbook.config.adjusted import unread_adjustment
from offbook.config.gathering import split_symbol
from offbook.config.markets import locate_recording
from offbook.config.moments import parse_moment
from offbook.config.recordings import convert_data
from offbook.config.sessions import parse_settings
from offbook.domain.config import Adjustment
from offbook.domain.errors import InvalidInput, StorageUnavailable, system_reason
from offbook.services.reporting.formatting import counted

if TYPE_CHECKING:
    from offbook.config.markets import MarketDescription

_DESCRIBED: Final = (
    *("kind", "column", "header", "timezone", "timeframe", "label", "drop_bad_rows"),
)
_UNUSUAL: Final = ("skip_lines", "only", "newest_first", "time_format", "numbers")


def convert_file(shell: Shell, asked: Mapping[str, Any]) -> int:
    """Write a recording anew, as options ``asked`` by their names; 0 when it is done."""
    target, prices, taken = asked["target"], asked["adj_close"], asked["take_actions"]
    symbol, data = split_symbol(asked["source"])
    told = _told({name: asked[name] for name in _DESCRIBED}, symbol)
    try:
        made, description = convert_data(
            data,
            target,
            told,
            into=asked["into"],
            replace=asked["force"],
            layout=asked["layout"],
            day=asked["day"],
            unusual=_unusual(asked),
            quote_size=asked["quote_size"],
            take_actions=None if taken is None else Adjustment(taken.value),
            between=(_moment(asked["since"]), _moment(asked["until"])),
        )
    except OSError as error:
        raise StorageUnavailable(f"{target} cannot be written: {system_reason(error)}") from None
    if shell.json:
        document = msgspec.to_builtins(made)
        document["description"] = None if description is None else str(description)
        shell.document(document)
        return 0
    shell.say(f"{near(made.path)}: {counted(made.rows, 'row')} of {made.kind.value}, "
              f"{made.bytes:,} bytes")  # fmt: skip
    if made.dropped:
        shell.say(f"left out: {reasons(made.dropped)}")
    if description is not None:
        shell.say(f"described in {near(str(description))}")
    if prices is None and taken is None:
        passed = unread_adjustment(locate_recording(data), told)
        if passed is not None:
            shell.note(passed)
    return 0


def _unusual(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What options tell of an unusual table; empty where nothing."""
    told = {name: asked[name] for name in _UNUSUAL if asked[name]}
    if asked["decimals"] is not None:
        told["decimals"] = asked["decimals"]
    if asked["adj_close"] is not None and asked["adj_close"].value == "adjusted":
        told["adjusted"] = True
    if "only" in told:
        for pair in told["only"]:
            if "=" not in pair:
                raise InvalidInput(
                    f"--only {pair!r}: write COLUMN=TEXT, such as Symbol=AAPL", field="only"
                )
        told["only"] = parse_settings(told["only"])
    return told


def _told(given: dict[str, Any], symbol: str | None) -> MarketDescription:
    told = description_of_options(given)
    return told if symbol is None else msgspec.structs.replace(told, symbol=symbol)


def _moment(text: str | None) -> int | None:
    return None if text is None else parse_moment(text)
