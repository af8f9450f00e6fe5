"""How long messages take in the reference: drawn by the documented hash, from tables made anew."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist

from offbook.domain.config import (
    Delay,
    EmpiricalDelay,
    LatencyConfig,
    LogNormalDelay,
    NormalDelay,
)

ENTRIES = 1024
MINUTE = 60 * 10**9
EXACT = Context(prec=60)


def where(config: LatencyConfig, symbol: str | None) -> str | None:
    """The name of the venue with latencies of its own where an instrument trades, if any."""
    names = [venue.name for venue in config.venues if symbol in venue.symbols]
    return names[0] if names else None


def told(config: LatencyConfig, way: str, symbol: str | None) -> Delay | int:
    """How long messages take on a way: as the venue says, else as the session does."""
    for venue in config.venues:
        if symbol in venue.symbols and way == "entry":
            own = venue.entry_ns if venue.entry is None else venue.entry
        elif symbol in venue.symbols:
            own = venue.response_ns if venue.response is None else venue.response
        else:
            own = None
        if own is not None:
            return own
    if way == "entry":
        return config.entry_ns if config.entry is None else config.entry
    return config.response_ns if config.response is None else config.response


def delay(
    config: LatencyConfig, way: str, seed: int, number: object, record: int, symbol: str | None
) -> int:
    """Of a message about an order: eight bytes of a hash of the seed, the way, the order and how
    many records there are choose one of equally likely delays."""
    takes = told(config, way, symbol)
    if isinstance(takes, int):
        return takes
    return drawn_delay(takes, f"{seed}|{way} latency|{number}|{record}")


def drawn_delay(config: NormalDelay | LogNormalDelay | EmpiricalDelay, key: str) -> int:
    """One of a distribution's, for what the key names."""
    table = _table(config)
    value = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
    return table[value * len(table) // 2**64]


@lru_cache(maxsize=64)
def _table(config: NormalDelay | LogNormalDelay | EmpiricalDelay) -> tuple[int, ...]:
    """None longer than a minute."""
    if isinstance(config, EmpiricalDelay):
        return config.quantiles_ns
    normal = NormalDist()
    found = []
    for place in range(ENTRIES):
        # Quantiles are known to a 4,096th, so that no machine's arithmetic shows.
        part = round(normal.inv_cdf((place + 0.5) / ENTRIES) * 4096)
        if isinstance(config, NormalDelay):
            took = max(config.mean_ns + config.deviation_ns * part // 4096, config.least_ns)
        else:
            power = EXACT.exp(Decimal(config.sigma) * part / 4096)
            took = config.least_ns + int(EXACT.multiply(config.median_ns, power))
        found.append(min(took, MINUTE))
    return tuple(found)
