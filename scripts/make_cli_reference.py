"""Write docs/reference/cli.md from the program itself.

python scripts/make_cli_reference.py          writes the page
python scripts/make_cli_reference.py --check  says whether it is current
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"

INTRODUCTION = """\
# The command line

Made from the program by `scripts/make_cli_reference.py`.

Answers go to stdout; progress, notes, logs and errors to stderr. With `--json`, before or after the
command, stdout holds exactly one JSON document: the answer, or
`{"error": {"code", "message", "fields"}}`; what a strategy prints goes to stderr then. Lists also
take `--jsonl`: one document on each line. Amounts, prices and quantities in it are decimal text,
times are integer nanoseconds UTC of session time. Keys are never renamed or removed within a major
version; new ones may come.

| exit code | meaning |
|---|---|
| 0 | it was done; also after a first Ctrl-C, which stops the session and reports |
| 1 | it failed: a session, its strategy, a replay that was not equal, a store that cannot be read |
| 2 | the command line, a configuration, a strategy or a recording is wrong; nothing was changed |
| 3 | what was named does not exist |
| 5 | refused: the state of things forbids it, as when another process runs the session |
| 130 | a second Ctrl-C, or one before sessions ran; what is not stopped can be recovered |
| 143 | SIGTERM: suspended; the session can be recovered |

`offbook sweep` ends with 0 when every cell was run, even if some failed, with 1 when none came to
its end or some could not be run, and with 130 at the first Ctrl-C: the same command goes on.

Colours are used on terminals, unless `NO_COLOR` is set or `TERM=dumb`. `offbook run` then shows a
live screen too, on terminals of at least 60 columns and 12 lines with UTF-8; else, and with
`--no-dashboard`, `--quiet`, `--verbose` or `--json`, a plain line.

`SESSION` is an id, a beginning that no other id has, a session's name, or `last`. What no option
says is taken from the environment and from files: see [settings](../how-to/configure.md), which
tells of completion by the tab key too.
"""


def page() -> str:
    """The whole page."""
    os.environ["COLUMNS"] = "80"
    from offbook.cli.main import app

    parts = [INTRODUCTION, section([])]
    for command in app.registered_commands:
        assert command.callback is not None
        parts.append(section([command.callback.__name__]))
    for group in app.registered_groups:
        below = group.typer_instance
        assert below is not None
        for command in below.registered_commands:
            assert command.callback is not None
            parts.append(section([str(below.info.name), command.callback.__name__]))
    return "\n".join(parts)


def section(command: list[str]) -> str:
    """One command's help under its own heading."""
    from offbook.cli.main import run_cli

    told = io.StringIO()
    with redirect_stdout(told):
        run_cli([*command, "--help"])
    text = "\n".join(line.rstrip() for line in told.getvalue().strip().splitlines())
    return f"## {' '.join(['offbook', *command])}\n\n```text\n{text}\n```\n"


def main() -> int:
    """Write or check; gives the exit code."""
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.is_file() and PAGE.read_text("utf-8") == text else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
