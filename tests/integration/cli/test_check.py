"""``offbook data check``: a raw capture and the checksums in it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]


def message(size: str, checksum: int) -> str:
    """One of OKX, whose book has a level."""
    data: dict[str, Any] = {"bids": [["100.5", size, "0", "1"]], "asks": []}
    data |= {"ts": "1704205800000", "checksum": checksum}
    arg = {"channel": "books", "instId": "BTC-USDT"}
    return json.dumps({"arg": arg, "action": "snapshot", "data": [data]})


def test_how_a_capture_agrees_with_its_venue(offbook: Program, folder: Path) -> None:
    """The exit code is 0 where all checksums do; what differs is shown."""
    right = zlib.crc32(b"100.5:4")
    assert right < 1 << 31
    path = folder / "capture.jsonl"
    path.write_text(message("4", right) + "\n")
    answer = offbook("data", "check", "BTC-USDT=capture.jsonl")
    assert (answer.code, answer.out) == (0, "capture.jsonl: 1 checksum of okx, 1 agree\n")
    path.write_text("\n".join([message("4", right), *[message("3", right)] * 7]) + "\n")
    answer = offbook("data", "check", "capture.jsonl")
    first, *shown, last = answer.out.splitlines()
    assert (answer.code, first) == (1, "capture.jsonl: 8 checksums of okx, 1 agree")
    assert shown[0].startswith(f"  row 1: published {right}, found ")
    assert (len(shown), last) == (5, "  and 2 more")
    document = offbook("data", "check", "capture.jsonl", "--json").document
    assert (document["agree"], document["checksums"], len(document["mismatches"])) == (1, 8, 7)
    answer = offbook("run", "offbook.strategies.quoter:Quoter", "--data", "capture.jsonl")
    assert answer.code == 2
    assert "offbook data convert" in answer.err
