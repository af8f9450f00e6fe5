"""The page of refusals: complete, and the venue's table in the order that the engine keeps."""

import re
from pathlib import Path

from tests.scenarios.stage import play

from offbook.domain.orders import RejectReason

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "refusals.md"
REASON = re.compile(r"`([A-Z_]+)`")


def reasons(title: str) -> list[str]:
    """The reasons in the table below a title, from the top."""
    part = PAGE.read_text("utf-8").split(f"## {title}")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("|")]
    return [name for row in rows for cell in row for name in REASON.findall(cell)]


APART = {
    *("NO_EXTENDED_HOURS", "MARKET_CLOSED", "HALTED"),
    *("NO_AUCTION", "AUCTION_CUTOFF", "NO_PEG_PRICE"),
}
"""Of orders that ask for hours, an auction or a peg, and of hours and halts; they have
scenarios."""


def test_every_reason_stands_on_the_page() -> None:
    """Once in all its tables."""
    found = [name for title in ("Denied", "Rejected", "Requests") for name in reasons(title)]
    assert sorted(found) == sorted(reason.value for reason in RejectReason)


def test_the_venue_names_the_first_reason_of_its_table() -> None:
    """Each order has the flaw of its line and of all that follow, as the page lists them: on the
    market's second quote, which is old for all but the last."""
    walked = [reason for reason in reasons("Rejected") if reason not in APART]
    assert walked.pop(0) == "PRICE_NEEDED"  # no request can be without
    assert walked.pop() == "ORDER_LIST_REFUSED"  # of an order for another's sake
    lines = [
        line("time", "what", "expect"),
        line("09:30:00", "quote 100.00 100.05 500 500"),
        line("09:30:01", "buy z 100", "z PENDING_NEW; z NEW; z FILL 100 @ 100.05 taker"),
        line("09:30:02", "sell r 10 @ 100.05", "r PENDING_NEW; r NEW"),
        line("09:30:03", "quote 100.00 100.05 500 500"),
        line("09:30:04", "status bands 90.00 100.10"),
    ]
    for place, reason in enumerate(walked):
        has = set(walked[place:])
        qty = "3" if "LOT_SIZE" in has else "4" if "MIN_NOTIONAL" in has else "10"
        order = f"{qty} @ {'100.11' if 'TICK_SIZE' in has else '100.15'}"
        order += " until 09:30:09" if "EXPIRE_TIME_PASSED" in has else ""
        order += " post" if "WOULD_TAKE" in has else ""
        if "STALE_MARKET_DATA" not in has:
            lines.append(line("09:30:19.9", "quote 100.00 100.05 500 500"))
        if "PRICE_BAND" not in has:
            lines.append(line(f"09:30:{9 + place}.95", "status bands 90.00 110.00"))
        name, second = "abcdefgh"[place], 10 + place if "STALE_MARKET_DATA" in has else 20
        told = f"{name} PENDING_NEW; {name} REJECTED {reason}"
        lines.append(line(f"09:30:{second}", f"buy {name} {order}", told))
    rules = "beyond reject; self cancel_arriving; fresh 1s reject"
    given = f"given rows quotes status; tick 0.05; lot 2; least 500; {rules}"
    play("\n".join([given, *lines]))


def line(time: str, what: str, expect: str = "") -> str:
    """One step of a scenario, in its columns."""
    return f"{time:<12}{what:<44}{expect}"
