"""A session in a store on disk: reported when its writer is gone, and written to files."""

from pathlib import Path

import pytest

from offbook.bootstrap import find_stored, open_manager, report_stored, write_report
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.errors import InvalidInput


async def test_a_stored_session_becomes_files(tmp_path: Path) -> None:
    """Reported from the store alone, after its manager is gone."""
    request = SessionRequest(data="demo", strategy="offbook.strategies.ema_cross:EmaCross")
    async with open_manager(tmp_path / "data") as manager:
        session = await manager.start_session(build_config(request))
        session = await manager.wait(session.id)
    listed = await find_stored(tmp_path / "data", session.id)
    report = await report_stored(listed.session, listed.store)
    assert report.notes == ()
    assert report.session.session_id == session.id
    assert report.equity is not None
    paths = write_report(report, tmp_path / "out", ["json", "csv", "parquet"])
    assert sorted(path.name for path in paths) == sorted(
        ["report.json"]
        + [
            f"{t}.{s}"
            for t in ("fills", "orders", "flows", "round_trips", "instruments", "equity")
            for s in ("csv", "parquet")
        ]
    )
    assert all(path.stat().st_size for path in paths)
    with pytest.raises(InvalidInput, match="no report is written as xlsx"):
        write_report(report, tmp_path / "out", ["xlsx"])
