"""Charges made up by hypothesis: single ones, sums, and with bounds in common."""

from __future__ import annotations

from hypothesis import strategies as st

from offbook.domain.config import BasisPointsFee, BoundedFee, FlatFee, PerUnitFee, SumFee

shares = st.integers(-10_000_000, 10_000_000).map(lambda units: f"{units / 10_000:.4f}")
taken = st.integers(0, 10_000_000).map(lambda units: f"{units / 10_000:.4f}")
cents = st.integers(0, 10**6).map(lambda number: f"{number / 100:.2f}")
percents = st.sampled_from([None, "1", "0.0001", "0"])
singles = st.one_of(
    st.builds(BasisPointsFee, maker=shares, taker=taken),
    st.builds(
        BasisPointsFee,
        maker=shares,
        taker=taken,
        minimum=st.none() | cents,
        maximum=st.none() | cents,
        maximum_percent=percents,
    ),
    st.builds(FlatFee, per_order=cents),
    st.builds(
        PerUnitFee,
        per_unit=st.sampled_from(["0", "0.0035", "0.00000001", "2.25"]),
        minimum=cents,
        maximum=st.none() | cents,
        maximum_percent=percents,
    ),
)
some = st.lists(singles, min_size=1, max_size=4).map(tuple)
bounded = st.builds(
    BoundedFee,
    parts=some,
    minimum=cents,
    maximum=st.none() | cents,
    minimum_percent=percents,
    maximum_percent=percents,
)
owed = st.one_of(
    st.builds(BasisPointsFee, maker=taken, taker=taken, maximum=st.none() | cents),
    st.builds(FlatFee, per_order=cents),
    st.builds(PerUnitFee, per_unit=st.sampled_from(["0", "0.0035"]), minimum=cents),
)
taxed = st.builds(
    BoundedFee,
    parts=st.lists(owed, min_size=1, max_size=3).map(tuple),
    minimum=st.none() | cents,
    maximum=st.none() | cents,
    maximum_percent=percents,
    surcharge_percent=st.sampled_from(["18", "0.0735", "0", "100"]),
)
fees = st.one_of(
    singles,
    taxed,
    st.builds(SumFee, parts=some),
    bounded,
    st.tuples(some, bounded, some).map(
        lambda three: SumFee(parts=(*three[0], three[1], *three[2]))
    ),
)
