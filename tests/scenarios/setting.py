"""What a scenario's ``given`` lines say: instrument, market, account and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from offbook.domain import config as c
from offbook.domain.calendars import TradingCalendar
from offbook.domain.contracts import ContractTerms, Settles
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind, MarketInfo
from offbook.testing.markets import BTCUSDT, XYZ
from tests.scenarios.charging import charges, charges_of, volume_of
from tests.scenarios.noon import calendar
from tests.scenarios.portfolio import group, portfolio
from tests.scenarios.wording import duration

BTCUSD = msgspec.structs.replace(BTCUSDT, symbol="BTCUSD", quote_currency="USD")
BTXUSDT = msgspec.structs.replace(BTCUSDT, symbol="BTXUSDT", base="BTX")
ES = Instrument(
    symbol="ES",
    asset_class=AssetClass.FUTURE,
    base="ES",
    quote_currency="USD",
    price_precision=4,
    qty_precision=0,
    tick_size="0.0001",
    lot_size="1",
    contract=ContractTerms(multiplier="50"),
)
"""A future; what it is on is told by its multiplier."""
XBTUSD = Instrument(
    symbol="XBTUSD",
    asset_class=AssetClass.CRYPTO_PERPETUAL,
    base="XBT",
    quote_currency="USD",
    price_precision=1,
    qty_precision=0,
    tick_size="0.5",
    lot_size="1",
    contract=ContractTerms(is_inverse=True),
)
"""A perpetual of one dollar that is settled in bitcoin."""
INSTRUMENTS = {one.symbol: one for one in (XYZ, BTCUSDT, BTCUSD, BTXUSDT, ES, XBTUSD)}


class Setting:
    """The choices of one scenario; what is not said is free of charge, delay and limits."""

    def __init__(self) -> None:
        self.instrument = XYZ
        self.timeframe: int | None = None
        self.kinds: list[DataKind] = []
        self.beside: list[tuple[Instrument, DataKind]] = []
        self.live = False
        self.actions: list[c.CorporateAction] = []
        self.funding: list[c.FundingRate] = []
        self.settlements: list[c.SettlementPrice] = []
        self.marked = False
        self.hears: list[str] = []
        self.cash = "100000"
        self.fee: c.FeeConfig = c.BasisPointsFee(maker="0", taker="0")
        self.venue: dict[str, Any] = {"latency": c.LatencyConfig(entry_ns=0, response_ns=0)}
        self.account: dict[str, Any] = {}
        self.risk: dict[str, Any] = {}
        self.lifecycle: dict[str, Any] = {}

    def read(self, line: str) -> None:
        """Take ``given`` with its clauses, parted by semicolons."""
        for clause in line.removeprefix("given").split(";"):
            word, *words = clause.split()
            if word in INSTRUMENTS:
                self.instrument = INSTRUMENTS[word]
            else:
                CLAUSES[word](self, *words)

    @property
    def config(self) -> c.SessionConfig:
        """The session's configuration."""
        sources = tuple(
            c.ReplayMarket(
                path="table",
                kind=kind,
                instrument=instrument,
                timeframe_ns=self.timeframe if kind is DataKind.BARS else None,
                adjustment=c.Adjustment.RAW if self.actions else None,
                actions=tuple(a for a in self.actions if a.symbol == instrument.symbol),
                funding=tuple(self.funding) if instrument is self.instrument else (),
                settlements=tuple(self.settlements) if instrument is self.instrument else (),
                columns={"auction": "auction"} if self.marked and kind is DataKind.TRADES else {},
            )
            for instrument, kind in self.sources
        )
        return c.SessionConfig(
            market=sources[0] if len(sources) == 1 else c.CombinedMarket(sources=sources),
            account=c.AccountConfig(
                **{
                    "currency": self.instrument.settle_currency,
                    "initial_cash": self.cash,
                    **self.account,
                }
            ),
            venue=c.VenueConfig(fee=self.fee, **self.venue),
            risk=c.RiskConfig(**self.risk),
            lifecycle=c.LifecycleConfig(**self.lifecycle),
        )

    @property
    def sources(self) -> list[tuple[Instrument, DataKind]]:
        """What rows there are, and of what; quotes, or bars where their length is given."""
        usual = DataKind.QUOTES if self.timeframe is None else DataKind.BARS
        return [(self.instrument, kind) for kind in self.kinds or [usual]] + self.beside

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is traded; the first is the one that a line means unless it names another."""
        return (self.instrument, *dict.fromkeys(instrument for instrument, _ in self.beside))

    def named(self, symbol: str | None) -> Instrument:
        """The instrument of a symbol; the first for None."""
        found = [i for i in self.instruments if i.symbol == (symbol or self.instrument.symbol)]
        return found[0]

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of all instruments."""
        names = dict.fromkeys(instrument.calendar for instrument in self.instruments)
        return tuple(map(calendar, names))

    @property
    def market(self) -> MarketInfo:
        """The market as an engine is joined to it."""
        return MarketInfo(
            sources=c.sources_of(self.config.market),
            instruments=self.instruments,
            data_identity="table",
            calendar_identity="".join(calendar.digest() for calendar in self.calendars),
            clock_stops=not self.live,
        )

    def rule(self, **changes: Any) -> None:
        """Change a rule of the instrument."""
        self.instrument = msgspec.structs.replace(self.instrument, **changes)

    def rows(self, *kinds: str) -> None:
        """``rows quotes trades``: the sources of the first instrument, in their order."""
        self.kinds = [DataKind(kind) for kind in kinds]

    def also(self, symbol: str, *kinds: str) -> None:
        """``beside BTCUSD quotes``: another instrument and its sources, after the first's."""
        self.beside += [(INSTRUMENTS[symbol], DataKind(kind)) for kind in kinds]

    def latency(self, entry: str, response: str) -> None:
        """Delays to the venue and back."""
        self.venue["latency"] = msgspec.structs.replace(
            self.venue["latency"], entry_ns=duration(entry), response_ns=duration(response)
        )

    def latency_of(self, *words: str) -> None:
        """``latency-of BTCUSD ETHUSD : 5ms 200ms``, once for each venue, ``-`` for as long as the
        session's own."""
        mark, known = words.index(":"), self.venue["latency"]
        ways = [None if one == "-" else duration(one) for one in words[mark + 1 :]]
        one = c.VenueLatency(
            name=" and ".join(words[:mark]),
            symbols=words[:mark],
            **dict(zip(("entry_ns", "response_ns"), ways, strict=True)),
        )
        self.venue["latency"] = msgspec.structs.replace(known, venues=(*known.venues, one))

    def late(self, delay: str, *words: str) -> None:
        """``late 100ms``, with or without ``venue`` or ``received`` for the times of the rows: how
        late the strategy sees the market."""
        times = c.RowTimes(words[0]) if words else None
        self.venue["latency"] = msgspec.structs.replace(
            self.venue["latency"], market_data_ns=duration(delay), row_times=times
        )

    def margin(self, leverage: str, *words: str) -> None:
        """``margin 2x``, with or without ``calls at 0.25``, ``reg_t``, ``deny_increase``,
        ``isolated`` (with ``entry``), ``stepwise``."""
        self.account |= {"type": c.AccountType.MARGIN, "leverage": leverage.rstrip("x")}
        if "at" in words:
            self.account["maintenance_margin"] = words[words.index("at") + 1]
        if "reg_t" in words:
            self.account["margin_rules"] = c.MarginRules.REG_T
        if "isolated" in words:
            self.account["margin_mode"] = c.MarginMode.ISOLATED
        if "entry" in words:
            self.account["maintenance_basis"] = c.MaintenanceBasis.ENTRY
        if "stepwise" in words:
            self.account["liquidation"] = c.Liquidation.STEPWISE
        if "deny_increase" in words:
            self.account["margin_call"] = c.MarginCall.DENY_INCREASE

    def rate(self, currency: str, rate: str) -> None:
        """``rate USD 0.9``: what another currency is worth in the account's."""
        self.account.setdefault("rates", {})[currency] = rate

    def slips(self, amount: str, *words: str) -> None:
        """``slip 10 bps`` or ``slip 0.5 of 0.02`` (of a spread); ``on quotes`` there too."""
        quotes = "quotes" in words
        if words[0] == "bps":
            self.venue["slippage"] = c.BasisPointsSlippage(bps=amount, quotes=quotes)
        else:
            self.venue["slippage"] = c.SpreadSlippage(
                share=amount, assumed_spread=words[1], quotes=quotes
            )

    def most(self, what: str, value: str) -> None:
        """``max order 1000``, ``max position 1000`` (values) or ``max open 2`` (orders)."""
        if what == "open":
            self.risk["max_open_orders"] = int(value)
        else:
            self.risk[f"max_{what}_notional"] = value

    def action(self, kind: str, *words: str) -> None:
        """``action split 4:1 ex 2024-01-03``, ``action dividend 0.24 ex 2024-01-03 pay
        2024-01-05``, ``action delisting 0.5 ex ...``, ``action symbol_change BTCUSD ex ...``."""
        told = {"split": "ratio", "symbol_change": "new_symbol"}.get(kind, "amount")
        at = words.index("ex")
        given = dict(zip(words[at::2], words[at + 1 :: 2], strict=True))
        if at:
            given[told] = words[0]
        self.actions.append(
            c.CorporateAction(symbol=self.instrument.symbol, kind=c.ActionKind(kind), **given)
        )

    def pays_funding(self, rate: str, *words: str) -> None:
        """``funding 0.0001 2024-01-02T16:00 ...`` (UTC), with or without ``mark 100`` at the end;
        the instrument is a perpetual then."""
        mark = words[words.index("mark") + 1] if "mark" in words else None
        times = [word for word in words if "T" in word]
        self.rule(asset_class=AssetClass.CRYPTO_PERPETUAL)
        self.funding += [c.FundingRate(at=f"{at}:00Z", rate=rate, mark=mark) for at in times]

    def contract(self, *words: str) -> None:
        """``contract multiplier 1000 expires 2024-01-05T16:00``, ``settles at_expiry``,
        ``inverse``, ``margins 4000 3600``: the terms of the instrument, which is a future then."""
        terms: dict[str, Any] = {}
        rest = iter(words)
        for word in rest:
            if word == "inverse":
                terms["is_inverse"] = True
            elif word == "margins":
                terms |= {"initial_margin": next(rest), "maintenance_margin": next(rest)}
            elif word == "settles":
                terms["settles"] = Settles(next(rest))
            else:
                terms[word] = next(rest) + (":00Z" if word == "expires" else "")
        known = self.instrument.contract
        changes = {"asset_class": AssetClass.FUTURE} if "expires" in terms else {}
        known = known if isinstance(known, ContractTerms) else ContractTerms()
        self.rule(contract=msgspec.structs.replace(known, **terms), **changes)

    def settled(self, *words: str) -> None:
        """``settlement 4510.25 2024-01-02T21:00 4498 2024-01-03T21:00 ...`` (UTC)."""
        self.settlements += [
            c.SettlementPrice(at=f"{at}:00Z", price=price)
            for price, at in zip(words[::2], words[1::2], strict=True)
        ]

    def financed(self, **changes: Any) -> None:
        """Change what it costs to hold."""
        known = self.account.get("financing") or c.FinancingConfig()
        self.account["financing"] = msgspec.structs.replace(known, **changes)

    def borrow(self, symbol: str, rate: str, since: str = "2000-01-01") -> None:
        """``borrow XYZ 0.36 2024-01-03``: from that day on, a year; ``none`` is not to be had."""
        known = self.account.get("financing") or c.FinancingConfig()
        one = c.BorrowRate(symbol=symbol, since=since, rate=None if rate == "none" else rate)
        self.financed(borrow=(*known.borrow, one))

    def interest(self, currency: str, credit: str, debit: str, since: str = "2000-01-01") -> None:
        """``interest USD 0.036 0.072``: what cash earns and debt costs, a year."""
        known = self.account.get("financing") or c.FinancingConfig()
        one = c.InterestRate(currency=currency, since=since, credit=credit, debit=debit)
        self.financed(interest=(*known.interest, one))

    def fresh(self, age: str, policy: str = "defer") -> None:
        """``fresh 2s``, or with ``reject`` or ``flag``: how old a quote or book may be."""
        self.venue["freshness"] = c.FreshnessConfig(
            max_age_ns=duration(age), policy=c.StalePolicy(policy)
        )

    def queue_by(self, model: str, *words: str) -> None:
        """``queue fifo``, ``queue power 3``, ``queue log``, ``queue pro_rata``, ``queue exact``;
        ``queue power_2 2``, ``queue power 2 as_shown``; ``queue pro_rata 2`` has a minimum."""
        if model.startswith(("power", "log")):
            exponent, back = (*words, *("3", "after_prints")[len(words) :])
            queue: c.QueueConfig = c.ProbabilisticQueue(
                formula=c.QueueFormula(model), exponent=int(exponent), back=c.QueueBack(back)
            )
        elif words == ():
            queue = QUEUES[model]()
        else:
            queue = c.ProRataQueue(minimum=words[0])
        self.venue["queue"] = queue


QUEUES: dict[str, Callable[[], c.QueueConfig]] = {
    "fifo": c.FifoQueue,
    "pro_rata": c.ProRataQueue,
    "exact": c.ExactQueue,
}


CLAUSES: dict[str, Callable[..., None]] = {
    "tick": lambda self, size: self.rule(tick_size=size),
    "lot": lambda self, size: self.rule(lot_size=size),
    "least": lambda self, value: self.rule(min_notional=value),
    "hours": lambda self, name: self.rule(calendar=name),
    "bars": lambda self, length: setattr(self, "timeframe", duration(length)),
    "rows": Setting.rows,
    "beside": Setting.also,
    "marked": lambda self: setattr(self, "marked", True),
    "cutoff": lambda self, opening, close: self.venue.update(
        auctions=c.AuctionRules(open_cutoff_ns=duration(opening), close_cutoff_ns=duration(close))
    ),
    "noon": lambda self, what: self.venue.update(
        auctions=c.AuctionRules(at_break=c.AtBreak(what), open_cutoff_ns=0, close_cutoff_ns=0)
    ),
    "auction": lambda self, limit: self.venue.update(
        auctions=c.AuctionRules(limit=c.AuctionLimit(limit))
    ),
    "extended": lambda self, pre, post: self.venue.update(
        extended_hours=c.ExtendedHours(pre_ns=duration(pre), post_ns=duration(post))
    ),
    "halted": lambda self, rule: self.venue.update(while_halted=c.WhileHalted(rule)),
    "closed": lambda self, rule: self.venue.update(while_closed=c.WhileClosed(rule)),
    "beyond": lambda self, rule: self.venue.update(beyond_band=c.BeyondBand(rule)),
    "late": Setting.late,
    "live": lambda self: setattr(self, "live", True),
    "hears": lambda self, *words: self.hears.extend(words),
    "cash": lambda self, amount: setattr(self, "cash", amount),
    "fee": charges,
    "fee-of": charges_of,
    "volume": volume_of,
    "margin": Setting.margin,
    "portfolio": portfolio,
    "group": group,
    "in": lambda self, currency: self.account.update(currency=currency),
    "rate": Setting.rate,
    "own": lambda self, currency, amount: self.account.setdefault("cash", {}).update(
        {currency: amount}
    ),
    "check": lambda self, when: self.account.update(cash_check=c.CashCheck(when)),
    "slip": Setting.slips,
    "rounds": lambda self, how: self.venue.update(fee_rounding=c.FeeRounding(how)),
    "fresh": Setting.fresh,
    "self": lambda self, policy: self.venue.update(self_match=policy),
    "replaces": lambda self, how: self.venue.update(replace_priority=c.ReplacePriority(how)),
    "touch": lambda self: self.venue.update(limit_fill="touch"),
    "whole": lambda self: self.venue.update(whole_shares=True),
    "latency": Setting.latency,
    "latency-of": Setting.latency_of,
    "collar": lambda self, share: self.venue.update(market_collar=share),
    "gaps": lambda self, of, at: self.venue.update({f"{of}_gap": at}),
    "stoplimit": lambda self, when: self.venue.update(stop_limit=c.StopLimitFill(when)),
    "prices": lambda self, what: self.venue.update(bar_prices=c.BarPrices(what)),
    "reports": lambda self, when: self.venue.update(bar_reports=c.BarReports(when)),
    "unpaid": lambda self, what: self.account.update(unpaid=c.Unpaid(what)),
    "bound": lambda self, what: self.venue.update(slippage_bound=c.SlippageBound(what)),
    "fills": lambda self, at: self.venue.update(fill_at=c.FillAt(at)),
    "share": lambda self, share: self.venue.update(volume_share=share),
    "queue": Setting.queue_by,
    "begins": lambda self, how: self.venue.update(book_start=c.BookStart(how)),
    "max": Setting.most,
    "action": Setting.action,
    "funding": Setting.pays_funding,
    "contract": Setting.contract,
    "settlement": Setting.settled,
    "borrow": Setting.borrow,
    "tiers": lambda self, *words: self.account.update(
        maintenance_tiers=tuple(
            c.MaintenanceTier(above=above, rate=rate)
            for above, rate in zip(words[::2], words[1::2], strict=True)
        )
    ),
    "liquidation": lambda self, share: self.account.update(liquidation_fee=share),
    "unlisted": lambda self, how: self.financed(unlisted=c.Unlisted(how)),
    "lent": lambda self, on: self.financed(borrow_value=c.BorrowValue(on)),
    "interest": Setting.interest,
    "settles": lambda self, days, how="wait": self.account.update(
        settlement=c.SettlementConfig(days=int(days), unsettled=c.UnsettledCash(how))
    ),
    "orders": lambda self, how: self.venue.update(action_orders=c.ActionOrders(how)),
    "tax": lambda self, share: self.account.update(withholding=share),
    "error": lambda self, action: self.lifecycle.update(
        on_strategy_error=c.OnStrategyError(action)
    ),
    "end": lambda self, action: self.lifecycle.update(at_end=c.AtEnd(action)),
}
