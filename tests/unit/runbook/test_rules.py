"""What holds for every scenario, whatever its own table says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runbook import rules
from runbook.clock import to_text
from runbook.gate import Refusal
from runbook.model import (
    Apply,
    Decision,
    Escalate,
    HandOver,
    Incident,
    Outcome,
    Resolve,
    Status,
    Verdict,
    Wait,
)
from worker_facts import NOW, ago, attempt, incident

VERIFIED = Verdict(Outcome.VERIFIED, "the queue fell")
FIX = Apply("redeploy", "it is stuck")
UNDO = Apply("scale", "it did not help", undoes="intent-1")
BLIND = Wait("the queue: throttled", blind=True)
HAND_OVER = HandOver("redis_unavailable", "saas-redis", "Redis is down")
EVERY_DECISION = [
    pytest.param(Wait("not yet"), id="wait"),
    pytest.param(FIX, id="apply"),
    pytest.param(UNDO, id="undo"),
    pytest.param(Resolve("good"), id="resolve"),
    pytest.param(Escalate("help", "type this"), id="escalate"),
    pytest.param(HAND_OVER, id="hand over"),
]


def tempered(decision: Decision, about: Incident, *, by_hand: bool = False) -> Decision:
    return rules.temper(decision, about, by_hand=by_hand)


def reopened(times: int, **changes: Any) -> Incident:
    return incident(
        reopened_at=tuple(ago(10 * number) for number in range(times, 0, -1)), **changes
    )


ESCALATED = incident(status=Status.ESCALATED)


@pytest.mark.parametrize("decision", EVERY_DECISION)
def test_leaves_a_decision_about_a_usual_incident_as_it_is(decision: Decision) -> None:
    tempered_decision = tempered(decision, incident())

    assert decision == tempered_decision


@pytest.mark.parametrize("before", [0, 1], ids=["first", "second"])
def test_waits_at_the_first_two_blind_looks(before: int) -> None:
    decision = tempered(BLIND, incident(blind_looks=before))

    assert decision == BLIND


@pytest.mark.parametrize("by_hand", [False, True], ids=["by itself", "by hand"])
@pytest.mark.parametrize("before", [2, 3], ids=["third", "fourth"])
def test_asks_a_person_at_the_third_blind_look_in_a_row(before: int, by_hand: bool) -> None:
    blind = replace(BLIND, verdict=VERIFIED)

    decision = tempered(blind, incident(blind_looks=before), by_hand=by_hand)

    assert decision == Escalate("blind: the queue: throttled, 3 looks in a row", verdict=VERIFIED)


def test_a_look_that_sees_again_is_not_the_third_blind_one() -> None:
    decision = tempered(FIX, incident(blind_looks=2))

    assert decision == FIX


def test_counts_blind_looks_in_a_row_only() -> None:
    once = rules.conclude(incident(), BLIND, NOW)
    twice = rules.conclude(once, BLIND, NOW)
    seen = rules.conclude(twice, Wait("not yet"), NOW)

    assert [one.blind_looks for one in (once, twice, seen)] == [1, 2, 0]


@pytest.mark.parametrize("decision", EVERY_DECISION)
def test_two_re_openings_are_no_flapping(decision: Decision) -> None:
    tempered_decision = tempered(decision, reopened(2))

    assert decision == tempered_decision


@pytest.mark.parametrize("decision", EVERY_DECISION)
def test_pages_once_when_an_incident_comes_back_the_third_time(decision: Decision) -> None:
    tempered_decision = tempered(decision, reopened(3))

    why = "flapping: came back 3 times within an hour; no fix is applied any more"
    assert Escalate(why) == tempered_decision


def test_keeps_the_verdict_when_it_pages_for_flapping() -> None:
    decision = tempered(Wait("proved", verdict=VERIFIED), reopened(3))

    assert decision.verdict == VERIFIED


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(Wait("not yet"), id="wait"),
        pytest.param(UNDO, id="undo"),
        pytest.param(Resolve("good"), id="resolve"),
        pytest.param(Escalate("help"), id="escalate"),
        pytest.param(HAND_OVER, id="hand over"),
    ],
)
def test_later_re_openings_do_not_page_again(decision: Decision) -> None:
    tempered_decision = tempered(decision, reopened(4))

    assert decision == tempered_decision


def test_applies_no_fix_while_it_flaps() -> None:
    decision = tempered(FIX, reopened(4))

    why = "flapping: came back 4 times within an hour; no fix is applied any more"
    assert decision == Wait(f"{why} (would: it is stuck)")


@pytest.mark.parametrize(
    "about", [reopened(3), reopened(4), ESCALATED], ids=["3", "4", "escalated"]
)
def test_a_person_may_ask_for_a_fix_also_while_it_flaps_or_is_escalated(about: Incident) -> None:
    decision = tempered(FIX, about, by_hand=True)

    assert decision == FIX


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(Wait("not yet", 45, verdict=VERIFIED), id="wait"),
        pytest.param(Escalate("not yet", "type this", VERIFIED), id="escalate"),
        pytest.param(replace(HAND_OVER, reason="not yet", verdict=VERIFIED), id="hand over"),
    ],
)
def test_only_watches_an_escalated_incident_and_keeps_the_verdict(decision: Decision) -> None:
    tempered_decision = tempered(decision, ESCALATED)

    why = "a person has it, nothing is changed; not yet"
    assert Wait(why, 300, verdict=VERIFIED) == tempered_decision


def test_applies_no_fix_to_an_escalated_incident() -> None:
    decision = tempered(FIX, ESCALATED)

    assert decision == Wait("a person has it, nothing is changed; it is stuck", 300)


@pytest.mark.parametrize("decision", [Resolve("good"), UNDO], ids=["resolve", "undo"])
def test_still_ends_an_escalated_incident_and_takes_back_what_was_changed(
    decision: Decision,
) -> None:
    tempered_decision = tempered(decision, ESCALATED)

    assert decision == tempered_decision


def test_an_escalated_incident_that_flaps_is_not_paged_about_again() -> None:
    decision = tempered(Wait("not yet"), reopened(3, status=Status.ESCALATED))

    assert decision == Wait("a person has it, nothing is changed; not yet", 300)


@pytest.mark.parametrize(
    ("then", "since", "expected"),
    [
        pytest.param("wait", None, "Wait", id="the first refusal"),
        pytest.param("wait", 14.9, "Wait", id="for just under 15 min"),
        pytest.param("wait", 15, "Escalate", id="for 15 min"),
        pytest.param("escalate", None, "Escalate", id="the world will not change by itself"),
    ],
)
def test_waits_15_min_for_the_way_to_be_free(then: Any, since: float | None, expected: str) -> None:
    about = incident(refused_since=None if since is None else ago(since))

    decision = rules.after_refusal(FIX, Refusal("busy", "an engineer deploys", then), about, NOW)

    assert expected == type(decision).__name__
    assert decision.reason == "it is stuck; redeploy not applied: an engineer deploys"


@pytest.mark.parametrize(
    ("before", "refused", "expected"),
    [
        pytest.param(None, True, NOW, id="refused the first time"),
        pytest.param(ago(9), True, ago(9), id="refused again: the first time counts"),
        pytest.param(ago(9), False, None, id="not refused any more"),
    ],
)
def test_remembers_since_when_it_was_refused(before: Any, refused: bool, expected: Any) -> None:
    after = rules.conclude(incident(refused_since=before), Wait("no"), NOW, refused=refused)

    assert expected == after.refused_since


def test_an_end_closes_the_incident_and_its_page() -> None:
    before = incident(page_again_at=NOW, page={"subject": "s", "body": "b"})

    after = rules.conclude(before, Resolve("good"), NOW)

    expected = replace(before, status=Status.RESOLVED, resolved_at=NOW, page_again_at=None, page={})
    assert expected == after


def test_an_escalation_repeats_its_page_after_15_min() -> None:
    after = rules.conclude(incident(), Escalate("help"), NOW)

    assert after.status is Status.ESCALATED
    assert after.page_again_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("before", [None, ago(3)], ids=["first", "again"])
def test_a_hand_over_remembers_when_it_was_first_made(before: Any) -> None:
    after = rules.conclude(incident(handed_over_at=before), HAND_OVER, NOW)

    assert after.handed_over_at == (before or NOW)
    assert after.status is Status.OPEN


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(Wait("w", verdict=VERIFIED), id="wait"),
        pytest.param(Resolve("r", VERIFIED), id="resolve"),
        pytest.param(Escalate("e", verdict=VERIFIED), id="escalate"),
        pytest.param(replace(HAND_OVER, verdict=VERIFIED), id="hand over"),
    ],
)
def test_a_verdict_closes_what_is_applied_and_nothing_else(decision: Decision) -> None:
    done = attempt(Outcome.FAILED, minutes=90, intent_id="old")
    open_fix = attempt(intent_id="new")

    after = rules.conclude(incident(done, open_fix), decision, NOW)

    assert after.attempts == (
        done,
        replace(open_fix, outcome=Outcome.VERIFIED, outcome_at=NOW),
    )


def test_a_verdict_about_nothing_is_a_fault() -> None:
    with pytest.raises(ValueError, match=r"has no fix that VERIFIED could be about"):
        rules.judge(incident(), VERIFIED, NOW)


def test_a_verdict_on_a_call_without_an_answer_closes_that_call() -> None:
    lost = attempt(None)

    after = rules.judge(incident(lost), Verdict(Outcome.FAILED, "unknown"), NOW)

    assert after.attempts == (replace(lost, outcome=Outcome.FAILED, outcome_at=NOW),)


def test_closes_one_attempt_by_its_intent() -> None:
    first, second = attempt(intent_id="a"), attempt(intent_id="b")

    after = rules.close(incident(first, second), "a", Outcome.UNDONE, NOW)

    assert after.attempts == (replace(first, outcome=Outcome.UNDONE, outcome_at=NOW), second)


@pytest.mark.parametrize(
    ("before", "verdict", "expected"),
    [
        pytest.param(to_text(ago(60 * 24 - 1)), VERIFIED, True, id="just under 24 h ago"),
        pytest.param(to_text(ago(60 * 24)), VERIFIED, False, id="24 h ago"),
        pytest.param("", VERIFIED, False, id="never before"),
        pytest.param(None, VERIFIED, False, id="not written down"),
        pytest.param(to_text(ago(60)), None, False, id="no verdict now"),
        pytest.param(
            to_text(ago(60)), Verdict(Outcome.FAILED, "no"), False, id="it did not help now"
        ),
    ],
)
def test_the_same_help_twice_within_a_day_is_recurring(
    before: str | None, verdict: Verdict | None, expected: bool
) -> None:
    last = attempt(prior={"verified_before": before})

    assert expected is rules.recurring(last, verdict, NOW)


@pytest.mark.parametrize(
    ("decision", "status", "seconds"),
    [
        pytest.param(Wait("w"), Status.OPEN, 45, id="a wait"),
        pytest.param(Wait("w", 120), Status.OPEN, 120, id="a longer wait"),
        pytest.param(FIX, Status.OPEN, 45, id="a fix"),
        pytest.param(HAND_OVER, Status.OPEN, 45, id="a hand-over"),
        pytest.param(Wait("w", 45), Status.ESCALATED, 300, id="escalated"),
        pytest.param(Escalate("e"), Status.ESCALATED, 300, id="just escalated"),
        pytest.param(
            Resolve("r"), Status.RESOLVED, 0, id="resolved: a trigger may claim it at once"
        ),
    ],
)
def test_says_when_to_look_again(decision: Decision, status: Status, seconds: int) -> None:
    due = rules.next_look(decision, incident(status=status), NOW)

    assert NOW + timedelta(seconds=seconds) == due
