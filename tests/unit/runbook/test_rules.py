"""What the rules of every scenario make of a decision: blind, flapping, escalated."""

from dataclasses import replace
from typing import Any

import pytest

from runbook import rules
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

    why = "blind: the queue: throttled, 3 looks in a row"
    assert decision == Escalate(why, verdict=VERIFIED, tells=False)


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


@pytest.mark.parametrize("times", [3, 4])
@pytest.mark.parametrize("decision", EVERY_DECISION)
def test_pages_each_time_when_an_incident_has_come_back_three_times(
    decision: Decision, times: int
) -> None:
    tempered_decision = tempered(decision, reopened(times))

    why = f"flapping: came back {times} times within an hour; no fix is applied any more"
    assert Escalate(why) == tempered_decision


def test_keeps_the_verdict_when_it_pages_for_flapping() -> None:
    decision = tempered(Wait("proved", verdict=VERIFIED), reopened(3))

    assert decision.verdict == VERIFIED


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


@pytest.mark.parametrize(("times", "expected"), [(2, Apply), (3, Wait)])
@pytest.mark.parametrize("status", [Status.OPEN, Status.ESCALATED])
def test_an_undo_that_was_refused_three_times_is_left_to_the_person(
    status: Status, times: int, expected: type[Decision]
) -> None:
    refused = [
        replace(attempt(Outcome.FAILED, intent_id=f"undo-{n}"), undoes="intent-1")
        for n in range(times)
    ]

    decision = tempered(UNDO, replace(incident(*refused), status=status))

    assert type(decision) is expected
