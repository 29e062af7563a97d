"""Runbook scenario F: while Redis is down the worker is not the patient."""

from dataclasses import replace

import pytest

from runbook.model import HandOver, Outcome, Wait
from worker_facts import ago, attempt, crashes, decided, facts, incident, kind, series

DOWN = HandOver(
    "redis_unavailable",
    "the-redis",
    "Redis is down: the worker cannot consume, and is not touched",
)


def test_hands_over_while_redis_is_down() -> None:
    decision = decided(facts(redis_up=series(1, 1, 0)))

    assert decision == DOWN


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(0.0, "Wait", id="just handed over"),
        pytest.param(9.9, "Wait", id="not yet 10 min"),
        pytest.param(10.0, "Escalate", id="10 min"),
    ],
)
def test_waits_10_min_for_whom_it_handed_over_to(minutes: float, expected: str) -> None:
    handed_over = replace(incident(), handed_over_at=ago(minutes))

    decision = decided(facts(redis_up=series(1, *[0] * 20)), handed_over)

    assert expected == kind(decision)


def test_a_second_outage_is_waited_for_like_the_first() -> None:
    long_ago = replace(incident(), handed_over_at=ago(25))

    assert kind(decided(facts(redis_up=series(*[1] * 15, 0)), long_ago)) == "Wait"
    assert kind(decided(facts(redis_up=series(*[1] * 5, *[0] * 11)), long_ago)) == "Escalate"


def test_looks_at_the_worker_again_once_redis_is_up() -> None:
    handed_over = replace(incident(), handed_over_at=ago(5))

    decision = decided(facts(redis_up=series(*[0] * 10, 1)), handed_over)

    assert kind(decision) == "Apply"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"stopped": crashes(1, 4, 7)}, id="crash loop"),
        pytest.param({"depth": series(*[5] * 8), "alarms": {"a": "OK"}}, id="short queue"),
        pytest.param({}, id="stuck"),
    ],
)
def test_redis_down_outranks_every_other_row(changes: dict[str, object]) -> None:
    decision = decided(facts(redis_up=series(1, 0), **changes))

    assert decision == DOWN


def test_does_not_judge_a_redeploy_while_redis_is_down() -> None:
    decision = decided(facts(redis_up=series(1, 0)), incident(attempt(Outcome.APPLIED, 15)))

    assert decision == DOWN


def test_says_that_the_probe_is_silent() -> None:
    decision = decided(facts(redis_up=series(1, 1, newest=6)))

    assert Wait("the Redis probe is silent: no datapoint for 5 min", blind=True) == decision


@pytest.mark.parametrize(
    ("run", "depth", "expected", "why"),
    [
        pytest.param(
            [1, 1, 1, 1, 1, 1, 1, 1],
            [300] * 8,
            "Apply",
            "the worker is stuck",
            id="the same run all the time",
        ),
        pytest.param(
            [1, 1, 1, 2, 2, 2, 2, 2],
            [300] * 8,
            "Apply",
            "the worker is stuck",
            id="5 probes of the new queue",
        ),
        pytest.param(
            [1, 1, 1, 1, 2, 2, 2, 2],
            [300] * 8,
            "Wait",
            "4 probes of the queue, 5 are needed",
            id="4 probes of the new queue",
        ),
        pytest.param(
            [1, 1, 2, 1, 1, 1, 1, 1],
            [300] * 8,
            "Apply",
            "the worker is stuck",
            id="5 probes since it came back to the old run",
        ),
        pytest.param(
            [1, 1, 1, 2, 2, 2],
            [5, 5, 5, 5, 5, 900, 900, 900],
            "Wait",
            "3 probes of the queue, 5 are needed",
            id="what came in before the restart is not counted",
        ),
        pytest.param(
            [1, 1, 1, 1, 1, 2],
            [300] * 7 + [5],
            "Wait",
            "the queue is short again (5); watching for 5 min",
            id="lost messages are no drained queue",
        ),
    ],
)
def test_looks_only_at_the_queue_since_redis_last_restarted(
    run: list[int], depth: list[int], expected: str, why: str
) -> None:
    decision = decided(facts(redis_run=series(*run), depth=series(*depth)))

    assert expected == kind(decision)
    assert decision.reason.startswith(why)
