"""Runbook scenario F: after a redeploy consumption is the verdict, and what ECS answered is not."""

import pytest

from runbook.model import Decision, Escalate, Outcome, Unknown, Verdict, Wait
from worker_facts import (
    ALARM,
    COMMANDS,
    UNKNOWN,
    ago,
    attempt,
    crashes,
    decided,
    deployment,
    facts,
    incident,
    kind,
    series,
    service,
)

FELL = series(420, 440, 300, 300, 300)
"""By 100 from the 400 of the moment of the decision; 2 tasks can hold 16."""


def judged(minutes: float = 10, updated: float | None = None, **changes: object) -> Decision:
    """Decide about a redeploy of ``minutes`` ago that was complete ``updated`` minutes ago."""
    primary = deployment(created_at=ago(minutes), updated_at=ago(updated or minutes))
    seen = facts(**{"service": service(primary), "depth": FELL, **changes})
    return decided(seen, incident(attempt(minutes=minutes)))


def test_verifies_a_redeploy_after_which_the_queue_fell() -> None:
    decision = judged()

    why = "the queue fell from 400 to 300 after the redeploy of 02:50"
    assert Wait(why, verdict=Verdict(Outcome.VERIFIED, why)) == decision


def test_asks_a_person_when_the_queue_did_not_fall() -> None:
    decision = judged(depth=series(400, 440, 480, 520, 560))

    why = (
        "the redeploy of 02:50 did not help: the queue went from 400 to 560; "
        "a fall of more than 16 would prove that it is consumed"
    )
    assert Escalate(why, verdict=Verdict(Outcome.FAILED, why)) == decision


@pytest.mark.parametrize(
    ("depth", "tasks", "expected"),
    [
        pytest.param(series(383, 383, 383), 2, "Wait VERIFIED", id="17 less than before"),
        pytest.param(
            series(384, 384, 384), 2, "Escalate FAILED", id="16: frozen tasks can hold it"
        ),
        pytest.param(series(384, 10, 10), 2, "Wait VERIFIED", id="falls within 3 probes"),
        pytest.param(series(600, 590, 583), 2, "Wait VERIFIED", id="longer than before, and falls"),
        pytest.param(series(600, 590, 584), 2, "Escalate FAILED", id="by no more than they hold"),
        pytest.param(series(380, 384, 384), 2, "Escalate FAILED", id="the highest of 3 counts"),
        pytest.param(series(10, 10, 384), 2, "Escalate FAILED", id="the newest of 3 counts"),
        pytest.param(series(400, 9, 9, 9), 2, "Wait VERIFIED", id="the newest 3 count only"),
        pytest.param(series(383, 383, 383), 3, "Escalate FAILED", id="3 tasks can hold 24"),
        pytest.param(series(375, 375, 375), 3, "Wait VERIFIED", id="25 of 3 tasks"),
        pytest.param(series(400, 400, 400), 2, "Escalate FAILED", id="the same as before"),
        pytest.param(series(0, 0, 0), 2, "Wait VERIFIED", id="empty"),
    ],
)
def test_takes_only_a_fall_that_frozen_tasks_cannot_make_for_proof(
    depth: object, tasks: int, expected: str
) -> None:
    primary = deployment(updated_at=ago(9))

    decision = judged(depth=depth, service=service(primary, running=tasks, desired=tasks))

    assert expected == kind(decision)


@pytest.mark.parametrize(
    ("before", "depth", "unacked", "expected"),
    [
        pytest.param(16, series(0, 0, 0), series(0), "Wait VERIFIED", id="few, all worked off"),
        pytest.param(16, series(0, 0, 0), series(8), "Escalate FAILED", id="few, tasks hold them"),
        pytest.param(16, series(0, 0, 0), UNKNOWN, "Wait blind", id="held or not is unknown"),
        pytest.param(16, series(0, 0, 1), series(0), "Escalate FAILED", id="few, one left"),
        pytest.param(0, series(0, 0, 0), series(0), "Escalate FAILED", id="nothing before, or now"),
        pytest.param(0, series(9, 9, 9), series(0), "Escalate FAILED", id="nothing before"),
    ],
)
def test_proves_nothing_by_a_queue_that_was_empty_before(
    before: int, depth: object, unacked: object, expected: str
) -> None:
    prior = {"deployment": "ecs-svc/0", "depth": before, "redis_run": 4242}

    decision = decided(facts(depth=depth, unacked=unacked), incident(attempt(prior=prior)))

    assert expected == kind(decision)


@pytest.mark.parametrize(
    ("updated", "depth", "expected"),
    [
        pytest.param(5, series(300, 300, 300, newest=2), "Wait VERIFIED", id="3 probes"),
        pytest.param(5, series(300, 300, 300, newest=3), "Wait VERIFIED", id="one in its minute"),
        pytest.param(5, series(300, 300, 300, newest=3.1), "Wait", id="one from before"),
        pytest.param(5, series(300, 300), "Wait", id="2 probes"),
    ],
)
def test_judges_by_3_probes_since_the_redeploy_was_complete(
    updated: float, depth: object, expected: str
) -> None:
    decision = judged(updated=updated, depth=depth)

    assert expected == kind(decision)


@pytest.mark.parametrize(
    ("minutes", "updated", "expected"),
    [
        pytest.param(4.9, 4.9, "settles", id="just under 5 min after a quick one"),
        pytest.param(5, 5, "fell", id="5 min after a quick one"),
        pytest.param(14, 4.9, "settles", id="just under 5 min after completion"),
        pytest.param(14, 5, "fell", id="5 min after completion"),
        pytest.param(19.9, 4.5, "settles", id="complete at the last moment"),
        pytest.param(20, 4.5, "fell", id="never longer than 20 min"),
    ],
)
def test_lets_a_complete_redeploy_settle_for_5_min(
    minutes: float, updated: float, expected: str
) -> None:
    decision = judged(minutes, updated)

    assert expected in decision.reason


def test_counts_from_when_it_learned_of_a_redeploy_whose_answer_was_lost() -> None:
    lost = attempt(tried_at=ago(12), outcome_at=ago(4))

    decision = decided(facts(depth=FELL), incident(lost))

    assert Wait("the redeploy of 02:56 is complete and settles until 03:01") == decision


def test_counts_no_probe_from_before_it_learned_of_a_redeploy() -> None:
    lost = attempt(tried_at=ago(12), outcome_at=ago(6))

    decision = decided(facts(depth=series(300, 300, 300, newest=5)), incident(lost))

    assert Wait("2 probes since the redeploy, 3 are needed") == decision


@pytest.mark.parametrize("state", ["IN_PROGRESS", "FAILED", "unknown"])
@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(14.9, "Wait", id="just under 15 min"),
        pytest.param(15, "Escalate FAILED", id="15 min"),
    ],
)
def test_gives_ecs_15_min_to_complete_a_redeploy(state: str, minutes: float, expected: str) -> None:
    primary = deployment(rollout_state=state, created_at=ago(minutes), updated_at=ago(1))

    decision = judged(minutes, service=service(primary))

    assert expected == kind(decision)
    assert state in decision.reason


def test_does_not_judge_a_redeploy_that_somebody_deployed_over() -> None:
    decision = judged(service=service(deployment(id="ecs-svc/2")), depth=series(500, 600, 700))

    why = "somebody deployed ecs-svc/2 after our ecs-svc/1"
    assert Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why)) == decision


@pytest.mark.parametrize("depth", [(9, 9, 9, 9), (900, 900, 900, 900)], ids=["short", "long"])
def test_does_not_judge_a_redeploy_by_the_queue_of_another_run_of_redis(
    depth: tuple[int, ...],
) -> None:
    restarted = series(4242, 4242, 4242, 99, 99, 99, 99)

    decision = judged(redis_run=restarted, depth=series(*depth))

    why = "Redis restarted since the redeploy was decided: it cannot be judged by this queue"
    assert Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why)) == decision


def test_judges_a_redeploy_that_was_written_down_without_the_run_of_redis() -> None:
    prior = {"deployment": "ecs-svc/0", "depth": 400}

    decision = decided(facts(depth=FELL), incident(attempt(prior=prior)))

    assert kind(decision) == "Wait VERIFIED"


@pytest.mark.parametrize("minutes", [1, 10], ids=["not settled yet", "settled"])
def test_proposes_the_rollback_when_the_redeployed_worker_crash_loops(minutes: float) -> None:
    decision = judged(minutes, stopped=crashes(0.5, 0.7, 0.9))

    why = (
        "the worker crash-loops again after the redeploy: "
        "3 crashes in one deployment, exit codes [1], last: it ended"
    )
    assert Escalate(why, COMMANDS.rollback, Verdict(Outcome.FAILED, why)) == decision


def test_does_not_blame_a_redeploy_for_the_crashes_before_it() -> None:
    decision = judged(stopped=crashes(11, 12, 13, deployment="ecs-svc/0"))

    assert kind(decision) == "Wait VERIFIED"


@pytest.mark.parametrize(
    ("name", "minutes", "expected"),
    [
        pytest.param("service", 1, "Wait blind", id="the service while it settles"),
        pytest.param("service", 10, "Wait blind", id="the service"),
        pytest.param("stopped", 1, "Wait", id="stopped tasks while it settles"),
        pytest.param("stopped", 10, "Wait blind", id="stopped tasks"),
        pytest.param("depth", 1, "Wait", id="the queue while it settles"),
        pytest.param("depth", 10, "Wait blind", id="the queue"),
        pytest.param("redis_run", 10, "Wait blind", id="the run of Redis"),
    ],
)
def test_passes_no_verdict_on_what_it_cannot_see(name: str, minutes: float, expected: str) -> None:
    decision = judged(minutes, **{name: Unknown("not read")})

    assert expected == kind(decision)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(Outcome.VERIFIED, "Apply", id="verified: it froze again, the gate will tell"),
        pytest.param(Outcome.FAILED, "Apply", id="failed"),
        pytest.param(Outcome.SUPERSEDED, "Apply", id="superseded"),
        pytest.param(Outcome.REFUSED, "Apply", id="refused"),
        pytest.param(Outcome.APPLIED, "Wait VERIFIED", id="applied: it is judged now"),
    ],
)
def test_judges_a_redeploy_once(outcome: Outcome, expected: str) -> None:
    decision = decided(facts(), incident(attempt(outcome)))

    assert expected == kind(decision)


def test_judges_the_newest_redeploy_only() -> None:
    history = (attempt(Outcome.VERIFIED, minutes=90), attempt(Outcome.APPLIED, minutes=1))

    decision = decided(facts(depth=series(5, 5, 5, 5, 5), alarms={ALARM: "OK"}), incident(*history))

    assert kind(decision) == "Wait"
    assert "the redeploy of 02:59" in decision.reason
