"""US regulatory fee rates with the days from which they hold.

Section 31 fee, dollars per million sold: the SEC's fee rate advisories and orders (2024: 89 FR
29402; 2026: release 34-104909; 0 from 2025-05-14, as the year's appropriation was collected; until
2011 a year's rate held from thirty days after its appropriation was enacted: 2009 from 11 March).
Trading activity fee, dollars per share sold and its maximum per trade: FINRA By-Laws, Schedule A,
section 1, as adjusted by SR-FINRA-2024-019 (89 FR 93709); before: NASD's Notice to Members 04-84,
Regulatory Notices 11-27 and 12-06.  Rates that are set later, and those of the consolidated audit
trail, which change within the year and by broker, are for the user to state.
"""

from __future__ import annotations

from typing import Final

from offbook.domain.config import DatedRate


def _table(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[DatedRate, ...]:
    return tuple(
        DatedRate(since=row[0], rate=row[1], maximum=row[2] if len(row) > 2 else None)
        for row in rows
    )


SEC_PER_MILLION: Final = _table(
    ("2007-03-17", "15.30"),
    ("2008-01-25", "11.00"),
    ("2008-04-01", "5.60"),
    ("2009-04-10", "25.70"),
    ("2010-01-15", "12.70"),
    ("2010-04-01", "16.90"),
    ("2011-01-21", "19.20"),
    ("2012-02-21", "18.00"),
    ("2012-04-01", "22.40"),
    ("2013-05-25", "17.40"),
    ("2014-03-18", "22.10"),
    ("2015-02-14", "18.40"),
    ("2016-02-16", "21.80"),
    ("2017-07-04", "23.10"),
    ("2018-05-22", "13.00"),
    ("2019-04-16", "20.70"),
    ("2020-02-18", "22.10"),
    ("2021-02-25", "5.10"),
    ("2022-05-14", "22.90"),
    ("2023-02-27", "8.00"),
    ("2024-05-22", "27.80"),
    ("2025-05-14", "0"),
    ("2026-04-04", "20.60"),
)

TAF_PER_SHARE: Final = _table(
    ("2004-11-01", "0.000075", "3.75"),
    ("2011-07-01", "0.000090", "4.50"),
    ("2012-03-01", "0.000095", "4.75"),
    ("2012-07-01", "0.000119", "5.95"),
    ("2022-01-01", "0.00013", "6.49"),
    ("2023-01-01", "0.000145", "7.27"),
    ("2024-01-01", "0.000166", "8.30"),
    ("2026-01-01", "0.000195", "9.79"),
    ("2027-01-01", "0.000232", "11.61"),
    ("2028-01-01", "0.00024", "12.05"),
)
