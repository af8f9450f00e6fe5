"""Futures in the reference: settlements, expiry; and the liquidation of positions."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from tests.properties.reference_clock import VENUE_STAGE
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_numbers import rounded_down
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_settlement import ReferenceSettlement

from offbook.domain.action_records import FlowReason
from offbook.domain.config import Liquidation, MarginCall, MarginMode
from offbook.domain.contracts import Settles
from offbook.domain.instruments import AssetClass
from offbook.domain.orders import CancelReason
from offbook.domain.session import SessionStatus as Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReferenceContracts(ReferenceSettlement):
    """What happens to positions without an order of the session's own."""

    # -- settlement -------------------------------------------------------------------------

    def await_events(self) -> None:
        """The first time is known: what was due before is past."""
        super().await_events()
        for venue in self.common.venues:
            venue.await_contract()

    def await_contract(self) -> None:
        """What comes of this instrument's own terms."""
        terms, setup = self.account.contract, self.setup
        if terms is None or setup.instrument.asset_class is not AssetClass.FUTURE:
            return
        self.expires = None if terms.expires is None else _ns(terms.expires)
        if self.expires is not None:
            self.later(max(self.expires, self.now), VENUE_STAGE, self._contract_ends)
        if terms.settles is Settles.DAILY:
            self._await_settlement(self.now)

    def _await_settlement(self, after: int) -> None:
        """The next one: at the next price that is given, else at the end of the day."""
        given = [(_ns(price.at), price.price) for price in self.setup.settlements]
        later = [one for one in given if one[0] > after]
        if given and not later:
            return
        at, price = later[0] if given else (self.day_end(self.now), None)
        if self.expires is None or at < self.expires:
            self.later(at, VENUE_STAGE, lambda: self._settle_contract(at, price))

    def _settle_contract(self, at: int, price: str | None) -> None:
        self._await_settlement(at)
        if not self.account.held or (price is None and self.market() is None):
            return
        account = self.account
        before = account.assigned_here() if isinstance(account, MarginAccount) else ZERO
        realized = self._mark(price, ends=False)
        after = account.assigned_here() if isinstance(account, MarginAccount) else ZERO
        self.draw(after - before - realized)

    def _contract_ends(self) -> None:
        self._cancel_all(self.account.working(), CancelReason.CONTRACT_EXPIRED)
        given = {_ns(price.at): price.price for price in self.setup.settlements}
        account = self.account
        account.symbol_ended = True
        if not isinstance(account, MarginAccount) or not account.isolated or account.closing:
            self._mark(given.get(self.now), ends=True)
            return
        margin = account.margin_here()
        lost = -self._mark(given.get(self.now), ends=True)
        if lost > margin:
            self._give_back(lost - margin)

    def _mark(self, text: str | None, *, ends: bool) -> Fraction:
        account, market, held = self.account, self.market(), self.account.held
        price = sum(market, ZERO) / 2 if market else ZERO
        if text is not None:
            price = Fraction(text)
        realized = account.settle(price, ends=ends)
        due = self.heard()
        self.tell(
            "PositionSettled", price, text is not None, ends, account.held, account.cost, realized,
            due,
        )  # fmt: skip
        if held:
            self.hears(due)
        return realized

    def draw(self, lost: Fraction) -> None:
        """What the position lost comes out of its margin where nothing else is free."""
        account = self.account
        if not isinstance(account, MarginAccount) or not account.isolated or account.closing:
            return
        short = -(account.free(self.market()) + account.held_by_all())
        if not account.rate:
            return
        missing = min(-rounded_down(-short / account.rate), lost)
        if account.held and missing > 0:
            self._drawn(account.drawn_here() + missing)

    def redraw(self) -> None:
        """The position has changed by a fill."""
        if isinstance(self.account, MarginAccount) and self.account.drawn[1]:
            self._drawn(self.account.drawn_here())

    def _drawn(self, amount: Fraction) -> None:
        account = self.account
        assert isinstance(account, MarginAccount)
        account.drawn = (account.held, amount)
        self.tell("MarginDrawn", account.held, amount)

    # -- margin -----------------------------------------------------------------------------

    def judge_equity(self) -> None:
        self.common.venues[0].judge_all()

    def judge_all(self) -> None:
        """The whole account, by the first instrument's venue."""
        if self.setup.account.margin_mode is MarginMode.ISOLATED:
            self._judge_isolated()
        else:
            self._judge_margin()
        self.judge_loss()

    @property
    def by_steps(self) -> bool:
        return self.setup.account.liquidation is Liquidation.STEPWISE

    def _judge_margin(self) -> None:
        account, market = self.account, self.market()
        if not isinstance(account, MarginAccount) or not (account.holds() or self.common.called):
            return
        if self.status not in {Status.RUNNING, Status.PAUSED}:
            return
        equity, action = account.equity(market), self.setup.account.margin_call
        required = account.must_be_kept(market)
        if self.common.called:
            self._go_on(account, equity, required)
            return
        if equity >= required:
            return
        self.common.called = True
        self.tell("MarginCalled", equity, required, action)
        if action is MarginCall.DENY_INCREASE:
            doomed = []
            for symbol in dict.fromkeys(order.symbol for order in account.all_working()):
                mine = self.venue_of(symbol).account
                assert isinstance(mine, MarginAccount)
                adding = [number for number, qty in mine.adds().items() if qty]
                doomed += [order for order in mine.working() if order.number in adding]
            self._cancel_all(doomed, CancelReason.MARGIN_CALL)
            return
        self._cancel_all(account.all_working(), CancelReason.LIQUIDATED)
        self._liquidate(account)

    def _go_on(self, account: MarginAccount, equity: Fraction, required: Fraction) -> None:
        """A call is over, or a liquidation by steps takes its next one."""
        if self.by_steps and account.holds():
            if self._is_closing():
                return
            if equity < required:
                self._liquidate(account)
                return
        else:
            required = account.margin_used(self.market())
            denies = self.setup.account.margin_call is MarginCall.DENY_INCREASE
            if account.holds() and not (denies and equity >= required):
                return
        self.common.called = False
        self.tell("MarginRestored", equity, required)

    def _judge_isolated(self) -> None:
        """Those that are liquidated first, then the others."""
        if self.status not in {Status.RUNNING, Status.PAUSED}:
            return
        for venue in list(self.common.liquidating):
            venue.go_on_here()
        for one in self.account.all:
            self.venue_of(one.instrument.symbol).judge_here()

    def go_on_here(self) -> None:
        """A liquidation is over, or takes its next step."""
        account, market = self.account, self.market()
        assert isinstance(account, MarginAccount)
        if any(order.liquidates for order in account.working()):
            return
        equity, required = account.of_position(market), account.kept_here(market)
        if not account.held or (self.by_steps and equity >= required):
            self._insure(account)
            account.closing = False
            self.common.liquidating = [v for v in self.common.liquidating if v is not self]
            self.tell("LiquidationEnded")
        elif self.by_steps:
            self._liquidate(account)

    def judge_here(self) -> None:
        """Whether the position has too little margin."""
        account, market = self.account, self.market()
        assert isinstance(account, MarginAccount)
        if account.closing or not account.held:
            return
        equity, required = account.of_position(market), account.kept_here(market)
        if equity >= required:
            return
        account.closing = True
        self.common.liquidating += [v for v in self.common.venues if v is self]
        before = account.realized - account.liquidation_charges
        self._began = account.margin_here(), before, len(account.orders)
        self.tell("LiquidationBegan", equity, required, account.margin_here())
        self._cancel_all(account.working(), CancelReason.LIQUIDATED)
        self._liquidate(account)

    def _insure(self, account: MarginAccount) -> None:
        """What was lost beyond the margin comes back; others may be liquidated meanwhile."""
        margin, realized, first = self._began
        symbol, orders = self.setup.instrument.symbol, account.orders[first:]
        charges = sum((o.fees for o in orders if o.liquidates and o.symbol == symbol), ZERO)
        lost = realized + charges - account.realized + account.liquidation_charges
        if account.held or lost <= margin:
            return
        self._give_back(lost - margin)

    def _give_back(self, amount: Fraction) -> None:
        self.accrue(FlowReason.INSURANCE, self.account.money, amount, ZERO, self.now)
        self.pay(FlowReason.INSURANCE, self.account.money, amount)

    def _is_closing(self) -> bool:
        return any(order.liquidates for order in self.account.all_working())

    def _liquidate(self, account: MarginAccount) -> None:
        """Close all, or what takes the position that needs most into the next lower tier."""
        held = [one for one in account.all if one.held]
        if self.by_steps and not account.isolated:
            held.sort(key=lambda one: -one.kept_here(one.market_now()))
        for one in held if not account.isolated else [account]:
            if self._reduce(one) and self.by_steps:
                return

    def _reduce(self, account: MarginAccount) -> bool:
        """Send what closes a position, or the next step of it; whether that is anything."""
        lot = Fraction(account.instrument.lot_size)
        qty = abs(account.held)
        if self.by_steps:
            value = account.worth_of_position(account.market_now())
            below = [start for start, _ in account.tiers() if start < value]
            qty -= qty * max(below, default=ZERO) / value // lot * lot if value else ZERO
        if qty := qty // lot * lot:
            self.venue_of(account.instrument.symbol).close(qty, liquidates=True)
        return qty > 0

    def _cancel_all(self, orders: list[Order], reason: CancelReason) -> None:
        for order in orders:
            if not order.ended:
                self.cancel(order, reason)

    def close(self, qty: Fraction, *, liquidates: bool = False) -> None:
        """Send an order that closes so much of the position."""
        raise NotImplementedError


def _ns(text: str) -> int:
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
