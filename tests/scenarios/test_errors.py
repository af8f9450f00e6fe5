"""A strategy that raises: in every callback, and what each policy makes of it."""

import pytest

from tests.scenarios.stage import play

POLICIES = {
    "pause": "PAUSED strategy_error; status PAUSED",
    "stop": "STOPPING; STOPPED strategy_error; status STOPPED",
    "fail": "FAILED strategy_error; status FAILED",
}
each_policy = pytest.mark.parametrize("policy", POLICIES)


@each_policy
def test_an_error_at_the_start(policy: str) -> None:
    """Before any row."""
    play(f"""
    given error {policy}
    on start: raise ValueError
    time         what                       expect
    09:30:00     start                      STARTED; on_start raised ValueError; {POLICIES[policy]}
    """)


@each_policy
def test_an_error_at_a_quote(policy: str) -> None:
    """What the callback did before it raised stands."""
    play(f"""
    given error {policy}; hears quote
    on quote #2: raise KeyError
    time         what                       expect
    09:30:00     quote 100.00 100.02        > quote 100.00 100.02
    09:30:01     quote 100.00 100.03        > quote 100.00 100.03; on_quote raised KeyError
                                            {POLICIES[policy]}
    09:30:02     quote 100.00 100.04        not taken
    """)


@each_policy
def test_an_error_at_a_bar(policy: str) -> None:
    """After the bar was matched."""
    play(f"""
    given error {policy}; hears bar; bars 1m
    on bar #2: raise ValueError
    time         what                       expect
    09:31:00     bar 100 101 99 100 50      > bar 100.00
    09:32:00     bar 100 101 99 100 50      > bar 100.00; on_bar raised ValueError
                                            {POLICIES[policy]}
    09:33:00     bar 100 101 99 100 50      not taken
    """)


@each_policy
def test_an_error_at_a_report(policy: str) -> None:
    """The trade that it told of stands."""
    play(f"""
    given error {policy}; live
    on quote #1: buy a 3
    on order a FILL: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
                                            on_order raised ValueError; {POLICIES[policy]}; pos 3
    """)


@each_policy
def test_an_error_at_a_timer(policy: str) -> None:
    """The timer has fired."""
    play(f"""
    given error {policy}
    on start: timer tick in 1s
    on timer: raise ValueError
    time         what                       expect
    09:30:00     start                      STARTED; timer tick set for 09:30:01
    09:30:01                                timer tick fired; on_timer raised ValueError
                                            {POLICIES[policy]}
    """)


@each_policy
def test_an_error_after_a_pause(policy: str) -> None:
    """Resuming is taken back, or all is over."""
    play(f"""
    given error {policy}; live
    on resume: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02
    09:30:01     pause                      PAUSED requested
    09:30:02     resume replay              RESUMED missed 0 rows 0 timers 0 fills
                                            on_resume raised ValueError; {POLICIES[policy]}
    """)


def test_an_error_at_a_fill_pauses_and_its_report_is_delivered() -> None:
    """on_order comes after on_fill, also while paused."""
    play("""
    given live; hears order fill
    on quote #1: buy a 3
    on fill a: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
                                            > order a NEW; > fill a 3 @ 100.02
                                            on_fill raised ValueError; PAUSED strategy_error
                                            > order a FILL; pos 3
    """)


@pytest.mark.parametrize("policy", ["stop", "fail"])
def test_an_error_at_a_fill_ends_the_session_and_nothing_more_is_told(policy: str) -> None:
    """A session that is over calls nobody."""
    play(f"""
    given error {policy}; hears order fill stop
    on quote #1: buy a 3
    on fill a: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
                                            > order a NEW; > fill a 3 @ 100.02
                                            on_fill raised ValueError; {POLICIES[policy]}
    """)


def test_an_error_in_pausing_leaves_the_session_paused() -> None:
    """It is where the policy would bring it."""
    play("""
    given live
    on pause: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02
    09:30:01     pause                      PAUSED requested; on_pause raised ValueError
                                            status PAUSED
    09:30:02     resume                     RESUMED missed 0 rows 0 timers 0 fills
    """)


@pytest.mark.parametrize("policy", ["stop", "fail"])
def test_an_error_in_pausing_can_end_the_session(policy: str) -> None:
    """By policy, as anywhere."""
    play(f"""
    given error {policy}
    on pause: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02
    09:30:01     pause                      PAUSED requested; on_pause raised ValueError
                                            {POLICIES[policy]}
    """)


@each_policy
def test_an_error_in_stopping_changes_nothing_about_the_stop(policy: str) -> None:
    """Stop dominates; positions are still closed."""
    play(f"""
    given error {policy}
    on quote #1: buy a 3
    on stop: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        a PENDING_NEW; a NEW; a FILL 3 @ 100.02 taker
    09:30:01     stop flatten within 1m     STOPPING until 09:31:01; on_stop raised ValueError
                                            S-2 PENDING_NEW; S-2 NEW; S-2 FILL 3 @ 100.00 taker
                                            STOPPED requested
    """)


def test_an_error_pauses_by_the_policy_for_orders_and_does_not_call_on_pause() -> None:
    """Entries are canceled, protection stays and works; the strategy is not called for it."""
    play("""
    given live; hears pause order
    on quote #1: buy p 2
    on order p FILL: sell s 2 @ 101; buy e 1 @ 99
    on quote #3: raise RuntimeError
    time         what                       expect
    09:30:00     quote 100.00 100.02        p PENDING_NEW; p NEW; p FILL 2 @ 100.02 taker
                                            > order p NEW; > order p FILL
                                            s PENDING_NEW; e PENDING_NEW; s NEW; e NEW
                                            > order s NEW; > order e NEW
    09:30:01     quote 100.00 100.02
    09:30:02     quote 100.00 100.02        on_quote raised RuntimeError; PAUSED strategy_error
                                            e CANCELED PAUSED; > order e CANCELED
    09:30:03     quote 101.00 101.02        s FILL 2 @ 101.00 maker; > order s FILL
    """)


def test_orders_sent_before_an_error_in_the_same_callback_are_entries_like_others() -> None:
    """They are recorded, and canceled by the pause before they arrive."""
    play("""
    on quote #1: buy a 1; raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        a PENDING_NEW; on_quote raised ValueError
                                            PAUSED strategy_error; a CANCELED PAUSED; held 0
    """)


def test_after_an_error_a_session_can_be_resumed() -> None:
    """And errs again, if it must."""
    play("""
    given hears quote resume
    on quote #2: raise ValueError
    time         what                       expect
    09:30:00     quote 100.00 100.02        > quote 100.00 100.02
    09:30:01     quote 100.00 100.03        > quote 100.00 100.03; on_quote raised ValueError
                                            PAUSED strategy_error
    09:30:01     resume                     RESUMED missed 0 rows 0 timers 0 fills
                                            > resume missed 0 rows 0 timers 0 fills
    09:30:02     quote 100.00 100.04        > quote 100.00 100.04
    """)


def test_an_error_in_a_replayed_timer_leaves_the_others_undone() -> None:
    """The session is paused again."""
    play("""
    given live; hears timer
    on start: timer a in 1s; timer b in 2s
    on timer a: raise ValueError
    time         what                       expect
    09:30:00     start                      STARTED; timer a set for 09:30:01
                                            timer b set for 09:30:02
    09:30:00.5   pause                      PAUSED requested
    09:30:01                                timer a counted
    09:30:02                                timer b counted
    09:30:03     resume replay              RESUMED missed 0 rows 2 timers 0 fills; > timer a
                                            on_timer raised ValueError; PAUSED strategy_error
    """)


def test_an_order_that_makes_no_sense_is_an_error_of_the_strategy() -> None:
    """Raised where it was written, and recorded if nobody catches it."""
    play("""
    on quote #1: buy a 0
    on quote #2: cancel x
    time         what                       expect
    09:30:00     quote 100.00 100.02        on_quote raised InvalidOrder; PAUSED strategy_error
    09:30:00     resume                     RESUMED missed 0 rows 0 timers 0 fills
    09:30:01     quote 100.00 100.02        on_quote raised OrderNotFound; PAUSED strategy_error
    """)


def test_a_strategy_that_never_comes_to_rest_fails_its_session() -> None:
    """After a thousand rounds of one instant."""
    play("""
    on quote #1: timer again in 0s
    on timer: timer again in 0s
    time         what                       expect
    09:30:00     quote 100.00 100.02        timer again set for 09:30:00
                                            timer again fired
                                            timer again set for 09:30:00
                                            ...
                                            FAILED livelock
    09:30:01     quote 100.00 100.02        not taken
    """)


def test_orders_that_answer_refusals_without_end_fail_their_session() -> None:
    """Each denial comes in the next round."""
    play("""
    given cash 1
    on quote: buy - 1
    on order: buy - 1
    time         what                       expect
    09:30:00     quote 100.00 100.02        S-1 DENIED INSUFFICIENT_BUYING_POWER; ...
                                            S-1000 DENIED INSUFFICIENT_BUYING_POWER
                                            S-1001 DENIED INSUFFICIENT_BUYING_POWER
                                            FAILED livelock
    """)
