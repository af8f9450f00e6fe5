"""The strategies that ship, on the data that ships: what they do, and after a crash too."""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, NamedTuple

import pytest

import offbook
from offbook.bootstrap import load_engine, make_gateway
from offbook.domain import chain
from offbook.domain import commands as c
from offbook.domain.records import Record, encode_record
from offbook.domain.session import PaperTradingSession
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.notebook.result import RunResult
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.strategies.bracket_reversion import BracketReversion
from offbook.strategies.ema_cross import EmaCross

ROOT = Path(__file__).parents[2]
MARGIN = {"account": {"type": "margin", "leverage": "2"}}


class Example(NamedTuple):
    """A strategy as its page runs it, and what comes out; ``pieces`` is how many rows are read
    between two snapshots."""

    ref: str
    page: str
    data: str
    params: dict[str, str]
    config: dict[str, Any]
    orders: dict[str, int]
    sides: dict[str, int]
    refusals: dict[str, int]
    fees: str
    equity: str
    pieces: int


EXAMPLES = [
    Example(
        ref="ema_cross:EmaCross",
        page="ema-cross.md",
        data="demo",
        params={"timeframe": "5s", "fast": "5", "slow": "20"},
        config={},
        orders={"FILLED": 8},
        sides={"BUY": 4, "SELL": 4},
        refusals={},
        fees="4.9339519",
        equity="99993.2361481",
        pieces=7_001,
    ),
    Example(
        ref="bracket_reversion:BracketReversion",
        page="bracket-reversion.md",
        data="demo",
        params={},
        config={},
        orders={"FILLED": 7, "CANCELED": 19, "EXPIRED": 7},
        sides={"BUY": 4, "SELL": 7},
        refusals={},
        fees="4.31595682",
        equity="99994.71700468",
        pieces=7_001,
    ),
    Example(
        ref="quoter:Quoter",
        page="quoter.md",
        data="demo",
        params={},
        config=MARGIN,
        orders={"FILLED": 33, "CANCELED": 2},
        sides={"BUY": 23, "SELL": 17},
        refusals={"replace_rejected:ORDER_CLOSED": 33, "replace_rejected:WOULD_TAKE": 1},
        fees="20.3505732",
        equity="99975.5757768",
        pieces=7_001,
    ),
    Example(
        ref="pairs:Pairs",
        page="pairs.md",
        data="demo-stocks",
        params={},
        config=MARGIN,
        orders={"FILLED": 116},
        sides={"BUY": 58, "SELL": 58},
        refusals={},
        fees="4651.52",
        equity="73684.9152",
        pieces=501,
    ),
    Example(
        ref="rebalance:Rebalance",
        page="rebalance.md",
        data="demo-stocks",
        params={},
        config={},
        orders={"FILLED": 274, "CANCELED": 1},
        sides={"BUY": 136, "SELL": 138},
        refusals={},
        fees="613.38",
        equity="248812.5195",
        pieces=501,
    ),
]


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: example.page)
def example(request: pytest.FixtureRequest) -> Example:
    """One of the strategies that ship."""
    found: Example = request.param
    return found


@pytest.fixture(scope="module")
def result(example: Example) -> RunResult:
    """Its run over the data, verified."""
    return offbook.run(
        f"offbook.strategies.{example.ref}",
        example.data,
        params=example.params,
        config=example.config,
        verify=True,
    )


def test_an_example_trades_both_ways_and_comes_to_exactly_this(
    example: Example, result: RunResult
) -> None:
    """A number that changes here is a change in what a session comes to: look for its reason."""
    assert result.verification is not None
    assert result.verification.outcome is ReplayOutcome.EQUAL
    assert Counter(result.orders["order_status"]) == example.orders
    assert Counter(result.fills["side"]) == example.sides
    assert result.report.session.refusals == example.refusals
    assert (str(result.summary.fees), str(result.summary.equity)) == (example.fees, example.equity)


def test_the_page_of_an_example_shows_what_it_comes_to(example: Example, result: RunResult) -> None:
    """Return, equity, charges and orders, as the program writes them."""
    text = (ROOT / "docs/examples" / example.page).read_text("utf-8")
    shown = text.partition("```text\n")[2].partition("```")[0]
    assert f" {result.return_pct:+.4f} %" in shown
    assert f" {Decimal(example.equity):,.2f} " in shown
    assert f" {Decimal(example.fees):,.2f} " in shown
    assert f" {example.orders['FILLED']} filled" in shown
    assert f"offbook.strategies.{example.ref} " in text


async def test_an_example_goes_on_from_its_snapshots_to_the_same_chain(
    example: Example, result: RunResult
) -> None:
    """At every few thousand rows the engine is thrown away, and another takes up its snapshot."""
    assert await head_with_restarts(result.session, example.pieces) == result.session.chain_head


async def head_with_restarts(session: PaperTradingSession, pieces: int) -> str:
    """The head of the chain of a session whose process ends after every piece."""
    feed = await make_gateway().open(session.config.market)
    attach = Attach(market=feed.info, calendars=feed.calendars)
    engine = load_engine(session)
    records: list[Record] = engine.process([attach])
    start = c.Start(command_id=session.start_command_id)
    records += engine.process([Take(command=start, ts=feed.extent.first_ts)])
    row, restarts = 0, 0
    while (part := await feed.read(row, pieces)) is not None:
        records += engine.process([part])
        row += len(part)
        state = engine.snapshot()
        assert state is not None, "it has no save_state and load_state"
        engine = load_engine(session)
        engine.restore(attach, state)
        restarts += 1
    records += engine.process([EndOfData()])
    await feed.close()
    assert restarts > 8
    return chain.extend_all(chain.GENESIS, map(encode_record, records)).hex()


def closes_and_opens(symbol: str) -> list[tuple[float, float]]:
    """Close and open of every day of a share that ships."""
    path = ROOT / f"src/offbook/data/stocks/{symbol.lower()}-daily.csv.gz"
    with gzip.open(path, "rt") as file:
        return [(float(day["close"]), float(day["open"])) for day in csv.DictReader(file)]


@pytest.mark.parametrize("kind", [EmaCross, BracketReversion])
def test_bars_that_the_market_has_beside_those_asked_for_are_left_out(
    kind: type[EmaCross | BracketReversion],
) -> None:
    """Minutes are shown to ``on_bar`` as well as the five minutes built of them."""
    seen: list[int] = []

    class Counting(kind):  # type: ignore[valid-type, misc]  # either, as the test is run
        def buy(self, symbol: str, *args: Any, **options: Any) -> str:
            seen.append(self.now)
            return str(super().buy(symbol, *args, **options))

    lengths = {"fast": 5, "slow": 20} if kind is EmaCross else {"length": 20}
    market = "synthetic:timeframe=1m,rows=3000"
    offbook.run(Counting, market, timeframe="5m", size="1", **lengths)
    assert len(seen) > 10
    assert {now % (5 * 60 * 10**9) for now in seen} == {0}


@pytest.mark.parametrize("pair", [("MSFT", "IBM"), ("GOOG", "AAPL")])
def test_the_pairs_trade_comes_to_what_a_plain_loop_over_the_files_says(
    pair: tuple[str, str],
) -> None:
    """Decided at a close and traded at the next open; nothing of the engine takes part here."""
    ratios: list[float] = []
    held, wanted, cash = (0, 0), (0, 0), 100_000.0
    days = zip(*map(closes_and_opens, pair), strict=True)
    for (first, first_open), (second, second_open) in days:
        cash -= (wanted[0] - held[0]) * first_open + (wanted[1] - held[1]) * second_open
        held = wanted
        ratios = [*ratios, math.log(first / second)][-60:]
        if len(ratios) < 60:
            continue
        z = (ratios[-1] - fmean(ratios)) / pstdev(ratios)
        sign = -1 if z > 0 else 1
        if not any(held) and abs(z) > 2:
            wanted = (sign * int(40_000 / first), -sign * int(40_000 / second))
        elif any(held) and (z > -0.5 if held[0] > 0 else z < 0.5):
            wanted = (0, 0)
    ran = offbook.run(
        "offbook.strategies.pairs:Pairs",
        "demo-stocks",
        params={"first": pair[0], "second": pair[1]},
        config=MARGIN,
    )
    equity = cash + held[0] * first + held[1] * second
    before_fees = float(ran.summary.equity.decimal + ran.summary.fees.decimal)
    assert before_fees == pytest.approx(equity, abs=1e-6)
