"""How long messages take to the simulated venue, and its reports back."""

from __future__ import annotations

import enum
from collections import Counter
from typing import Any, Final, NoReturn

import msgspec

from offbook.domain.config.base import ConfigPart, exact_decimal, settle_enum
from offbook.domain.errors import InvalidConfig

MAX_LATENCY_NS: Final = 60_000_000_000
MOST_SIGMA: Final = 3
WAYS: Final = ("entry", "response")
"""To the venue, and back."""
_VENUES: Final = "venue.latency.venues"


class NormalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="normal"):
    """Normally distributed around ``mean_ns``, never below ``least_ns``."""

    mean_ns: int
    deviation_ns: int
    least_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("mean_ns", "deviation_ns", "least_ns"):
            _require_delay(name, getattr(self, name))


class LogNormalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="log_normal"):
    """Half of all delays are below ``median_ns``, with a long tail above: the logarithm is normal
    with the deviation ``sigma`` (0 to 3, at most 4 decimals).  ``least_ns`` comes on top."""

    median_ns: int
    sigma: str = "0.5"
    least_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("median_ns", "least_ns"):
            _require_delay(name, getattr(self, name))
        sigma = exact_decimal("venue.latency.sigma", self.sigma, precision=4)
        if not 0 <= sigma <= MOST_SIGMA:
            raise InvalidConfig(
                f"venue.latency.sigma={self.sigma}, expected 0 to {MOST_SIGMA}",
                field="venue.latency.sigma",
            )


class EmpiricalDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="empirical"):
    """As it was measured: ``quantiles_ns`` are equally likely delays in ascending order."""

    quantiles_ns: tuple[int, ...]

    def __post_init__(self) -> None:
        field = "venue.latency.quantiles_ns"
        if not self.quantiles_ns or list(self.quantiles_ns) != sorted(self.quantiles_ns):
            raise InvalidConfig(f"{field}: give delays in ascending order", field=field)
        for delay in self.quantiles_ns:
            _require_delay("quantiles_ns", delay)


class RecordedDelay(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="each_row"):
    """As each row of a recording tells it, which holds the time of the venue and that of the
    reception of every row."""


Delay = NormalDelay | LogNormalDelay | EmpiricalDelay


class RowTimes(enum.Enum):
    """What the times of a market's rows are, and with them session time: the venue's, or those at
    which whoever recorded the rows, or receives them now, got them."""

    VENUE = "venue"
    RECEIVED = "received"


class VenueLatency(ConfigPart, frozen=True, kw_only=True):
    """The delays of one of the venues that a session trades at: those of messages about the
    instruments in ``symbols``.

    Of each way it gives a constant or a distribution; a way of which it says nothing takes as long
    as the session's own.  ``name`` is for people.
    """

    name: str
    symbols: tuple[str, ...]
    entry_ns: int | None = None
    response_ns: int | None = None
    entry: Delay | None = None
    response: Delay | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            _refuse(f"{_VENUES}: a venue without a name: give one, such as that of the exchange")
        if not self.symbols:
            _refuse(f"{_VENUES}: {self.name} has no symbols: name its instruments, or leave it out")
        said = [way for way in WAYS if self.says(way)]
        if not said:
            _refuse(
                f"{_VENUES}: {self.name} gives no delay, so it would change nothing: give "
                "entry_ns, entry, response_ns or response, or leave it out"
            )
        for way in said:
            constant: int | None = getattr(self, f"{way}_ns")
            if constant is None:
                continue
            if getattr(self, way) is not None:
                _refuse(f"{_VENUES}: {self.name}: give {way}_ns or {way}, not both")
            if not 0 <= constant <= MAX_LATENCY_NS:
                _refuse(
                    f"{_VENUES}: {self.name}: {way}_ns={constant}, expected 0 to "
                    f"{MAX_LATENCY_NS} ns"
                )

    def says(self, way: str) -> bool:
        """Whether it has a delay of its own on a way, ``entry`` or ``response``."""
        return getattr(self, f"{way}_ns") is not None or getattr(self, way) is not None


def _refuse(what: str) -> NoReturn:
    raise InvalidConfig(what, field=_VENUES)


class LatencyConfig(ConfigPart, frozen=True, kw_only=True):
    """Delay of messages in session time: to the venue, and of its reports back; and of the market
    data that the strategy sees.

    ``entry_ns`` and ``response_ns`` are constant; ``entry`` and ``response`` are distributions that
    take their places.  A message never overtakes an earlier one on the same way.
    ``venues`` are those that have delays of their own; they hold for the instruments that these
    name, and the session's own for all others.  Each venue has ways of its own.
    ``market_data_ns`` is how late the strategy sees each row, or ``market_data`` the distribution
    of that, of which one is given; without either it sees the market as early as the venue does.
    For rows that have the times of their reception that may be ``RecordedDelay``.
    ``row_times`` says what the times of the rows are where it matters, with a delay of market data:
    None is that of reception for a live market and for recordings whose rows hold two times that
    differ, as session time is there, and the venue's for others.
    """

    entry_ns: int = 50_000_000
    response_ns: int = 50_000_000
    entry: Delay | None = None
    response: Delay | None = None
    market_data_ns: int = 0
    market_data: Delay | RecordedDelay | None = None
    row_times: RowTimes | None = None
    venues: tuple[VenueLatency, ...] = ()

    def __post_init__(self) -> None:
        for name in ("entry_ns", "response_ns", "market_data_ns"):
            _require_delay(name, getattr(self, name))
        self._check_venues()
        if self.market_data is not None and self.market_data_ns:
            raise InvalidConfig(
                "venue.latency: give market_data_ns or market_data, not both",
                field="venue.latency.market_data_ns",
            )
        if self.row_times is None:
            return
        settle_enum(self, "row_times", RowTimes, "venue.latency.row_times")
        if self.is_recorded and self.row_times is RowTimes.VENUE:
            raise InvalidConfig(
                "venue.latency.row_times=venue: with a market_data of type each_row the times of "
                "the rows are those of their reception: leave it out",
                field="venue.latency.row_times",
            )
        if not self.shows_late:
            raise InvalidConfig(
                f"venue.latency.row_times={self.row_times.value} is for a delay of market data: "
                "give market_data_ns or market_data too, or leave it out",
                field="venue.latency.row_times",
            )

    def _check_venues(self) -> None:
        """Raise InvalidConfig where a name or an instrument stands twice."""
        names = Counter(venue.name for venue in self.venues)
        symbols = Counter(symbol for venue in self.venues for symbol in venue.symbols)
        for twice in (names, symbols):
            for name, count in twice.items():
                if count > 1:
                    _refuse(f"{_VENUES} name {name} twice: once is enough")

    def of(self, venue: VenueLatency) -> LatencyConfig:
        """The delays of one of the venues, told as those of a session that has no other."""
        ways: dict[str, Any] = {}
        for way in filter(venue.says, WAYS):
            constant: int | None = getattr(venue, f"{way}_ns")
            ways[way] = getattr(venue, way)
            if constant is not None:
                ways[f"{way}_ns"] = constant
        return msgspec.structs.replace(self, venues=(), **ways)

    @property
    def answers_at_once(self) -> bool:
        """Whether no report takes any time, of whichever venue."""
        all_of = (self, *map(self.of, self.venues))
        return all(one.response is None and one.response_ns == 0 for one in all_of)

    @property
    def shows_late(self) -> bool:
        """Whether the strategy sees the market later than the venue does."""
        return self.market_data_ns != 0 or self.market_data is not None

    @property
    def is_recorded(self) -> bool:
        """Whether each row tells how late it is."""
        return isinstance(self.market_data, RecordedDelay)


def _require_delay(name: str, value: int) -> None:
    if not 0 <= value <= MAX_LATENCY_NS:
        raise InvalidConfig(
            f"venue.latency.{name}={value}, expected 0 to {MAX_LATENCY_NS} ns",
            field=f"venue.latency.{name}",
        )
