"""The page of presets: its figures are those of the venues."""

import re
from pathlib import Path

import pytest

from offbook.domain.config import (
    BasisPointsFee,
    BasisPointsSlippage,
    LogNormalDelay,
    NoSlippage,
    Preset,
    VenueConfig,
    venue_preset,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "presets.md"
MS = 1_000_000


def column(preset: Preset) -> list[str]:
    """What the page's table says of a preset, from the top."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    (place,) = [place for place, cell in enumerate(cells[0]) if f"`{preset.value}`" in cell]
    return [row[place] for row in cells[1:]]


def charges(venue: VenueConfig) -> str:
    assert isinstance(venue.fee, BasisPointsFee)
    assert venue.fee.maker == venue.fee.taker
    return venue.fee.taker


def delay(venue: VenueConfig) -> str:
    there, back = venue.latency.entry, venue.latency.response
    if isinstance(there, LogNormalDelay):
        assert there == back
        return f"half below {(there.least_ns + there.median_ns) // MS} ms"
    assert there == back
    assert venue.latency.entry_ns == venue.latency.response_ns
    return f"{venue.latency.entry_ns // MS} ms" if venue.latency.entry_ns else "none"


def slippage(venue: VenueConfig) -> str:
    model = venue.slippage
    if isinstance(model, NoSlippage):
        return "none"
    assert isinstance(model, BasisPointsSlippage)
    where = "on quotes and books as well" if model.quotes else "on bars and prints"
    return f"{model.bps} bp{',' if model.quotes else ''} {where}"


def share(venue: VenueConfig) -> str:
    percent = float(venue.volume_share) * 100
    return "all" if percent == 100 else f"{percent:g} %"


@pytest.mark.parametrize("preset", Preset)
def test_the_page_tells_the_figures_of_each_preset(preset: Preset) -> None:
    """All that its table names; the delay up to the words on its tail."""
    venue, told = venue_preset(preset), column(preset)
    told[1] = re.sub(r", with a.* tail$", "", told[1])
    assert told == [charges(venue), delay(venue), slippage(venue), share(venue)]
