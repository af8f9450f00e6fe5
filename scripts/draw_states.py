"""Draw the state diagrams of the documentation from the tables that the program runs by.

    python scripts/draw_states.py [--check]

With ``--check`` nothing is written; the exit status is 1 when the page is not what the tables say.
"""

from __future__ import annotations

import sys
from pathlib import Path

from offbook.domain.order_table import ORDER_TRANSITIONS
from offbook.domain.orders import OrderStatus
from offbook.domain.session import LIFECYCLE, STATUS_CHANGES, SessionStatus, Verdict

PAGE = Path(__file__).parents[1] / "docs/reference/states.md"

MEANING = {
    Verdict.INVALID: "invalid",
    Verdict.AWAIT_START: "kept: PAUSED at the first safe point, before any row",
    Verdict.CANCEL_START: "the start is broken off: STOPPED(never_ran)",
    Verdict.CARRY_ON_START: "the start is carried on",
    Verdict.PAUSE: "PAUSED",
    Verdict.RESUME: "RUNNING",
    Verdict.STOP: "STOPPING, then STOPPED",
    Verdict.JOIN_STOP: "joins the first stop; `force` drops its flattening",
    Verdict.FINISH_STOP: "finishes with its stored parameters",
    Verdict.RECOVER: "rebuilt, and goes on as it was",
    Verdict.RECOVER_AND_RUN: "STARTING, then RUNNING, through recovery",
    Verdict.STOP_BY_FOLD: "STOPPED, open orders canceled from the records alone",
    Verdict.NOTHING: "nothing",
}


def session_diagram() -> list[str]:
    """The statuses of a session and which may follow which."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> STARTING"]
    for status in SessionStatus:
        followers = sorted(next_.name for next_ in STATUS_CHANGES[status])
        lines += [f"    {status.name} --> {name}" for name in followers]
        if not followers:
            lines.append(f"    {status.name} --> [*]")
    return [*lines, "```"]


def command_table() -> list[str]:
    """Every status and every command."""
    commands = list(next(iter(LIFECYCLE.values())))
    lines = [
        "| status | " + " | ".join(command.value for command in commands) + " |",
        "|---" * (len(commands) + 1) + "|",
    ]
    for status in SessionStatus:
        cells = [MEANING[LIFECYCLE[status][command]] for command in commands]
        lines.append(f"| {status.name} | " + " | ".join(cells) + " |")
    return lines


def order_diagram() -> list[str]:
    """The statuses of an order and what leads from one to another."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> PENDING_NEW"]
    for status, triggers in ORDER_TRANSITIONS.items():
        by_target: dict[str, list[str]] = {}
        for trigger, target in triggers.items():
            names = (
                [target.name] if isinstance(target, OrderStatus) else ["NEW", "PARTIALLY_FILLED"]
            )
            for name in names:
                by_target.setdefault(name, []).append(trigger.name)
        for name, reasons in by_target.items():
            lines.append(f"    {status.name} --> {name}: {', '.join(reasons)}")
        if not triggers:
            lines.append(f"    {status.name} --> [*]")
    return [*lines, "```"]


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# States",
            "",
            "This page is drawn from the tables in `domain/session.py` and `domain/orders.py` by",
            "`scripts/draw_states.py`; a test holds the two together.",
            "",
            "## A session",
            "",
            *session_diagram(),
            "",
            "What a command does, by status (`boot` is a process that comes up and finds it):",
            "",
            *command_table(),
            "",
            "## An order",
            "",
            *order_diagram(),
            "",
            "A rejected cancel and a finished or rejected replace lead back to NEW, or to",
            "PARTIALLY_FILLED once something has traded. DENIED is the refusal of our own risk",
            "checks, REJECTED the venue's.",
            "",
        ]
    )


def main() -> int:
    """Write the page, or look whether it is right."""
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
