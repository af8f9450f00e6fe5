"""Scenario tables: what happens in a market, and all that must come of it.

::

    play('''
    given latency 50ms 50ms
    time         what                     expect
    09:30:00     quote 100.00 100.02 5 5
    09:30:01     buy a 3 @ 100.02         a PENDING_NEW; held 300.06
    09:30:01.05                           a NEW; a FILL 3 @ 100.02 taker; cash -300.06; pos 3
    ''')

``given`` clauses stand in ``setting.py``, rules of a strategy (``on quote #2: sell b 3``) in
``puppet.py``, the words of records in ``wording.py``.  The orders of a list are parted by ``/`` and
may stand in several lines.  A line with nothing to do lets its time come; a line of a date alone
changes the day; a bar's line is its end.  ``not taken`` says that a row was left for later,
``invalid <field>`` that a request was refused before it was recorded.
What must come is complete and in order, and at the line's time, except for what tells a state:
``cash`` and ``held`` (of cash or margin; a sign means a change), ``pos``, ``fees``, ``realized``,
``equity``, ``power`` (buying power), ``used`` (margin of positions), ``status`` and ``<order> is
<status>``; ``...`` stands for any number of events.  After each line the books must balance, and at
the end the same session is run again with its rows in larger slices, which may change no byte.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from offbook.domain.commands import Start
from offbook.domain.errors import FloatNotExact, InvalidOrder, OrderConflict, OrderNotFound
from offbook.domain.market_data import MarketSlice
from offbook.domain.records import CommandTaken, Record, encode_record
from offbook.engine.inputs import Advance, Attach, EndOfData, EngineInput, Take
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.sessions import new_session
from tests.scenarios import books
from tests.scenarios.puppet import puppet
from tests.scenarios.setting import Setting
from tests.scenarios.steps import ROWS, command, market_row
from tests.scenarios.wording import FIRST_DAY, clock_text, moment, outcome

STATES: Final = re.compile(
    r"(cash|held|pos|fees|realized|status|equity|power|used) \S+$|\S+ is [A-Z_]+$"
)
WORTH: Final = {"equity", "power", "used"}


class Line(msgspec.Struct):
    """One step of a table; ``number`` is its place in the text."""

    number: int
    ts: int
    what: list[str]
    expect: list[str]


class Table:
    """A table read: what is given, the strategy's rules, and the steps."""

    def __init__(self, text: str) -> None:
        self.text = text.splitlines()
        self.setting = Setting()
        self.rules: list[str] = []
        self.lines: list[Line] = []
        self.day = FIRST_DAY
        columns: tuple[int, int] | None = None
        for number, raw in enumerate(self.text):
            if not raw.strip() or raw.lstrip().startswith("#"):
                continue
            if columns is None:
                columns = self._opening(raw)
            elif re.fullmatch(r"\s*\d{4}-\d\d-\d\d\s*", raw):
                self.day = raw.strip()
            else:
                self._step(number, raw, *columns)

    def at(self, clock: str) -> int:
        """A time of the first day, or of another that is named before it with a ``T``."""
        day, _, hour = clock.rpartition("T")
        return moment(day or FIRST_DAY, hour)

    def _opening(self, raw: str) -> tuple[int, int] | None:
        word = raw.split()[0]
        if word == "time":
            return raw.index("what"), raw.index("expect")
        if word == "given":
            self.setting.read(raw.strip())
        else:
            assert word == "on", f"what does this give? {raw}"
            self.rules.append(raw.strip())
        return None

    def _step(self, number: int, raw: str, what: int, expect: int) -> None:
        padded = raw.ljust(expect + 1)
        gaps = padded[what - 1] + padded[expect - 1]
        assert not gaps.strip(), f"out of its column:\n{raw}"
        parts = [part.strip() for part in padded[expect:].split(";") if part.strip()]
        clock = padded[:what].strip()
        if clock:
            doing = padded[what:expect].split()
            self.lines.append(Line(number, moment(self.day, clock), doing, parts))
        else:
            more = padded[what:expect].split()
            assert more[:1] in ([], ["/"]), f"a step without its time:\n{raw}"
            self.lines[-1].what += more
            self.lines[-1].expect += parts

    def shown(self, failing: Line, story: str) -> str:
        """The table with the failing line marked, and what came instead."""
        marked = [
            f"{'>>' if number == failing.number else '  '} {raw}"
            for number, raw in enumerate(self.text)
        ]
        return "\n".join([*marked, "", story])


def play(text: str) -> None:
    """Carry a table out. Raises AssertionError, showing the table, where it does not hold."""
    table = Table(text)
    stage = Stage(table)
    lines = table.lines
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        came = stage.carry_out(line)
        if stage.completes(line, following):
            came += stage.feed(Advance(ts=line.ts))
        stage.judge(line, came)
        if following is not None and following.ts > line.ts:
            between = stage.feed(Advance(ts=following.ts - 1))
            when = clock_text(stage.engine.now)
            assert not between, table.shown(
                following, f"before this, at {when}, came: {'; '.join(between)}"
            )
    stage.run_again()


class Stage:
    """One engine, carrying out lines and telling what came of each."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.ledger = LedgerState()
        self.records: list[Record] = []
        self.inputs: list[EngineInput] = []
        self.commands = 0
        self.row_ts = 0
        self._build()
        attach = Attach(market=table.setting.market, calendars=table.setting.calendars)
        self.feed(attach)
        if table.lines[0].what[:1] != ["start"]:
            begun = self.feed(Take(command=Start(command_id="start"), ts=table.lines[0].ts))
            assert begun == ["STARTED"], f"say start, for with it came {begun}"

    def _build(self) -> None:
        table = self.table
        strategy = None
        if table.rules or table.setting.hears:
            hears, symbol = table.setting.hears, table.setting.instrument.symbol
            strategy = puppet(table.rules, hears, symbol, table.at)
        self.engine = ProcessingEngine(new_session(config=table.setting.config), strategy)
        self.strategy = strategy
        if strategy is not None:
            strategy.take(self.engine)

    # -- carrying out -----------------------------------------------------------------------

    def carry_out(self, line: Line) -> list[str]:
        """Do what a line says; what came of it."""
        verb, *words = line.what or ["-"]
        if verb == "-":
            return []
        if verb in ROWS:
            return self._row(
                market_row(self.table.setting, self.engine.cursor.row, line.ts, line.what)
            )
        if verb == "end":
            return self.feed(EndOfData())
        self.commands += 1
        symbol = self.table.setting.instrument.symbol
        given = command(f"c{self.commands}", verb, words, symbol)
        try:
            self.engine.check(given)
        except (InvalidOrder, FloatNotExact, OrderConflict, OrderNotFound) as error:
            return [f"invalid {error.fields.get('field', 'order_id')}"]
        return self.feed(Take(command=given, ts=line.ts))

    def _row(self, row: MarketSlice) -> list[str]:
        row.check()
        came = self.feed(row)
        if self.engine.cursor.row == row.start:
            self.inputs.pop()
            came.append("not taken")
        else:
            self.row_ts = int(row.ts[-1])
        return came

    def feed(self, given: EngineInput) -> list[str]:
        """Give the engine one input; what came of it, in words and in order."""
        heard = 0 if self.strategy is None else len(self.strategy.log)
        records = self.engine.process([given])
        if not isinstance(given, Advance):
            self.inputs.append(given)
        said = []
        for record in records:
            self.ledger.apply(record)
            self.records.append(record)
            setting = self.table.setting
            for instrument in setting.instruments:
                books.check(self.ledger, record, instrument)
            order = self.ledger.orders.get(getattr(record, "order", 0))
            traded = setting.named(None if order is None else order.symbol)
            text = outcome(record, self.ledger.orders, traded)
            said += [] if text is None else [(record.seq, text)]
        if self.strategy is not None:
            said += self.strategy.log[heard:]
        said.sort(key=lambda entry: entry[0])
        return [text for _, text in said]

    def completes(self, line: Line, following: Line | None) -> bool:
        """Whether all of a line's moment may happen before the next line: not where rows of the
        same moment follow, and not where only commands have begun it."""
        if following is None or following.ts > line.ts:
            return True
        return following.what[:1] not in [[kind] for kind in ROWS] and self.row_ts == line.ts

    # -- judging ----------------------------------------------------------------------------

    def judge(self, line: Line, came: list[str]) -> None:
        """Compare what came with what the line expects, then the states that it names."""
        wanted = [part for part in line.expect if not STATES.match(part)]
        story = f"wanted: {'; '.join(wanted) or 'nothing'}\ncame:   {'; '.join(came) or 'nothing'}"
        if "..." in wanted:
            gap = wanted.index("...")
            after = len(wanted) - gap - 1
            came = [*came[:gap], "...", *came[len(came) - after :]]
        assert came == wanted, self.table.shown(line, story)
        for part in line.expect:
            if STATES.match(part):
                is_so = self._state(part)
                assert is_so == part, self.table.shown(line, f"wanted: {part}\nis:     {is_so}")
        self.before = books.Standing.of(self.ledger)

    before = books.Standing()

    def _state(self, part: str) -> str:
        what, *rest = part.split()
        if rest[0] == "is":
            return f"{what} is {self.engine.order_view(what).order_status.value}"
        ledger, now = self.ledger, books.Standing.of(self.ledger)
        if what == "status":
            return f"status {ledger.status.value}"
        if what == "pos":
            instrument = self.table.setting.instrument
            return f"pos {instrument.qty_text(ledger.position(instrument.symbol).qty)}"
        value = self._worth(what) if what in WORTH else getattr(now, what)
        if rest[0][0] in "+-" and what in {"cash", "held"}:
            value -= getattr(self.before, what)
            return f"{what} {'+' if value > 0 else ''}{books.money(value, rest[0])}"
        return f"{what} {books.money(value, rest[0])}"

    def _worth(self, what: str) -> int:
        kernel, held = self.engine._kernel, self.ledger.held_positions()
        equity = kernel.equity()
        if what == "equity":
            return equity
        if what == "used":
            return kernel.margin_used()
        now = books.Standing.of(self.ledger)
        return kernel.funds.buying_power(now.cash, equity, held, now.held)

    def run_again(self) -> None:
        """The same session with its rows in larger slices and without hints of time."""
        heard = [] if self.strategy is None else [text for _, text in self.strategy.log]
        taken = iter([r for r in self.records if isinstance(r, CommandTaken)])
        merged: list[EngineInput] = []
        for given in self.inputs:
            if isinstance(given, Take):
                given = next(((Take(command=r.command, ts=r.ts)) for r in taken), given)
            previous = merged[-1] if merged else None
            joined = books.joined(previous, given)
            merged[-1:] = [joined] if joined is not None else [*merged[-1:], given]
        self._build()
        again = self.engine.process([*merged, Advance(ts=self.table.lines[-1].ts)])
        assert [encode_record(r) for r in again] == [encode_record(r) for r in self.records]
        if self.strategy is not None:
            assert [text for _, text in self.strategy.log] == heard
