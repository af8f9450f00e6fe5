"""Delays as a recording measured them: ``type = "recording"`` in a table of ``venue.latency``.

What is kept with a session are the delays themselves, so it is verified also where the recording is
gone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from offbook.config.known import LATENCY, RECORDING, VENUES, dotted
from offbook.config.markets import locate_recording
from offbook.domain.config import MAX_LATENCY_NS
from offbook.domain.errors import InvalidConfig

_TOLD: Final = frozenset({"type", "file"})


def resolve_measured(document: dict[str, Any]) -> None:
    """Put the delays of the recordings that a session's document names into it.

    Raises InvalidConfig, naming the setting, for a recording that cannot tell them, and what
    reading it raises.
    """
    latency: Any = document
    for name in LATENCY:
        latency = latency.get(name) if isinstance(latency, dict) else None
    if not isinstance(latency, dict):
        return
    for way, table in latency.items():
        field = dotted((*LATENCY, way))
        latency[way] = _resolved(table, field, f"{field}.file")
    venues, field = latency.get(VENUES[-1]), dotted(VENUES)
    if isinstance(venues, (list, tuple)):
        # Made anew: the list is the source's own, and read again for the next session.
        latency[VENUES[-1]] = [_resolved_venue(venue, field) for venue in venues]


def _resolved_venue(venue: Any, field: str) -> Any:
    """A venue with latencies of its own, its ways resolved."""
    if not isinstance(venue, dict):
        return venue
    told = f"{field}: {venue.get('name')}: "
    return {way: _resolved(table, told + way, field) for way, table in venue.items()}


def _resolved(table: Any, told: str, field: str) -> Any:
    """What a table of delays stands for, which errors call so and find in that field."""
    if not isinstance(table, dict):
        return table
    if table.get("type") != RECORDING:
        if "file" in table:
            raise InvalidConfig(f'{told}.file is for type = "{RECORDING}"', field=field)
        return table
    more = sorted(set(table) - _TOLD)
    if more or not table.get("file"):
        what = f"not {', '.join(more)}" if more else "the recording that was measured"
        raise InvalidConfig(f'{told}: type = "{RECORDING}" takes a file, {what}', field=field)
    measured = _delays(str(table["file"]), f"{told}.file", field)
    return {"type": "empirical", "quantiles_ns": list(measured)}


def _delays(file: str, told: str, field: str) -> tuple[int, ...]:
    recording = locate_recording(file)
    try:
        at = recording.stat().st_mtime_ns
    except OSError:
        at = 0  # whoever reads it says what is wrong
    measured = _quantiles(str(recording), at)
    if measured is None:
        raise InvalidConfig(
            f"{told}: the rows of {file} do not have two times, that of the venue (ts_event) and "
            "that of their receipt (ts_init), so they tell no delay: name another recording, or "
            "its columns in the description beside it",
            field=field,
        )
    if measured[0] < 0:
        raise InvalidConfig(
            f"{told}: in {file} rows were received before the venue's time of them, by "
            f"{-measured[0]:,} ns: the clocks disagree, and no honest delays can be told. Correct "
            "the times first",
            field=field,
        )
    if measured[-1] > MAX_LATENCY_NS:
        raise InvalidConfig(
            f"{told}: rows of {file} took {measured[-1]:,} ns, more than the {MAX_LATENCY_NS:,} "
            "that a message may take here",
            field=field,
        )
    return measured


@lru_cache(maxsize=8)
def _quantiles(recording: str, _changed_ns: int) -> tuple[int, ...] | None:
    """Read once for all sessions of a process, and again when the file has changed."""
    from offbook.config.markets import MarketDescription
    from offbook.config.recordings import look_into

    return look_into(recording, MarketDescription()).inspection.delays_ns
