"""A strategy may change what it is given: another of the same specification begins anew."""

from typing import Any

import msgspec

from offbook.bootstrap.engines import engine_factory
from offbook.domain.config import StrategySpec
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.sessions import CONFIG, new_session


class Spender(Strategy):
    """Takes its levels one by one."""

    def __init__(self, levels: list[str]) -> None:
        self.levels = levels


def strategy_of(engine: ProcessingEngine) -> Any:
    return engine._strategy


def test_what_one_does_to_its_parameters_no_other_is_given() -> None:
    """Neither another session of a configuration that is shared, nor the same one run again."""
    spec = StrategySpec(ref="levels:Spender", params={"levels": ["1", "2"]})
    session = new_session(config=msgspec.structs.replace(CONFIG, strategy=spec))
    first = engine_factory(Spender, "text")(session)
    strategy_of(first).levels.pop()
    for again in (engine_factory(Spender, "text")(session), first.for_session(session)):
        assert strategy_of(again).levels == ["1", "2"]
    assert spec.params == {"levels": ["1", "2"]}
