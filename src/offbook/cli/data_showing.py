"""What ``offbook data`` answers, for people and as documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from offbook.cli.describing import description_of_options
from offbook.cli.failures import FAILURE, tell
from offbook.cli.shell import Shell, near, paint, plain
from offbook.config.adjusted import unread_adjustment
from offbook.config.gathering import named_sources
from offbook.config.markets import beside, locate_recording
from offbook.config.recordings import RecordingInfo, files_apart, look_into
from offbook.config.synthetic import is_synthetic
from offbook.domain.errors import InvalidInput, OffbookError
from offbook.services.reporting.formatting import clock, counted, duration

if TYPE_CHECKING:
    from offbook.config.markets import MarketDescription


def show_data(shell: Shell, paths: list[str], given: dict[str, Any]) -> int:
    """What is in each recording; 0 also where something is still to be told, 1 where one of several
    cannot be read.  One that is asked for alone raises what is wrong with it."""
    told = description_of_options(given)
    sources = [source for path in paths for source in named_sources(path, told)]
    for source in sources:
        if is_synthetic(source.data):
            raise InvalidInput(f"{source.data} is made up as it is read: there is no file")
    shown = _Shown(shell)
    for source in sources:
        try:
            shown.look(source.data, source.told)
        except OffbookError as error:
            files = files_apart(source.data, source.told)
            if len(sources) == len(files) == 1:
                raise
            shown.look_apart(source.data, error, files)
    if shell.json:
        shell.document({"recordings": shown.documents, "failures": shown.failures})
    return FAILURE if shown.failures else 0


class _Shown:
    """What was told so far, and what could not be read."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.documents: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []

    def look(self, data: str, told: MarketDescription) -> None:
        """Tell what is in a recording. Raises what reading raises."""
        found = look_into(data, told)
        self.documents.append(_document(found, data))
        if not self._shell.json:
            for line in _lines(found, data):
                self._shell.say(line)

    def look_apart(
        self, data: str, error: OffbookError, files: list[tuple[str, MarketDescription]]
    ) -> None:
        """Tell what is in each file of what is no recording as a whole, and which are the bad
        ones; where none is, why they do not go together."""
        before = len(self.failures)
        for name, told in files if len(files) > 1 else ():
            try:
                self.look(name, told)
            except OffbookError as wrong:
                self._fail(name, wrong)
        if len(self.failures) == before:
            self._fail(data, error)

    def _fail(self, data: str, error: OffbookError) -> None:
        fields = plain(dict(error.fields))
        told = {"code": error.code, "message": error.message, "fields": fields}
        self.failures.append({"path": data, "error": told})
        if not self._shell.json:
            tell(error, self._shell)


def _document(found: RecordingInfo, data: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(found.inspection)
    document["description"] = str(beside(locate_recording(data)))
    document["told"] = msgspec.to_builtins(found.told)
    document["missing"] = found.missing
    document["guess"] = msgspec.to_builtins(found.guess)
    return document


def _lines(found: RecordingInfo, data: str) -> list[str]:
    seen = found.inspection
    lines = [paint(near(seen.path), "bold", sys.stdout)]
    if len(seen.files) > 1:
        lines.append(f" files      {len(seen.files)}, as one recording")
    length = duration(seen.last_ts - seen.first_ts)
    lines += [
        f" rows       {seen.rows:,} of {seen.kind.value}",
        f" span       {clock(seen.first_ts)} to {clock(seen.last_ts)} UTC ({length})",
        f" times      {seen.time_unit}",
        f" columns    {' '.join(_column(*pair) for pair in seen.columns.items())}",
    ]
    if seen.unused:
        lines.append(f" not read   {' '.join(seen.unused)}")
        passed = unread_adjustment(locate_recording(data), found.told)
        lines += [] if passed is None else [f"            {passed}"]
    lines.append(f" decimals   prices {seen.price_decimals}, sizes {seen.size_decimals}")
    lines += _facts(found)
    if found.missing is None:
        symbol = found.told.symbol
        lines += [f" to tell    nothing: it can be run as {symbol}", ""]
        return lines
    lines += [
        f" to tell    {found.missing}",
        f" a guess    to be checked, and kept as {near(str(beside(locate_recording(data))))}:",
        *(f"   {line}" for line in found.guess_toml.splitlines()),
        "",
    ]
    return lines


def _facts(found: RecordingInfo) -> list[str]:
    """What only some kinds of rows have, and what may be wrong with the rows."""
    seen, lines = found.inspection, []
    if seen.step_ns is not None:
        lines.append(f" step       mostly {_length(seen.step_ns)} from bar to bar")
    if seen.median_spread is not None:
        lines.append(f" spread     {seen.median_spread} (median)")
    if seen.sides_known is not None:
        lines.append(f" sides      known of {seen.sides_known:,} of {seen.rows:,}")
    if seen.delays_ns is not None:
        least, median, most = (seen.delays_ns[place] for place in (0, 32, -1))
        lines.append(
            f" delay      {_length(median)} from the venue to the recorder, "
            f"mostly {_length(least)} to {_length(most)}"
        )
    gaps = ", ".join(
        f"{_length(gap.ends - gap.begins)} at {clock(gap.begins)}" for gap in seen.gaps
    )
    lines.append(f" gaps       {gaps or 'none'}")
    lines.append(
        f" alike      {counted(seen.duplicates, 'row')} in all like the one before, "
        f"{seen.simultaneous:,} of the same time"
    )
    lines.append(f" bad rows   {reasons(seen.bad) or 'none'}")
    lines += [
        f"            {Path(bad.file).name}, row {bad.row}"
        + (f", column {bad.column}" if bad.column else "")
        + f": {bad.reason}"
        for bad in seen.examples
    ]
    if "out_of_order" in seen.bad:
        lines += [
            "            a file with the newest row first: offbook data convert --newest-first",
            "            one of several instruments: offbook data convert --only COLUMN=TEXT",
        ]
    return lines


def _column(ours: str, theirs: str) -> str:
    return ours if ours == theirs else f"{ours}={theirs}"


def _length(ns: int) -> str:
    return f"{ns / 1e9:.3g} s" if ns < 60 * 10**9 else duration(ns)


def reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
