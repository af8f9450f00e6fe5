"""Errors: codes that programs may rely on, and a tree that is what its page shows."""

import pickle
import re

import pytest

from offbook.domain import errors
from offbook.domain.errors import InvalidTransition, OffbookError

# Programs branch on these: a code never changes and never means another error.
CODES = {
    "OffbookError": "offbook_error",
    "InvalidInput": "invalid_input",
    "InvalidConfig": "invalid_config",
    "InvalidOrder": "invalid_order",
    "FloatNotExact": "float_not_exact",
    "InvalidStrategy": "invalid_strategy",
    "BadMarketData": "bad_market_data",
    "CommandTooLate": "command_too_late",
    "NotFound": "not_found",
    "SessionNotFound": "session_not_found",
    "OrderNotFound": "order_not_found",
    "Refused": "refused",
    "InvalidTransition": "invalid_transition",
    "SessionStopped": "session_stopped",
    "ConcurrencyConflict": "concurrency_conflict",
    "CommandConflict": "command_conflict",
    "LeaseLost": "lease_lost",
    "LeaseHeld": "lease_held",
    "MailboxFull": "mailbox_full",
    "ManagerClosed": "manager_closed",
    "ReentrantCall": "reentrant_call",
    "StoreOwned": "store_owned",
    "SweepConflict": "sweep_conflict",
    "WorkerLost": "worker_lost",
    "CallbackHung": "callback_hung",
    "Failure": "failure",
    "StorageUnavailable": "storage_unavailable",
    "CommitOutcomeUnknown": "commit_outcome_unknown",
    "GatewayUnavailable": "gateway_unavailable",
    "SessionFailed": "session_failed",
    "JournalDamaged": "journal_damaged",
    "JournalMismatch": "journal_mismatch",
    "NotComparable": "not_comparable",
    "EngineFault": "engine_fault",
}
KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, OffbookError)
}


def test_codes_stay_what_they_are() -> None:
    """A new error adds to the list; nothing leaves it."""
    assert {name: kind.code for name, kind in KINDS.items() if name in CODES} == CODES


def test_no_two_errors_share_a_code() -> None:
    """Each class sets its own, in the spelling of its name."""
    assert len({kind.code for kind in KINDS.values()}) == len(KINDS)
    for name, kind in KINDS.items():
        assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_the_tree_in_the_docs_is_the_tree_of_classes() -> None:
    """Every class stands there, under its base."""
    lines = (errors.__doc__ or "").splitlines()
    shown: dict[str, str] = {}
    path: list[str] = []
    for line in lines:
        found = re.match(r" {4}([ |]*)(?:\+-- )?([A-Z]\w+)", line)
        if found is None or not line.startswith("    "):
            continue
        depth = len(found[1]) // 4 + ("+--" in line)
        path = [*path[:depth], found[2]]
        shown[found[2]] = path[-2] if depth else "Exception"
    assert shown == {name: kind.__bases__[0].__name__ for name, kind in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_error_keeps_message_and_fields_on_its_way(kind: type[OffbookError]) -> None:
    """Through pickle, as between processes."""
    error = kind("what to do", session_id="s", row=3, missing=None)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == again.message == "what to do"
    assert again.fields == {"session_id": "s", "row": 3, "missing": None}
    assert again.code == kind.code


def test_a_field_may_bear_any_name_but_the_message() -> None:
    """No field shadows an attribute of the error."""
    error = OffbookError("said", code="field", args="field", fields="field")
    assert error.code == "offbook_error"
    assert error.args == ("said",)
    assert error.fields == {"code": "field", "args": "field", "fields": "field"}


def test_the_session_of_a_refusal_stays_in_its_process() -> None:
    """It is for the caller at hand; the fields travel."""
    error = InvalidTransition("no", session_id="s")
    error.session = object()
    assert pickle.loads(pickle.dumps(error)).session is None
