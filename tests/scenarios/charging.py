"""The ``fee`` clauses of a scenario's setting."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec

from offbook.domain import config as c
from offbook.domain.instruments import AssetClass


def charges(setting: Any, *words: str) -> None:
    """What the venue charges; ``/`` stands between maker and taker.

    ``fee 2 / 4 bps``, ``fee 1.50 per order``, ``fee 0.01 per unit`` with or without ``least 0.35``,
    ``most 5`` and ``most 1%``; ``fee tiers 0 10 / 20 1000 0 / 5`` by volume; ``fee 10 / 10 bps from
    2024-01-03 0 / 0`` for rates that change; several of these after ``+``.  What stands in
    brackets has its bounds in common: ``fee [ 0.003 per unit + 1 / 1 bps ] least 1 most 1% + ...``.
    """
    setting.fee = _sum(words)


def charges_of(setting: Any, *words: str) -> None:
    """``fee-of XYZ ABC : 2 / 4 bps``, once for each group of instruments, after the ``fee`` of all
    others; ``fee-of crypto_spot in USD : ...`` for a kind, and a currency."""
    mark = words.index(":")
    names, fee = list(words[:mark]), _sum(words[mark + 1 :])
    terms: dict[str, Any] = {}
    if "in" in names:
        terms["currency"] = names[names.index("in") + 1]
        names = names[: names.index("in")]
    kinds = {kind.value for kind in AssetClass}
    if names and names[0] in kinds:
        terms["asset_class"] = AssetClass(names.pop(0))
    one = c.FeeGroup(symbols=tuple(names), fee=fee, **terms)
    known = setting.fee
    if not isinstance(known, c.ByInstrumentFee):
        known = c.ByInstrumentFee(groups=(c.FeeGroup(fee=known),))
    groups = (*known.groups[:-1], one, known.groups[-1])
    setting.fee = msgspec.structs.replace(known, groups=groups)


def volume_of(setting: Any, whose: str) -> None:
    """``volume group``: tiers of a group go by what is traded in it."""
    setting.fee = msgspec.structs.replace(setting.fee, volume_of=c.VolumeOf(whose))


def _sum(words: tuple[str, ...]) -> c.OneInstrumentsFee:
    bounded: list[c.BoundedFee] = []
    rest = list(words)
    if "[" in rest:
        begin, end = rest.index("["), rest.index("]")
        after = rest.index("+", end) if "+" in rest[end:] else len(rest)
        parts = tuple(_fee(part.split()) for part in " ".join(rest[begin + 1 : end]).split(" + "))
        bounded = [c.BoundedFee(parts=parts, **_bounds(rest[end + 1 : after]))]
        rest = rest[after + 1 :]
        assert begin == 0, "the bounded ones stand first"
    singles = [_fee(part.split()) for part in " ".join(rest).split(" + ")] if rest else []
    fees = (*bounded, *singles)
    return fees[0] if len(fees) == 1 else c.SumFee(parts=fees)


def _fee(words: list[str]) -> c.SingleFee:
    if words[0] == "tiers":
        return c.TieredFee(tiers=_tiers(words[1:]))
    if "from" in words:
        return _dated(words)
    if words[-1] == "bps":
        return c.BasisPointsFee(maker=words[0], taker=words[2])
    if words[2] == "order":
        return c.FlatFee(per_order=words[0])
    return c.PerUnitFee(per_unit=words[0], **_bounds(words[3:]))


def _bounds(words: list[str]) -> dict[str, str]:
    bounds: dict[str, str] = {}
    for word, value in zip(words[::2], words[1::2], strict=True):
        name = "minimum" if word == "least" else "maximum"
        bounds[f"{name}_percent" if value.endswith("%") else name] = value.rstrip("%")
    return bounds


def _tiers(words: list[str]) -> tuple[c.VolumeTier, ...]:
    return tuple(
        c.VolumeTier(volume=at, maker=maker, taker=taker)
        for at, maker, taker in zip(words[::4], words[1::4], words[3::4], strict=True)
    )


def _dated(words: list[str]) -> c.DatedFee:
    marks = [0, *(place for place, word in enumerate(words) if word == "from"), len(words)]
    rates = []
    for begin, end in pairwise(marks):
        part = words[begin:end]
        since = part[1] if part[0] == "from" else None
        told = part if since is None else part[2:]
        if told[0] == "tiers":
            rates.append(c.SharesFrom(since=since, tiers=_tiers(told[1:])))
        else:
            rates.append(c.SharesFrom(since=since, maker=told[0], taker=told[2]))
    return c.DatedFee(rates=tuple(rates))
