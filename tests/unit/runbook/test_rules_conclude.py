"""What becomes of an incident: refused, judged, handed over, escalated, ended, due again."""

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
    Outcome,
    Resolve,
    Status,
    Verdict,
    Wait,
)
from worker_facts import NOW, ago, attempt, incident

VERIFIED = Verdict(Outcome.VERIFIED, "the queue fell")
FIX = Apply("redeploy", "it is stuck")
HAND_OVER = HandOver("redis_unavailable", "saas-redis", "Redis is down")


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


def test_what_another_incident_explains_waits_as_long_as_it_does() -> None:
    explained = Refusal("explained", "redis_unavailable is open and explains this", "wait")

    decision = rules.after_refusal(FIX, explained, incident(refused_since=ago(600)), NOW)

    assert type(decision) is Wait


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


@pytest.mark.parametrize(
    ("before", "tells", "expected"),
    [
        pytest.param(None, True, NOW, id="what it is"),
        pytest.param(ago(9), True, NOW, id="what it is, anew"),
        pytest.param(None, False, None, id="that nobody can tell"),
        pytest.param(ago(9), False, ago(9), id="that nobody can tell any more"),
    ],
)
def test_an_escalation_remembers_since_when_a_person_knows(
    before: Any, tells: bool, expected: Any
) -> None:
    after = rules.conclude(incident(told_at=before), Escalate("help", tells=tells), NOW)

    assert after.told_at == expected


@pytest.mark.parametrize(
    ("before", "to", "expected"),
    [
        pytest.param(None, "", NOW, id="first"),
        pytest.param(ago(3), "redis_unavailable", ago(3), id="again"),
        pytest.param(ago(3), "db_unavailable", NOW, id="to another"),
    ],
)
def test_a_hand_over_remembers_to_whom_and_when_it_was_first_made(
    before: Any, to: str, expected: Any
) -> None:
    about = incident(handed_over_at=before, handed_over_to=to)

    after = rules.conclude(about, HAND_OVER, NOW)

    assert (after.handed_over_at, after.handed_over_to) == (expected, "redis_unavailable")
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


def test_a_verdict_on_one_call_leaves_what_was_applied_before_to_its_own() -> None:
    before, lost = attempt(intent_id="switch"), attempt(None, intent_id="redeploy")

    after = rules.judge(
        incident(before, lost), Verdict(Outcome.FAILED, "unknown", lost.intent_id), NOW
    )

    assert after.attempts == (before, replace(lost, outcome=Outcome.FAILED, outcome_at=NOW))


def test_replaces_the_last_attempt_only() -> None:
    first, second, third = (attempt(intent_id=name) for name in "abc")

    after = rules.with_last(incident(first, second), third)

    assert after.attempts == (first, third)


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
