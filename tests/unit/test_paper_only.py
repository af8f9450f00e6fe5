"""No order can leave: the door to markets has no method for one."""

from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.bootstrap import make_gateway
from offbook.ports.gateway import IBrokerGateway, MarketFeed


def public(kind: type) -> set[str]:
    """What a type lets others call or read."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_the_door_to_markets_opens_them_and_does_nothing_else() -> None:
    """What the engine could be given to call is the whole of this list."""
    assert public(IBrokerGateway) == {"open"}
    assert public(MarketFeed) == {"info", "calendars", "extent", "read", "close"}


def test_no_gateway_has_more_to_offer_than_its_port() -> None:
    """Nor any feed, beside counting the rows that were left out."""
    assert public(type(make_gateway())) == public(ReplayGateway) == {"open"}
    assert public(ReplayFeed) - public(MarketFeed) <= {"dropped"}
