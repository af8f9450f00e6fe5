"""Corporate actions as they are written down, and when they take effect."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, NEVER
from offbook.domain.config import (
    AccountConfig,
    ActionKind,
    Adjustment,
    CombinedMarket,
    CorporateAction,
    ReplayMarket,
    SessionConfig,
    chain_config,
    decode_config,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, XYZ

ABC = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")
SPLIT = {"symbol": "XYZ", "kind": "split", "ex": "2024-01-03", "ratio": "4:1"}
DIVIDEND = {"symbol": "XYZ", "kind": "dividend", "ex": "2024-01-03", "amount": "0.24"}
RENAMED = {"symbol": "XYZ", "kind": "symbol_change", "ex": "2024-01-03", "new_symbol": "ABC"}


def action(**terms: Any) -> CorporateAction:
    return CorporateAction(**terms)


def market(*actions: dict[str, Any], **terms: Any) -> ReplayMarket:
    given = {"path": "a.csv", "kind": DataKind.QUOTES, "instrument": XYZ, **terms}
    return ReplayMarket(actions=tuple(CorporateAction(**one) for one in actions), **given)


def session(*sources: ReplayMarket) -> SessionConfig:
    one = sources[0] if len(sources) == 1 else CombinedMarket(sources=sources)
    return SessionConfig(market=one, account=AccountConfig(currency="USD"))


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        (SPLIT | {"ratio": None}, "needs ratio"),
        (SPLIT | {"ratio": "4"}, None),
        (SPLIT | {"ratio": "1.5:1"}, None),
        (SPLIT | {"ratio": "1:1"}, "changes nothing"),
        (SPLIT | {"ratio": "0:1"}, "write new for old"),
        (SPLIT | {"ratio": "four"}, "not a plain decimal"),
        (SPLIT | {"amount": "1"}, "has no amount"),
        (SPLIT | {"ex": "3 January"}, "neither a date"),
        (SPLIT | {"ex": "2024-01-03T09:00:00"}, "neither a date"),
        (SPLIT | {"ex": "2024-01-03T09:00:00-05:00"}, None),
        (SPLIT | {"symbol": ""}, "names no symbol"),
        (SPLIT | {"kind": "spin_off"}, "expected 'split'"),
        (DIVIDEND | {"amount": "0"}, "pays 0"),
        (DIVIDEND | {"amount": "-1"}, "pays -1"),
        (DIVIDEND | {"pay": "soon"}, "neither a date"),
        (DIVIDEND | {"withholding": "1"}, None),
        (DIVIDEND | {"withholding": "-0.1"}, "withholds -0.1, expected 0 to 1"),
        (DIVIDEND | {"withholding": "1.00000001"}, "withholds 1.00000001"),
        (SPLIT | {"withholding": "0.1"}, "has no withholding"),
        (RENAMED | {"new_symbol": "XYZ"}, "into itself"),
        (RENAMED | {"pay": "2024-01-05"}, "has no pay"),
    ],
)
def test_what_is_no_action_is_refused(terms: dict[str, Any], what: str | None) -> None:
    if what is None:
        action(**terms)
        return
    with pytest.raises(InvalidConfig, match=what):
        action(**terms)


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("4:1", (4, 1)), ("1:10", (1, 10)), ("2", (2, 1)), ("1.5:1", (3, 2)), ("6:4", (3, 2))],
)
def test_a_ratio_is_new_for_old_in_lowest_terms(text: str, ratio: tuple[int, int]) -> None:
    assert action(**SPLIT | {"ratio": text}).new_for_old == ratio


@pytest.mark.parametrize(
    ("ex", "calendar", "text"),
    [
        ("2024-01-03", "XNYS", "2024-01-03T06:30"),
        ("2024-07-08", "XNYS", "2024-07-08T05:30"),
        # A Saturday: before the session of Monday.
        ("2024-01-06", "XNYS", "2024-01-08T06:30"),
        ("2024-01-03", "XLON", "2024-01-03T00:00"),
        ("2024-01-03", "24/7", "2024-01-03T00:00"),
        ("2024-01-03T09:00:00-05:00", "XNYS", "2024-01-03T14:00"),
    ],
)
def test_a_date_takes_effect_eight_hours_before_its_session(
    ex: str, calendar: str, text: str
) -> None:
    hours = ALWAYS_OPEN_CALENDAR if calendar == "24/7" else load_calendar(calendar)
    wanted = action(**SPLIT | {"ex": f"{text}:00+00:00"})
    assert action(**SPLIT | {"ex": ex}).takes_effect(hours) == wanted.takes_effect(hours)


def test_a_day_after_the_calendars_last_never_comes() -> None:
    assert action(**SPLIT | {"ex": "2999-01-03"}).takes_effect(load_calendar("XNYS")) == NEVER


def test_a_dividend_is_paid_at_its_ex_date_at_the_earliest() -> None:
    hours = ALWAYS_OPEN_CALENDAR
    early = action(**DIVIDEND | {"pay": "2023-12-01"})
    assert early.pays_at(hours) == early.takes_effect(hours)


@pytest.mark.parametrize(
    ("adjustment", "terms", "what"),
    [
        (None, SPLIT, "say whether the prices"),
        (Adjustment.RAW, SPLIT, None),
        (Adjustment.SPLIT, SPLIT, "count twice"),
        (Adjustment.ALL, SPLIT, "count twice"),
        (Adjustment.RAW, DIVIDEND, None),
        (Adjustment.SPLIT, DIVIDEND, None),
        (Adjustment.ALL, DIVIDEND, "count twice"),
        (Adjustment.RAW, SPLIT | {"symbol": "ABC"}, "stands with the rows of XYZ"),
    ],
)
def test_actions_are_for_prices_that_do_not_carry_them(
    adjustment: Adjustment | None, terms: dict[str, Any], what: str | None
) -> None:
    if what is None:
        market(terms, adjustment=adjustment)
        return
    with pytest.raises(InvalidConfig, match=what):
        market(terms, adjustment=adjustment)


def test_a_market_has_one_kind_of_prices() -> None:
    raw, adjusted = (
        market(adjustment=Adjustment.RAW),
        market(adjustment=Adjustment.ALL, instrument=ABC),
    )
    session(raw, market(instrument=ABC))
    with pytest.raises(InvalidConfig, match="one kind of prices") as error:
        session(raw, adjusted)
    assert error.value.fields["field"] == "market.adjustment"


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        (RENAMED, "the market has no ABC"),
        (DIVIDEND | {"currency": "EUR"}, "say what EUR is worth"),
    ],
)
def test_an_action_must_fit_the_session(terms: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidConfig, match=what):
        session(market(terms, adjustment=Adjustment.RAW))


def test_the_new_symbol_counts_in_the_same_units() -> None:
    other = msgspec.structs.replace(ABC, price_precision=3, tick_size="0.001")
    old = market(RENAMED, adjustment=Adjustment.RAW)
    session(old, market(instrument=ABC))
    with pytest.raises(InvalidConfig, match="price_precision of XYZ and ABC differ"):
        session(old, market(instrument=other))


@pytest.mark.parametrize("kind", [DataKind.DEPTH, DataKind.ORDERS])
def test_books_have_actions_too_and_prices_of_one_kind(kind: DataKind) -> None:
    session(market(SPLIT, adjustment=Adjustment.RAW, kind=kind))
    with pytest.raises(InvalidConfig, match=r"market\.adjustment = raw"):
        session(market(SPLIT, kind=kind))
    with pytest.raises(InvalidConfig, match="one kind of prices"):
        session(
            market(SPLIT, adjustment=Adjustment.RAW, kind=kind),
            market(adjustment=Adjustment.SPLIT),
        )


def test_an_action_is_told_once() -> None:
    twice = market(SPLIT, SPLIT | {"ratio": "2:1"}, adjustment=Adjustment.RAW)
    with pytest.raises(InvalidConfig, match="told twice"):
        session(twice)
    # Of two sources of one symbol, both may tell it.
    bars = {"kind": DataKind.BARS, "timeframe_ns": 60 * 10**9}
    raw = {"adjustment": Adjustment.RAW}
    session(market(SPLIT, **raw), market(SPLIT, **raw, **bars))


def test_actions_are_kept_with_the_session_and_decide_its_chain() -> None:
    """The file they came from may go."""
    config = session(market(SPLIT, DIVIDEND, adjustment=Adjustment.RAW))
    assert decode_config(msgspec.json.encode(config)) == config
    plain = session(market(adjustment=Adjustment.RAW))
    assert len({chain_config(one) for one in (config, plain, session(market()))}) == 3


def test_coins_can_be_redenominated_too() -> None:
    split = CorporateAction(
        symbol="BTCUSDT", kind=ActionKind.SPLIT, ex="2024-01-03T00:00:00.5Z", ratio="1000:1"
    )
    assert split.takes_effect(ALWAYS_OPEN_CALENDAR) % 10**9 == 5 * 10**8
    market_of_coins = market(instrument=BTCUSDT, adjustment=Adjustment.RAW)
    msgspec.structs.replace(market_of_coins, actions=(split,))
