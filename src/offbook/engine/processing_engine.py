"""``ProcessingEngine``: one session's brain.

``process(inputs) -> records`` is synchronous and pure: time comes in with the inputs, randomness
is keyed, and equal inputs give equal records however they are cut into calls and slices.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import chain_config
from offbook.domain.errors import EngineFault, InvalidStrategy
from offbook.domain.market_data import BarSlice, Cursor, QuoteSlice
from offbook.domain.orders import OUTSIDE, OrderView
from offbook.domain.records import ENGINE_SEMANTICS, JOURNAL_FORMAT, Record
from offbook.domain.session import (
    PaperTradingSession,
    SessionError,
    SessionStatus,
    SessionSummary,
)
from offbook.domain.values import Amount
from offbook.engine import keyframes, snapshots
from offbook.engine.account.equity_watch import EquityWatch
from offbook.engine.account.postings import paid_in
from offbook.engine.capture import Captured, capture
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.desk.list_desk import ListDesk
from offbook.engine.desk.sent_before import conflict, sent_before
from offbook.engine.desk.terms import Terms
from offbook.engine.inputs import Advance, Attach, EndOfData, EngineInput, Take
from offbook.engine.instants import Instants
from offbook.engine.kernel import UNBOUNDED, Kernel
from offbook.engine.ledger.changed_orders import Mark
from offbook.engine.ledger.folding import order_view, summary_of
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.market.history import Histories
from offbook.engine.rows.market_rows import SEVERAL, MarketRows
from offbook.engine.standing import Standing, standing_of
from offbook.engine.strategy.late_host import host_for
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.venue.venue import Venue
from offbook.engine.wake import Wake
from offbook.engine.waking import wake_of


class ProcessingEngine:
    """Venue, account, risk and the strategy's host of one session."""

    def __init__(
        self,
        session: PaperTradingSession,
        strategy: Strategy | None = None,
        strategy_source: str | None = None,
        *,
        every_row: bool = False,
    ) -> None:
        """Make an engine for a session that is not yet joined to its market.

        ``strategy_source`` is a digest of the strategy's source text, recorded in the chain; with
        ``every_row`` no row is passed over: the same bytes, slower, for comparison.
        Raises InvalidStrategy when the session's configuration names a strategy and none came.
        """
        if session.config.strategy is not None and strategy is None:
            raise InvalidStrategy(
                f"session {session.id} needs the strategy {session.config.strategy.ref}: make its "
                "engines with a factory that loads strategies",
                strategy=session.config.strategy.ref,
            )
        self._session = session
        self._strategy = strategy
        self._strategy_source = strategy_source
        self._kernel = Kernel(session.config, reports=strategy is not None)
        self._kernel.every_row = every_row
        self._venue = Venue(self._kernel)
        self._desk = OrderDesk(self._kernel)
        self._lists = ListDesk(self._kernel, self._desk)
        self._lifecycle = Lifecycle(self._kernel, self._venue, self._desk)
        self._equity = EquityWatch(self._kernel, self._venue, self._desk, self._lifecycle)
        self._history = Histories(session.config.history_limit)
        self._built = BuiltBars(self._kernel, session.config.history_limit)
        self._instants = Instants(
            self._kernel, self._venue, self._lifecycle, self._built, self._equity
        )
        self._rows = MarketRows(
            self._kernel, self._venue, self._instants, self._lifecycle, self._history, self._built
        )
        self._host = host_for(
            strategy,
            self._kernel,
            self._desk,
            self._lists,
            self._history,
            self._built,
            self._lifecycle.strategy_failed,
        )
        if self._host is not None:
            self._lifecycle.host = self._instants.host = self._host
            self._rows.show_to(self._host)

    def for_session(self, session: PaperTradingSession) -> ProcessingEngine:
        """A fresh engine of the same kind for another session; this one is left as it is.

        The strategy, if any, is made anew with the parameters of that session.
        """
        strategy = None
        if self._strategy is not None:
            spec = session.config.strategy
            strategy = type(self._strategy)(**(spec.arguments() if spec is not None else {}))
        every = self._kernel.every_row
        return type(self)(session, strategy, self._strategy_source, every_row=every)

    # -- asking -----------------------------------------------------------------------------

    @property
    def status(self) -> SessionStatus:
        """STARTING before the ``Start`` command, then what the records say."""
        return self._kernel.ledger.status

    @property
    def status_reason(self) -> str | None:
        """Why the status is what it is, where there is more to say."""
        return self._kernel.ledger.status_reason

    @property
    def cursor(self) -> Cursor:
        """Rows taken and session time reached."""
        return Cursor(row=self._lifecycle.row, ts=self._kernel.now)

    @property
    def now(self) -> int:
        """Session time in ns UTC; 0 before the first input that has one."""
        return self._kernel.now

    @property
    def last_seq(self) -> int:
        """Sequence number of the last record made."""
        return self._kernel.ledger.seq

    @property
    def cut_short(self) -> bool:
        """Whether the last call left a part of its inputs, having done as much as it might."""
        return self._instants.cut

    @property
    def is_within_instant(self) -> bool:
        """Whether that was between two rounds of an instant.

        Then ``Advance(ts=now)``, or the same inputs, until it is complete; before that, nothing may
        be stored or snapshot, for where the cursor points there is more to come.
        """
        return self._instants.is_within

    def is_quiet_before(self, ts: int) -> bool:
        """Whether nothing falls due before ``ts``, so that ``Advance(ts - 1)`` would do nothing."""
        return self._kernel.agenda.next_due >= ts and not self._instants.ended

    @property
    def error(self) -> SessionError | None:
        """What the strategy last raised, for people."""
        return None if self._host is None else self._host.error

    def summary(self) -> SessionSummary:
        """The account as it stands, at the last marks."""
        kernel = self._kernel
        if kernel.market is None:
            return summary_of(kernel.ledger)
        return summary_of(kernel.ledger, kernel.equity(), kernel.margin_used())

    def order_view(self, client_order_id: str) -> OrderView:
        """An order as it stands at the venue. Raises OrderNotFound."""
        order = self._desk.find(client_order_id)
        return order_view(order, self._kernel.instrument(order.symbol))

    def order_views(self) -> tuple[OrderView, ...]:
        """All orders, oldest first."""
        return tuple(
            order_view(order, self._kernel.instrument(order.symbol))
            for order in self._kernel.ledger.orders.values()
        )

    @property
    def passes_over(self) -> bool:
        """Whether rows that change nothing cost next to nothing."""
        return self._rows.passes_over

    def wake(self) -> Wake:
        """What can change this session next. Changes nothing."""
        return wake_of(self._kernel, self._venue, self._instants, self._built, self._host)

    def standing(self) -> Standing:
        """How things stand at the present moment, for whoever explains it. Changes nothing."""
        return standing_of(self._kernel, self._venue, self._host, self._lifecycle.row)

    def check(self, command: c.Command) -> None:
        """Whether a command is well formed, before anything is recorded of it.

        Raises InvalidOrder, FloatNotExact or OrderNotFound, and InvalidInput for what could not
        be read back from a record.
        """
        self.check_formed(c.well_formed(command))

    def check_formed(self, command: c.Command) -> None:
        """The same for what ``well_formed`` gave, or was read from a record."""
        if isinstance(command, c.SubmitOrder):  # as nearly all are
            self._check_id(self._desk.terms(command.order))
        elif isinstance(command, c.SubmitOrderList):
            for terms in self._lists.terms(command.orders):
                self._check_id(terms)
        elif isinstance(command, c.CancelOrder):
            self._desk.find(command.client_order_id)
        elif isinstance(command, c.ReplaceOrder):
            self._desk.new_terms(self._desk.find(command.client_order_id), command.terms)

    def _check_id(self, terms: Terms) -> None:
        if terms.client_order_id in self._kernel.ledger.by_client_id:
            raise conflict(terms.client_order_id)

    def repeated(self, command: c.Command) -> OrderView | None:
        """The order, as it stands, that a command from outside has sent before under the same
        client order ids; the first of a list. None for anything new.

        Raises OrderConflict where one of the ids belongs to another order.
        """
        first = sent_before(self._kernel.ledger, command)
        return None if first is None else order_view(first, self._kernel.instrument(first.symbol))

    # -- processing -------------------------------------------------------------------------

    def process(
        self,
        inputs: Sequence[EngineInput],
        max_records: int | None = None,
        max_turns: int | None = None,
    ) -> list[Record]:
        """Take inputs in order and give out the records that they make, in order.

        A slice is taken up to the row at which the session stands still (paused where its clock
        stops, stopped or failed): go on from ``cursor.row``.  Nothing is taken after STOPPED or
        FAILED.  An exception of the strategy never comes out; EngineFault does, and then the
        engine must be thrown away.

        Once rows and ``Advance`` have made ``max_records`` (1 or more), no further row, instant or
        round is begun, and later inputs are left: ``cut_short`` tells.  So it is after
        ``max_turns`` rounds and rows not passed over.  Give the rows again from ``cursor.row``, or
        the same ``Advance``; no byte depends on it.
        """
        kernel, instants = self._kernel, self._instants
        out = kernel.out = []
        enough = UNBOUNDED if max_records is None else kernel.ledger.seq + max_records
        turns = UNBOUNDED if max_turns is None else max_turns
        instants.cut, kernel.turns = False, 0
        for item in inputs:
            if kernel.ledger.status.is_over or instants.cut:
                break
            # Commands and ends are taken whole: what they find must follow from row and time.
            whole = isinstance(item, (Take, EndOfData))
            kernel.most_seq = UNBOUNDED if whole else enough
            kernel.most_turns = UNBOUNDED if whole else turns
            self._take(item)
        return out

    def _take(self, item: EngineInput) -> None:
        if isinstance(item, Take):
            self._take_command(item)
        elif isinstance(item, QuoteSlice):
            self._rows.take_quotes(item)
        elif isinstance(item, BarSlice):
            self._rows.take_bars(item)
        elif isinstance(item, SEVERAL):
            self._rows.take_several(item)
        elif isinstance(item, Advance):
            self._instants.finish_before(item.ts + 1)
        elif isinstance(item, EndOfData):
            self._instants.finish_present()
            if not self._instants.over:
                self._lifecycle.end_of_data()
        else:
            self._attach(item)

    def _attach(self, attach: Attach) -> None:
        if self._kernel.market is not None:
            raise EngineFault("the session has its market already", reason="attached_twice")
        config = self._session.config
        self._join(attach)
        account = config.account
        cash = {account.currency: account.initial_cash, **account.cash}
        opening = {name: Amount.parse(text) for name, text in cash.items()}
        self._kernel.emit(
            r.SessionAttached,
            format=JOURNAL_FORMAT,
            semantics=ENGINE_SEMANTICS,
            config=msgspec.Raw(chain_config(config)),
            seed=config.seed,
            market=attach.market,
            strategy_name=None if self._strategy is None else type(self._strategy).__name__,
            strategy_source=self._strategy_source,
            currency=account.currency,
            rates=self._kernel.valuation.stated,
            opening=paid_in(opening),
            joined=keyframes.recorded(attach.joined, self._host, config.venue.book_start),
        )
        self._kernel.view.cash = opening
        self._kernel.view.contracts = self._kernel.ledger.events.contracts
        if attach.joined is not None:
            keyframes.join(self._parts, attach.joined)

    def _join(self, attach: Attach) -> None:
        self._kernel.join(attach)
        self._history.join(attach.market)

    def _take_command(self, take: Take) -> None:
        kernel = self._kernel
        self._instants.begin_with_command(take.ts)
        if kernel.ledger.status.is_over:
            return
        command = take.command
        self._lifecycle.require(command)
        seq, row = kernel.ledger.seq + 1, self._lifecycle.row
        kernel.enter(r.CommandTaken(seq, kernel.now, row=row, command=command))
        if isinstance(command, c.SubmitOrder):
            self._desk.submit(command.order, OUTSIDE, command.command_id)
        else:
            self._carry_out(command)

    def _carry_out(self, command: c.Command) -> None:
        match command:
            case c.Start():
                self._lifecycle.start()
                self._equity.loss.begin_day()
                self._equity.guard()
            case c.Pause():
                self._lifecycle.pause(command)
            case c.Resume():
                self._lifecycle.resume(command)
            case c.Stop():
                self._lifecycle.stop(command)
            case c.ForceStop():
                self._lifecycle.give_up("forced")
            case c.SkipRows():
                keyframes.skip(self._parts, command)
            case _:
                self._order_command(command)

    def _order_command(self, command: c.Command) -> None:
        match command:
            case c.SubmitOrderList():
                self._lists.submit(command.orders, OUTSIDE, command.command_id)
            case c.CancelOrder():
                self._desk.cancel(command.client_order_id, OUTSIDE, command.command_id)
            case c.ReplaceOrder():
                self._desk.replace(
                    command.client_order_id, command.terms, OUTSIDE, command.command_id
                )

    # -- snapshots --------------------------------------------------------------------------

    @property
    def _parts(self) -> snapshots.Parts:
        return snapshots.Parts(
            self._kernel, self._venue, self._instants, self._history, self._built
        )

    def snapshot(self) -> bytes | None:
        """The whole state between two steps, or None when the strategy's memory cannot be saved.

        Raises whatever ``save_state`` raises as InvalidStrategy.
        """
        captured = self.capture()
        return None if captured is None else captured.whole()

    def capture(self, since: Mark | None = None) -> Captured | None:
        """The same, to be written down in pieces while the engine goes on; but not the orders that
        are as they were at ``since``, the mark of an earlier one, as far as that is known."""
        memory = None
        if self._host is not None:
            if not self._host.keeps_memory:
                return None
            memory = snapshots.save_memory(self._host.strategy)
        return capture(self._parts, self._lifecycle.row, memory, since)

    def restore(self, attach: Attach, state: bytes) -> None:
        """Become what ``snapshot`` kept; the engine must be fresh.

        Raises EngineFault when the bytes are no snapshot, and whatever ``load_state`` raises as
        InvalidStrategy.
        """
        self._join(attach)
        memory = snapshots.load(self._parts, state)
        self._equity.guard()
        if self._host is not None:
            snapshots.load_memory(self._host.strategy, memory)
