"""A strategy that does what a table tells it to, and tells what it hears."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from offbook.domain.account_events import AccountEvent
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Missed, Strategy
from offbook.engine.strategy.view import Fill, OrderUpdate
from tests.scenarios.wording import clock_text, duration, new_terms, order_list, order_request


class Rule:
    """``on <what is heard> [#n]: <action>; <action>``; without ``#n`` every time."""

    def __init__(self, line: str) -> None:
        heard, _, actions = line.removeprefix("on ").partition(":")
        self.prefix, _, turn = (part.strip() for part in heard.partition("#"))
        self.turn = int(turn) if turn else None
        self.actions = [action.split() for action in actions.split(";")]
        self.count = 0

    def holds(self, heard: str) -> bool:
        """Whether the rule speaks of this, counting how often it did."""
        if not f"{heard} ".startswith(f"{self.prefix} "):
            return False
        self.count += 1
        return self.turn in {None, self.count}


class Puppet(Strategy):
    """Base of the strategies made by ``puppet``; only the callbacks that matter are defined."""

    rules: ClassVar[list[Rule]]
    hears: ClassVar[frozenset[str]]
    symbol: ClassVar[str]
    wants_bars = False
    moment: ClassVar[Callable[[str], int]]

    def take(self, engine: ProcessingEngine) -> None:
        """Learn whose strategy this is, so that what is heard can be placed among records."""
        self.engine = engine
        self.log: list[tuple[int, str]] = []

    def told(self, text: str) -> None:
        """Something was heard: tell it, and act on it."""
        if text.split()[0] in self.hears:
            self.log.append((self.engine.last_seq, f"> {text}"))
        for rule in [rule for rule in self.rules if rule.holds(text)]:
            for action in rule.actions:
                self.act(*action)

    def act(self, verb: str, *words: str) -> None:
        """One action of a rule."""
        if verb in {"buy", "sell"}:
            self.submit(order_request([verb, *words], self.symbol))
        elif verb in {"bracket", "oco", "oto"}:
            self.submit_group(order_list(verb, words, self.symbol))
        elif verb == "cancel":
            self.cancel(words[0])
        elif verb == "replace":
            terms = new_terms(words[1:])
            self.replace(
                words[0],
                qty=terms.get("order_qty"),
                price=terms.get("price"),
                stop_price=terms.get("stop_px"),
                trail=terms.get("trail_amount"),
            )
        elif verb == "bars":
            self.wants_bars = True
            self.subscribe_bars(self.symbol, words[0], price=words[1] if words[1:] else None)
        elif verb == "untimer":
            self.cancel_timer(words[0])
        elif verb == "timer":
            name, how, when = words
            if how == "at":
                self.set_timer(name, at=type(self).moment(when))
            else:
                self.set_timer(
                    name,
                    **{"in": {"after": duration(when)}, "every": {"every": duration(when)}}[how],
                )
        elif verb in {"look", "clock"}:
            clock = f"clock {clock_text(self.now)}"
            sight = clock if verb == "clock" else f"sees {self._sight(words)}"
            self.log.append((self.engine.last_seq, f"> {sight}"))
        else:
            assert verb == "raise", verb
            raise getattr(builtins, words[0])("as told")

    def _sight(self, names: Sequence[str]) -> str:
        orders = [f"{name} {self.order(name).order_status.value}, " for name in names]
        position = self.position(self.symbol)
        held = str(position.qty.decimal.normalize()) if position else "0"
        return "".join(orders) + f"pos {held}, free cash {self.account.buying_power}"


def _quote(self: Puppet, quote: Quote) -> None:
    self.told(f"quote {quote.bid_price} {quote.ask_price}")


def _print(self: Puppet, trade: Trade) -> None:
    self.told(f"print {trade.trade_price} {trade.size.decimal.normalize():f}")


def _bar(self: Puppet, bar: Bar) -> None:
    if self.wants_bars:
        prices = f"{bar.open:.2f} {bar.high:.2f} {bar.low:.2f} {bar.close:.2f}"
        self.told(f"bar of {bar.timeframe_ns // 10**9}s {prices} {bar.volume:g}")
    else:
        self.told(f"bar {bar.close_price}")


def _order(self: Puppet, order: OrderUpdate) -> None:
    assert order.exec_type is not None
    self.told(f"order {order.client_order_id} {order.exec_type.value}")


def _fill(self: Puppet, fill: Fill) -> None:
    qty = f"{fill.last_qty.decimal.normalize():f}"
    self.told(f"fill {fill.client_order_id} {qty} @ {fill.last_px}")


def _account(self: Puppet, event: AccountEvent) -> None:
    words = [event.kind.value, *([event.symbol] if event.symbol else [])]
    if event.ratio != (1, 1) or event.new_symbol:
        words += [f"{event.ratio[0]}:{event.ratio[1]}", *([event.new_symbol or ""])]
    if event.amount:
        money = f"{event.amount.decimal.normalize():f}"
        words += [money, str(event.currency), "paid" if event.is_paid else "owed"]
    self.told(" ".join(["account", *filter(None, words)]))


def _timer(self: Puppet, name: str) -> None:
    self.told(f"timer {name}")


def _resume(self: Puppet, missed: Missed) -> None:
    self.told(f"resume missed {missed.rows} rows {missed.timers} timers {missed.fills} fills")


CALLBACKS: dict[str, Callable[..., None]] = {
    "quote": _quote,
    "print": _print,
    "bar": _bar,
    "order": _order,
    "fill": _fill,
    "account": _account,
    "timer": _timer,
    "resume": _resume,
    "start": lambda self: self.told("start"),
    "pause": lambda self: self.told("pause"),
    "stop": lambda self: self.told("stop"),
}


def puppet(
    rules: Sequence[str], hears: Sequence[str], symbol: str, moment: Callable[[str], int]
) -> Puppet:
    """A new strategy that follows the rules and tells of the callbacks that it hears."""
    made = [Rule(line) for line in rules]
    wanted = {*hears, *(rule.prefix.split()[0] for rule in made)}
    names = {"print": "on_trade"}
    body: dict[str, Any] = {names.get(word, f"on_{word}"): CALLBACKS[word] for word in wanted}
    body |= {"rules": made, "hears": frozenset(hears), "symbol": symbol}
    body["moment"] = staticmethod(moment)
    strategy: Puppet = type("Puppet", (Puppet,), body)()
    return strategy
