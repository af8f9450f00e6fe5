"""The configuration of a session: what it refuses, and what of it decides records."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.unit.domain.later_values import LATER_VALUES, NOT_ALONE, OF_OTHER_VENUES, later_parts

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    BasisPointsFee,
    BasisPointsSlippage,
    FeeRounding,
    FifoQueue,
    FlatFee,
    LatencyConfig,
    LifecycleConfig,
    MarginCall,
    OrderRate,
    PerUnitFee,
    ReplayMarket,
    RiskConfig,
    SessionConfig,
    SpreadSlippage,
    StrategySpec,
    SumFee,
    VenueConfig,
    chain_config,
    decode_config,
    parse_speed,
)
from offbook.domain.config.session import _UNUSED, _UNUSED_OF_SOURCES
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, MINUTE, XYZ

MARKET = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)
ACCOUNT = AccountConfig(currency="USDT")
FULL = SessionConfig(
    market=ReplayMarket(
        path="data/a.parquet",
        kind=DataKind.BARS,
        instrument=BTCUSDT,
        timeframe_ns=MINUTE,
        columns={"open": "o"},
    ),
    account=AccountConfig(
        currency="USDT",
        type=AccountType.MARGIN,
        leverage="2.5",
        maintenance_margin="0.2",
        cash={"EUR": "5.5"},
        rates={"EUR": "1.1"},
    ),
    strategy=StrategySpec(ref="my/file.py:Ema", params={"fast": 3, "slow": 9}),
    venue=VenueConfig(fee=BasisPointsFee(maker="2", taker="5.5"), queue=FifoQueue()),
    risk=RiskConfig(
        max_order_notional="1000",
        max_order_qty="10",
        max_position_notional="5000",
        max_position_qty="50",
        max_order_rate=OrderRate(count=10),
        price_collar="0.05",
    ),
    seed=7,
    name="mine",
    speed="10",
)


def session(**parts: Any) -> SessionConfig:
    """The smallest configuration with some parts of its own."""
    return SessionConfig(**{"market": MARKET, "account": ACCOUNT, **parts})


REFUSED: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (msgspec.structs.replace, {"path": ""}, "market.path"),
    (msgspec.structs.replace, {"label": "middle"}, "market.label"),
    (msgspec.structs.replace, {"kind": DataKind.BARS}, "market.timeframe_ns"),
    (
        msgspec.structs.replace,
        {"kind": DataKind.BARS, "timeframe_ns": 0},
        "market.timeframe_ns",
    ),
    *(
        (StrategySpec, {"ref": ref}, "strategy.ref")
        for ref in ("", "X", ":X", "m:", "m:1x", "m:a b")
    ),
    (AccountConfig, {"currency": ""}, "account.currency"),
    *(
        (AccountConfig, {"currency": "USD", "initial_cash": cash}, "account.initial_cash")
        for cash in ("-1", "", "1e5", "0.0000000000000000001", 5)
    ),
    *(
        (BasisPointsFee, {name: text}, f"venue.fee.{name}")
        for name, least in (("maker", "-1000.0001"), ("taker", "-0.0001"))
        for text in (least, "1000.0001", "0.00001", "ten", 1)
    ),
    (PerUnitFee, {"per_unit": "-0.01"}, "venue.fee.per_unit"),
    (PerUnitFee, {"per_unit": "0.000000001"}, "venue.fee.per_unit"),
    (PerUnitFee, {"per_unit": "0", "minimum": "-1"}, "venue.fee.minimum"),
    (PerUnitFee, {"per_unit": "0", "maximum": "-1"}, "venue.fee.maximum"),
    (PerUnitFee, {"per_unit": "0", "maximum_percent": "101"}, "venue.fee.maximum_percent"),
    (SumFee, {"parts": ()}, "venue.fee.parts"),
    *((BasisPointsSlippage, {"bps": text}, "venue.slippage.bps") for text in ("-1", "1001", "x")),
    *((SpreadSlippage, {"share": text}, "venue.slippage.share") for text in ("-1", "11")),
    (SpreadSlippage, {"assumed_spread": "-1"}, "venue.slippage.assumed_spread"),
    (
        lambda: session(market=FULL.market, venue=VenueConfig(slippage=SpreadSlippage(share="1"))),
        {},
        "venue.slippage.assumed_spread",
    ),
    *(
        (AccountConfig, {"currency": "USD", **parts}, f"account.{field}")
        for parts, field in (
            ({"cash": {"USD": "1"}}, "cash"),
            ({"cash": {"EUR": "-1"}, "rates": {"EUR": "1"}}, "cash.EUR"),
            ({"cash": {"EUR": "1"}}, "rates"),
            ({"rates": {"EUR": "0"}}, "rates.EUR"),
            ({"rates": {"EUR": "1"}, "rates_from": {"EUR": "EURUSD"}}, "rates.EUR"),
            ({"leverage": "2"}, "leverage"),
            ({"type": "marginal"}, "type"),
            ({"cash_check": "never"}, "cash_check"),
            ({"margin_call": "pray"}, "margin_call"),
            ({"margin_call": "deny_increase"}, "margin_call"),
            ({"maintenance_margin": "0.2"}, "maintenance_margin"),
            ({"type": AccountType.MARGIN, "leverage": "0.5"}, "leverage"),
            ({"type": AccountType.MARGIN, "initial_margin": "0"}, "initial_margin"),
            ({"type": AccountType.MARGIN, "initial_margin": "1.1"}, "initial_margin"),
            (
                {"type": AccountType.MARGIN, "initial_margin": "0.5", "leverage": "2"},
                "initial_margin",
            ),
            ({"type": AccountType.MARGIN, "maintenance_margin": "0.6"}, "maintenance_margin"),
        )
    ),
    *(
        (
            session,
            {"account": AccountConfig(currency="USDT", rates_from={"EUR": symbol})},
            "account.rates_from.EUR",
        )
        for symbol in ("EURUSDT", "BTCUSDT")
    ),
    *((FlatFee, {"per_order": text}, "venue.fee.per_order") for text in ("-1", "one", 1)),
    *(
        (LatencyConfig, {name: value}, f"venue.latency.{name}")
        for name in ("entry_ns", "response_ns", "market_data_ns")
        for value in (-1, 60_000_000_001)
    ),
    *(
        (VenueConfig, {name: text}, f"venue.{name}")
        for name in ("volume_share", "market_collar")
        for text in ("-0.1", "1.00000001", "0.000000001", "half")
    ),
    (VenueConfig, {"volume_share": "0"}, "venue.volume_share"),
    *(
        (RiskConfig, {name: text}, f"risk.{name}")
        for name in ("max_order_notional", "max_position_notional")
        for text in ("0", "-1", "lots", 5)
    ),
    (RiskConfig, {"max_open_orders": 0}, "risk.max_open_orders"),
    *((session, {"seed": seed}, "seed") for seed in (-1, 2**63)),
    *((session, {"history_limit": limit}, "history_limit") for limit in (0, 100_001)),
    (session, {"account": AccountConfig(currency="EUR")}, "account.rates"),
    *((session, {"speed": text}, "speed") for text in ("0", "-1", "fast", "", "1.0000001")),
]


@pytest.mark.parametrize(
    ("make", "parts", "field"), REFUSED, ids=[f"{f}={p}" for _, p, f in REFUSED]
)
def test_what_cannot_be_used_names_its_field(
    make: Callable[..., Any], parts: dict[str, Any], field: str
) -> None:
    """In ``fields`` for programs and in the message for people."""
    given = (MARKET,) if make is msgspec.structs.replace else ()
    with pytest.raises(InvalidConfig) as caught:
        make(*given, **parts)
    assert caught.value.fields["field"] == field
    assert field.rpartition(".")[2] in str(caught.value) or field == "strategy.ref"


def test_a_choice_may_be_written_as_its_text() -> None:
    """In Python as in a file."""
    account = AccountConfig(currency="USD", type="margin", margin_call="deny_increase")
    assert account.is_margin
    assert account.margin_call is MarginCall.DENY_INCREASE
    assert VenueConfig(fee_rounding="half_even").fee_rounding is FeeRounding.HALF_EVEN


def test_what_stands_at_the_edge_is_allowed() -> None:
    """Limits are meant inclusively where they say "to"."""
    session(seed=2**63 - 1, history_limit=100_000, speed="0.000001")
    BasisPointsFee(maker="0", taker="1000")
    LatencyConfig(entry_ns=0, response_ns=60_000_000_000)
    VenueConfig(volume_share="1", market_collar="0")
    RiskConfig(max_order_notional="0.000000000000000001", max_open_orders=1)
    AccountConfig(currency="USD", initial_cash="0")


def parts_of(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every part that is itself a configuration."""
    if isinstance(document, dict):
        yield path
        for name, value in document.items():
            if name not in {"columns", "params", "cash", "rates", "rates_from"}:
                yield from parts_of(value, (*path, name))


def at(document: Any, path: tuple[str, ...]) -> Any:
    """What stands at a place."""
    for name in path:
        document = document[name]
    return document


@pytest.mark.parametrize("path", list(parts_of(msgspec.to_builtins(FULL))), ids=".".join)
def test_a_field_that_nobody_knows_is_refused(path: tuple[str, ...]) -> None:
    """In every part, for a misspelt limit would be no limit."""
    document = msgspec.to_builtins(FULL)
    at(document, path)["misspelt"] = 1
    with pytest.raises(InvalidConfig, match="misspelt"):
        decode_config(msgspec.json.encode(document))


@pytest.mark.parametrize("config", [FULL, session(), session(venue=VenueConfig(fee=FlatFee()))])
def test_a_stored_configuration_reads_back_equal(config: SessionConfig) -> None:
    """Canonical: the same bytes again."""
    raw = msgspec.json.encode(config)
    assert decode_config(raw) == config
    assert msgspec.json.encode(decode_config(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{"),
        *(b"{}", b"[]", b'{"market":1}'),
    ],
)
def test_what_is_no_configuration_is_invalid(raw: bytes) -> None:
    """Nothing but InvalidConfig comes out of reading one."""
    with pytest.raises(InvalidConfig):
        decode_config(raw)


def is_later(place: tuple[str, ...]) -> bool:
    """Of what came after sessions were first kept: left out of the chain where it says nothing."""
    unused = {(part, name) for part, name, _ in _UNUSED}
    unused |= {("market", name) for name, _ in _UNUSED_OF_SOURCES}
    return place[:2] in unused or place[1:] in later_parts()


def leaves(document: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value of a document by its place."""
    if not isinstance(document, dict) or not document:
        return {path: document}
    return {
        place: value
        for name, part in document.items()
        for place, value in leaves(part, (*path, name)).items()
    }


@pytest.mark.parametrize("config", [FULL, session(venue=FULL.venue)], ids=["full", "small"])
def test_the_chain_holds_all_but_name_pace_and_places(config: SessionConfig) -> None:
    """Field by field; of the strategy's reference the class's name stays."""
    whole = leaves(msgspec.json.decode(msgspec.json.encode(config)))
    chained = leaves(msgspec.json.decode(chain_config(config)))
    apart = {("name",), ("speed",), ("market", "path")}
    assert set(whole) - set(chained) == apart | set(filter(is_later, whole))
    assert set(chained) <= set(whole)
    ref = ("strategy", "ref")
    for place, value in chained.items():
        assert value == ("Ema" if place == ref else whole[place]), place


def changed(value: Any, place: tuple[str, ...]) -> Any:
    """Another value that may stand in the same place."""
    special = {
        ("market", "kind"): "quotes",
        ("market", "label"): "close",
        ("market", "instrument", "asset_class"): "equity",
        ("market", "bad_rows"): "drop",
        ("market", "header"): ["binance-klines"],
        ("market", "timezone"): "Europe/Berlin",
        ("market", "off_hours"): "drop",
        ("strategy", "ref"): "my/file.py:Other",
        ("risk", "daily_loss"): {"amount": "5"},
        ("risk", "allowed_symbols"): ["BTCUSDT"],
        ("risk", "allowed_sides"): ["SELL"],
        ("account", "cash_check"): "fill",
        ("account", "margin_call"): "deny_increase",
        ("venue", "fee_rounding"): "half_even",
        ("venue", "latency", "entry"): {"type": "empirical", "quantiles_ns": [1]},
        ("venue", "latency", "response"): {"type": "normal", "mean_ns": 5, "deviation_ns": 1},
        ("venue", "fill_at"): "next_close",
        ("venue", "action_orders"): "cancel",
        ("account", "withholding"): "0.15",
        ("account", "financing"): {"interest_year": 365},
        ("market", "adjustment"): "raw",
        ("venue", "stop_gap"): "stop",
        ("venue", "limit_gap"): "open",
        **LATER_VALUES,
        ("venue", "whole_shares"): True,
        ("venue", "auctions", "limit"): "equal",
        ("venue", "extended_hours"): {"pre_ns": 1},
        ("lifecycle", "pause_orders"): "keep",
        ("lifecycle", "resume_timers"): "replay",
        ("lifecycle", "on_strategy_error"): "fail",
        ("lifecycle", "at_end"): "pause",
    }
    if place in special:
        return special[place]
    if isinstance(value, int):
        return value + 1
    digits = value.replace(".", "").isdigit()
    if "." in value and digits:
        return value[:-1] + ("2" if value[-1] != "2" else "3")
    return str(int(value) + 1) if digits else value + "X"


DECIDING = [
    place
    for place in leaves(msgspec.to_builtins(FULL))
    if place
    not in {
        *(("name",), ("speed",), ("market", "instrument", "quote_currency")),
        # These say which part it is, or must agree with another field.
        *(("market", name) for name in ("path", "type", "actions", "funding", "settlements")),
        *(("venue", part, "type") for part in ("fee", "slippage")),
        # Of books and halts, and this market has none; of reports that take no time; of late rows.
        *(("venue", *of) for of in (("queue", "type"), ("latency", "row_times"))),
        *(("venue", name) for name in OF_OTHER_VENUES),
        *(("account", name) for name in ("currency", "type", "initial_margin", "rates_from")),
        *(("account", name) for name in ("settlement", "margin_rules", "maintenance_tiers")),
        *(("account", name) for name in NOT_ALONE),
    }
]


@pytest.mark.parametrize("place", DECIDING, ids=".".join)
def test_any_change_that_decides_records_changes_the_chain(place: tuple[str, ...]) -> None:
    """One field at a time."""
    document = msgspec.to_builtins(FULL)
    at(document, place[:-1])[place[-1]] = changed(at(document, place), place)
    other = decode_config(msgspec.json.encode(document))
    assert other != FULL
    assert chain_config(other) != chain_config(FULL)


def test_what_decides_no_record_changes_no_byte() -> None:
    """Where the data and the code lie, what it is called, how fast it goes."""
    moved = msgspec.structs.replace(
        FULL,
        market=msgspec.structs.replace(FULL.market, path="/elsewhere/b.csv"),
        strategy=StrategySpec(ref="package.module:Ema", params={"slow": 9, "fast": 3}),
        name="yours",
        speed=None,
    )
    assert chain_config(moved) == chain_config(FULL)


def test_another_kind_of_part_changes_the_chain() -> None:
    """A fee of another type, a market in another currency, no strategy."""
    flat = msgspec.structs.replace(FULL, venue=VenueConfig(fee=FlatFee()))
    bare = msgspec.structs.replace(FULL, strategy=None)
    dollars = session(
        market=msgspec.structs.replace(MARKET, instrument=XYZ),
        account=AccountConfig(currency="USD"),
    )
    found = {chain_config(config) for config in (FULL, flat, bare, dollars, session())}
    assert len(found) == 5


def test_reading_a_configuration_does_not_change_it() -> None:
    """The chained form is made from a copy."""
    before = msgspec.json.encode(FULL)
    chain_config(FULL)
    assert msgspec.json.encode(FULL) == before


def test_a_speed_is_a_positive_number_or_none() -> None:
    """None is as fast as possible."""
    assert parse_speed(None) is None
    assert str(parse_speed("2.5")) == "2.5"


def test_defaults_never_flatter() -> None:
    """Fees, latency, a share of a bar and a collar are there unless taken away by name."""
    config = session()
    assert isinstance(config.venue.fee, BasisPointsFee)
    assert (config.venue.fee.maker, config.venue.fee.taker) == ("10", "10")
    assert config.venue.latency.entry_ns > 0
    assert config.venue.latency.response_ns > 0
    assert (config.venue.volume_share, config.venue.market_collar) == ("0.1", "0.05")
    assert config.lifecycle == LifecycleConfig()
