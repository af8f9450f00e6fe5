"""Made-up sessions of several instruments, in several currencies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from tests.properties.account_cases import BASE, COARSE, SMALL_PRICE
from tests.properties.event_cases import PERPETUAL, Clockwork, pick_actions
from tests.properties.sources import Source

from offbook.domain.config import (
    ActionKind,
    BasisPointsFee,
    BorrowRate,
    CorporateAction,
    FinancingConfig,
    MarginRules,
    PortfolioMargin,
    ProductGroup,
    RiskConfig,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, XYZ

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

ABC = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")


def with_others(source: Source, setup: Setup, clock: Clockwork) -> Setup:
    """Now and then one or two more instruments, whose lots are worth about as much."""
    if source.pick([True, True, True, False]):
        return setup
    known = [XYZ, ABC, BTCUSDT, COARSE, SMALL_PRICE]
    known = [one for one in known if one.symbol != setup.instrument.symbol]
    count = source.pick([1, 1, 2])
    first = source.number(0, len(known) - 1)
    others = [known[(first + place) % len(known)] for place in range(count)]
    if source.pick([True, False]) and setup.instrument == XYZ and ABC not in others:
        others[0] = ABC
    usual = setup.account.margin_rules is MarginRules.SHARE
    usual = usual and setup.account.portfolio_margin is None
    if setup.account.is_margin and usual and setup.instrument.symbol != PERPETUAL.symbol:
        others[0] = source.pick([others[0], others[0], _contract(source)])
    account = setup.account
    rates, cash = dict(account.rates), dict(account.cash)
    for other in others:
        _know(source, setup, other, rates, cash)
    margin = _grouped(source, account.portfolio_margin, [setup.instrument, *others])
    account = msgspec.structs.replace(account, rates=rates, cash=cash, portfolio_margin=margin)
    if account.financing is not None:
        account = msgspec.structs.replace(
            account, financing=_lent(source, account.financing, others, clock)
        )
    moneys = [account.currency, *rates]
    setup = replace(setup, account=account, actions=_paid(source, setup.actions, moneys))
    kinds = [_kinds(source, setup) for _ in others]
    if any(one != setup.kinds for one in kinds):  # each is matched in its own way, none is shown
        venue = msgspec.structs.replace(setup.venue, fill_at=None)
        listener = source.pick([None, "on_start"])
        setup = replace(setup, venue=venue, listener=listener)
    if source.pick([True, False]):
        setup = _keen(source, setup)
    made = [
        replace(
            setup,
            instrument=other,
            kinds=its,
            marked=setup.marked and DataKind.TRADES in its,
            status=setup.status and source.pick([True, False]),
            settlements=(),
            actions=()
            if other.symbol == PERPETUAL.symbol
            else _paid(source, pick_actions(source, other, clock), moneys),
            funding=(),
        )
        for other, its in zip(others, kinds, strict=True)
    ]
    if setup.instrument == XYZ and ABC in others:
        setup = _renamed(source, setup, clock)
    return replace(setup, others=tuple(made))


def _grouped(
    source: Source, margin: PortfolioMargin | None, instruments: list[Instrument]
) -> PortfolioMargin | None:
    """Some of them in groups, where an account's margin goes by these."""
    if margin is None:
        return None
    every = [one.symbol for one in instruments]
    together: tuple[list[str], ...] = source.pick(
        [(), (every[:2],), (every[-2:],), (every,), (every[:1], every[1:])]
    )
    groups = tuple(
        ProductGroup(
            symbols=tuple(symbols),
            down=source.pick(["0.08", "0.15", "0.0333"]),
            up=source.pick(["0.0633", "0.15"]),
            offset=source.pick(["1", "0.9", "0", "0.33333333"]),
        )
        for symbols in together
    )
    return msgspec.structs.replace(margin, groups=groups)


def _renamed(source: Source, setup: Setup, clock: Clockwork) -> Setup:
    """Now and then one of two shares comes to trade as the other."""
    if source.pick([False, True]):
        return setup
    change = CorporateAction(
        symbol=XYZ.symbol,
        kind=ActionKind.SYMBOL_CHANGE,
        ex=clock.text(source.number(20, 300)),
        ratio=source.pick([None, None, "1:10", "3:2", "2:1"]),
        new_symbol=ABC.symbol,
    )
    return replace(setup, actions=(*setup.actions, change))


def _keen(source: Source, setup: Setup) -> Setup:
    """So that it comes to hold several things: nothing but the market and money says no, and debts
    are soon too large."""
    venue = msgspec.structs.replace(
        setup.venue, volume_share="1", market_collar="0", fee=BasisPointsFee(maker="0", taker="1")
    )
    actions = tuple(one for one in setup.actions if one.kind is not ActionKind.DELISTING)
    account = setup.account
    if account.is_margin:
        money = setup.instrument.quote_currency
        lots = _lot(setup.instrument) * Decimal(account.rates.get(money, "1"))
        tiers = account.maintenance_tiers
        account = msgspec.structs.replace(
            account,
            initial_cash=f"{(lots * source.pick([9, 20, 60]) / 30).quantize(Decimal('1e-12')):f}",
            cash=dict.fromkeys(account.cash, "0"),
            margin_rules=MarginRules.SHARE,
            financing=None,
        )
        if account.portfolio_margin is not None:
            margin = msgspec.structs.replace(account.portfolio_margin, minimum_equity="0")
            account = msgspec.structs.replace(account, portfolio_margin=margin)
        else:
            account = msgspec.structs.replace(
                account,
                leverage="30",
                maintenance_margin=None if tiers else source.pick(["0.02", "0.03", "0.0333"]),
            )
    daily = RiskConfig(daily_loss=setup.risk.daily_loss)
    return replace(setup, venue=venue, risk=daily, actions=actions, account=account)


def _contract(source: Source) -> Instrument:
    """A contract of which gains alone are paid, here and there with a margin of its own."""
    own = {"initial_margin": "5", "maintenance_margin": "3.3333"}
    terms = ContractTerms(multiplier=source.pick(["1", "3"]), **source.pick([{}, own]))
    return msgspec.structs.replace(PERPETUAL, contract=terms)


def _kinds(source: Source, setup: Setup) -> tuple[DataKind, ...]:
    """The same rows, or others."""
    every = [(DataKind.QUOTES,), (DataKind.BARS,), (DataKind.TRADES,)]
    return source.pick([setup.kinds, setup.kinds, *every])


def _know(
    source: Source,
    setup: Setup,
    other: Instrument,
    rates: dict[str, str],
    cash: dict[str, str],
) -> None:
    """A rate at which its lots are worth about as much, and now and then money of its own."""
    money = other.quote_currency
    if money == setup.account.currency or money in rates:
        return
    mine = setup.lot_worth * Decimal(rates.get(setup.instrument.quote_currency, "1"))
    rate = (mine / _lot(other) * Decimal(source.pick(["1", "0.7", "1.2345"]))).quantize(
        Decimal("1e-12")
    )
    rates[money] = f"{max(rate, Decimal('1e-12')):f}"
    if source.pick([False, False, True]):
        cash[money] = f"{_lot(other) * source.pick([0, 9, 1000]):f}"


def _lot(instrument: Instrument) -> Decimal:
    return Decimal(BASE[instrument.symbol]) * Decimal(instrument.lot_size)


def _lent(
    source: Source, financing: FinancingConfig, others: list[Instrument], clock: Clockwork
) -> FinancingConfig:
    """Rates of borrowing the others too, where there are any."""
    if not financing.borrow:
        return financing
    more = [
        BorrowRate(symbol=one.symbol, since=clock.day(0), rate=source.pick(["0.2", "0", None]))
        for one in others
    ]
    return msgspec.structs.replace(financing, borrow=(*financing.borrow, *more))


def _paid(
    source: Source, actions: tuple[CorporateAction, ...], moneys: list[str]
) -> tuple[CorporateAction, ...]:
    """Dividends now and then in another currency."""
    return tuple(
        msgspec.structs.replace(one, currency=source.pick([None, *moneys]))
        if one.kind is ActionKind.DIVIDEND
        else one
        for one in actions
    )
