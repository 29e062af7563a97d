"""Runbook scenario F: while Redis is down the worker is not the patient."""

import pytest

from runbook.model import Escalate, Outcome, Wait
from worker_facts import COMMANDS, attempt, crashes, decided, facts, incident, kind, series

DOWN = Wait("Redis is down: the worker cannot consume, and is not touched")


def test_waits_while_redis_is_down() -> None:
    decision = decided(facts(redis_up=series(1, 1, 0)))

    assert decision == DOWN


def test_hands_a_long_outage_to_a_person() -> None:
    decision = decided(facts(redis_up=series(1, *[0] * 10)))

    why = "Redis has been down for 10 min: this is runbook scenario D, the worker is not touched"
    assert Escalate(why, COMMANDS.look) == decision


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        pytest.param([1, *[0] * 9], "Wait", id="9 probes are not yet 10 min"),
        pytest.param([0] * 9, "Wait", id="9 probes and none before"),
        pytest.param([0] * 10, "Escalate", id="10 probes"),
        pytest.param([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], "Wait", id="it was up in between"),
        pytest.param([0] * 10 + [1], "Apply", id="it is up again"),
    ],
)
def test_gives_redis_10_min_to_come_back(up: list[int], expected: str) -> None:
    decision = decided(facts(redis_up=series(*up)))

    assert expected == kind(decision)


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
