"""A contract that has ended before its data begins is refused when the market is opened."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.recordings import HEADER, csv, quotes

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.domain.config import BadRows, ReplayMarket, SyntheticMarket
from offbook.domain.contracts import ContractTerms
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.testing.markets import BTCUSDT

FIRST = 1704205800  # 2024-01-02T14:30:00Z


def expiring(expires: str) -> Instrument:
    terms = ContractTerms(expires=expires)
    return msgspec.structs.replace(BTCUSDT, asset_class=AssetClass.FUTURE, contract=terms)


def recording(path: Path, expires: str, *, rows: BadRows = BadRows.REFUSE) -> ReplayMarket:
    lines = [f"{FIRST + n},{bid},101,1,1" for n, bid in enumerate((0, 100, 99))]
    file = csv(path / "es.csv", HEADER, *lines[rows is BadRows.REFUSE :])
    return msgspec.structs.replace(quotes(file, bad_rows=rows), instrument=expiring(expires))


@pytest.mark.parametrize("rows", BadRows)
@pytest.mark.parametrize("expires", ["2023-12-15T14:30:00Z", "2024-01-02T14:30:01Z"])
async def test_an_expiry_before_the_data_is_told_with_both_times(
    tmp_path: Path, expires: str, rows: BadRows
) -> None:
    """Whether rows may be left out or not: the first that is kept has second 1."""
    with pytest.raises(InvalidConfig) as caught:
        await ReplayGateway().open(recording(tmp_path, expires, rows=rows))
    told = str(caught.value)
    for part in (str(tmp_path / "es.csv"), "BTCUSDT", expires, "2024-01-02T14:30:01Z", "--expires"):
        assert part in told
    assert caught.value.fields["field"] == "instrument.contract.expires"


@pytest.mark.parametrize("rows", BadRows)
async def test_one_within_the_data_is_none_of_that(tmp_path: Path, rows: BadRows) -> None:
    feed = await ReplayGateway().open(recording(tmp_path, "2024-01-02T14:30:02Z", rows=rows))
    piece = await feed.read(0, 5)
    assert piece is not None
    assert len(piece) == 2
    assert sum(feed.dropped.values()) == (rows is BadRows.DROP)
    await feed.close()


async def test_a_made_up_market_is_told_of_too() -> None:
    market = SyntheticMarket(instrument=expiring("2001-01-01T00:00:00Z"))
    with pytest.raises(InvalidConfig, match="synthetic market: BTCUSDT expires at 2001"):
        await SyntheticGateway().open(market)
