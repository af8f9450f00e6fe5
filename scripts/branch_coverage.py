"""Print the branch coverage of folders after a test run.

    python scripts/branch_coverage.py src/offbook/services/paper_trading src/offbook

Reads the coverage data of the working folder. Branch coverage is the share of the jumps that the
code could make which some test made; lines do not count.
"""

import contextlib
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError


def branches(report: dict[str, dict[str, dict[str, int]]], folder: Path) -> tuple[int, int]:
    """Return (taken, all) branches of the files in a folder, from coverage's JSON report."""
    summaries = [
        file["summary"] for path, file in report.items() if Path(path).is_relative_to(folder)
    ]
    return (
        sum(summary["covered_branches"] for summary in summaries),
        sum(summary["num_branches"] for summary in summaries),
    )


def main() -> None:
    """Print a line for each folder named on the command line."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "coverage.json"
        try:
            with contextlib.redirect_stdout(None):
                coverage.json_report(outfile=str(out))
        except NoDataError:
            print("branch coverage: the tests that ran touched no code of the package")
            return
        files = json.loads(out.read_text())["files"]
    for argument in sys.argv[1:]:
        taken, every = branches(files, Path(argument))
        share = f"{100 * taken / every:5.1f} %" if every else "   none"
        print(f"branch coverage {share}  {taken}/{every}  {argument}")


if __name__ == "__main__":
    main()
