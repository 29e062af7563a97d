"""Runbook scenario F: a backlog that workers are draining is not a stuck worker."""

from dataclasses import replace

import pytest

from runbook.checks.metrics import Sample
from runbook.model import Escalate, Wait
from worker_facts import COMMANDS, LIMITS, UNKNOWN, ago, decided, facts, incident, kind, series

FALLING = series(380, 360, 340, 320, 300)
BUSY = series(50, 50, 50)


def test_waits_while_the_queue_falls() -> None:
    decision = decided(facts(depth=FALLING))

    why = "the queue has 300 messages, falling by 20 a minute: a backlog, not a stuck worker"
    assert Wait(why) == decision


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({"cpu": BUSY}, "CPU is at 50.0 %", id="busy CPU"),
        pytest.param({"quiet": False}, "the worker has logged within 10 min", id="log lines"),
    ],
)
def test_waits_while_the_workers_are_busy_though_the_queue_grows(
    changes: dict[str, object], shown: str
) -> None:
    decision = decided(facts(**changes))

    why = f"the queue has 360 messages, not falling, but {shown}: a backlog, not a stuck worker"
    assert Wait(why) == decision


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        pytest.param(series(440, 430, 420, 410, 400), "Wait", id="short in 30 min at this rate"),
        pytest.param(series(441, 431, 421, 411, 401), "Apply", id="not in 30 min"),
        pytest.param(series(400, 400, 400, 400, 399), "Apply", id="one message fewer"),
    ],
)
@pytest.mark.parametrize("opened", [5, 29.9])
def test_a_quiet_and_idle_worker_is_stuck_unless_its_queue_falls_fast_enough(
    depth: object, opened: float, expected: str
) -> None:
    decision = decided(facts(depth=depth), incident(opened=opened))

    assert expected == kind(decision)


def test_a_quiet_and_idle_worker_whose_queue_hardly_falls_is_stuck_however_late() -> None:
    decision = decided(facts(depth=series(400, 400, 400, 400, 399)), incident(opened=31))

    assert kind(decision) == "Apply"
    assert "399 messages, falling by 0.25 a minute over 5 probes" in decision.reason


def test_a_slow_fall_says_what_the_workers_show() -> None:
    decision = decided(facts(depth=series(901, 901, 901, 901, 900), cpu=BUSY))

    assert "falling by 0.25 a minute, but CPU is at 50.0 %" in decision.reason


@pytest.mark.parametrize("name", ["cpu", "quiet"])
def test_asks_for_a_sign_of_work_where_the_queue_hardly_falls(name: str) -> None:
    depth = series(400, 400, 400, 400, 399)

    decision = decided(facts(**{"depth": depth, name: UNKNOWN}))

    assert kind(decision) == "Wait blind"


@pytest.mark.parametrize("name", ["cpu", "quiet"])
def test_needs_no_sign_of_work_where_the_queue_falls(name: str) -> None:
    decision = decided(facts(**{"depth": FALLING, name: UNKNOWN}))

    assert kind(decision) == "Wait"


def test_asks_for_more_workers_when_a_backlog_is_not_drained_in_30_min() -> None:
    decision = decided(facts(cpu=BUSY), incident(opened=30))

    why = (
        "a backlog: scale out. 360 messages, not falling, but CPU is at 50.0 %, "
        "not drained in 30 min"
    )
    assert Escalate(why, COMMANDS.scale_out) == decision


@pytest.mark.parametrize(
    ("opened", "depth", "expected"),
    [
        pytest.param(29.9, series(200, 200, 200, 200, 200), "Wait", id="busy, not yet 30 min"),
        pytest.param(30, series(200, 200, 200, 200, 200), "Escalate", id="busy, 30 min"),
        pytest.param(30, FALLING, "Wait", id="falls, drained in 10 more min"),
        pytest.param(30, series(381, 361, 341, 321, 301), "Escalate", id="falls, but too slowly"),
        pytest.param(300, FALLING, "Wait", id="falls fast enough, however late"),
        pytest.param(29.9, series(901, 900, 900, 900, 900), "Wait", id="falls slowly, early"),
        pytest.param(30, series(901, 900, 900, 900, 900), "Escalate", id="falls slowly, late"),
    ],
)
def test_gives_a_backlog_30_min_and_longer_only_where_its_end_is_near(
    opened: float, depth: object, expected: str
) -> None:
    decision = decided(facts(depth=depth, cpu=BUSY), incident(opened=opened))

    assert expected == kind(decision)


def test_does_not_redeploy_a_stuck_worker_later_than_any_deadline_of_a_backlog() -> None:
    decision = decided(facts(), incident(opened=120))

    assert kind(decision) == "Apply"


def test_counts_a_fall_by_minutes_where_probes_are_missing() -> None:
    depth = tuple(Sample(ago(9 - 2 * number), 380 - 20 * number) for number in range(5))

    decision = decided(facts(depth=depth))

    assert "300 messages, falling by 10 a minute" in decision.reason


def test_takes_a_single_probe_for_no_fall_where_one_is_enough() -> None:
    decision = decided(facts(depth=series(300)), limits=replace(LIMITS, stuck_probes=1))

    assert kind(decision) == "Wait blind"
    assert decision.reason == "the worker's CPU: 1 datapoints in 10 min"
