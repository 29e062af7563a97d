"""Answers become facts, and facts become lines that a person can read."""

from dataclasses import fields
from typing import Any
from unittest.mock import ANY

import pytest

from at_once import AtOnce
from fake_redeploy import FakeAws
from prod_settings import WORKER as SETTINGS
from runbook.checks.metrics import Sample, Samples
from runbook.model import Unknown
from worker_facts import NOW, TASKS, UNKNOWN, ago, crashes, deployment, facts, series, service
from worker_stuck import checks
from worker_stuck.checks import Facts, Queue

ANSWERS: dict[str, Any] = {
    name: getattr(facts(), name)
    for name in ("alarms", "service", "running", "stopped", "definition", "quiet")
}
MEASURED: dict[str, Any] = {
    name: getattr(facts(), name) for name in ("depth", "unacked", "redis_up", "redis_run", "cpu")
}


def test_makes_facts_of_answers() -> None:
    found = checks.facts(NOW, {**ANSWERS, "metrics": MEASURED})

    assert found == facts()


def test_one_unreadable_call_for_metrics_makes_each_of_them_unknown() -> None:
    found = checks.facts(NOW, {**ANSWERS, "metrics": UNKNOWN})

    assert found == facts(**dict.fromkeys(MEASURED, UNKNOWN))


def test_one_unreadable_metric_leaves_the_others() -> None:
    found = checks.facts(NOW, {**ANSWERS, "metrics": {**MEASURED, "cpu": UNKNOWN}})

    assert found == facts(cpu=UNKNOWN)


def test_asks_seven_questions_about_the_worker() -> None:
    aws: Any = FakeAws()

    assert set(checks.reads(aws, SETTINGS, NOW)) == {*ANSWERS, "metrics"}


def test_reads_30_min_of_metrics(stubbed: Any) -> None:
    client, stub = stubbed("cloudwatch")
    window = {"StartTime": ago(30), "EndTime": NOW}
    asked = {"MetricDataQueries": ANY, "ScanBy": "TimestampAscending", **window}
    stub.add_response("get_metric_data", {"MetricDataResults": []}, asked)
    aws: Any = FakeAws({"cloudwatch": client})

    found = checks.reads(aws, SETTINGS, NOW)["metrics"]()

    assert set(found) == set(MEASURED)


def test_reads_60_min_of_stopped_tasks(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    tasks = [
        {"taskArn": f"{TASKS}{minutes}", "stoppedAt": ago(minutes), "containers": []}
        for minutes in (60, 60.1)
    ]
    arns = [task["taskArn"] for task in tasks]
    stub.add_response("list_tasks", {"taskArns": arns})
    stub.add_response("describe_tasks", {"tasks": tasks})
    together = AtOnce()
    aws: Any = FakeAws({"ecs": client}, side_by_side=together)

    found = checks.reads(aws, SETTINGS, NOW)["stopped"]()

    assert [one.arn for one in found] == [f"{TASKS}60"]
    assert together.counts == [1]


def test_a_question_that_is_refused_is_unknown(stubbed: Any) -> None:
    client, stub = stubbed("logs")
    stub.add_client_error("filter_log_events", "AccessDeniedException")
    aws: Any = FakeAws({"logs": client})

    found = checks.reads(aws, SETTINGS, NOW)["quiet"]()

    assert found == Unknown("quiet: AWS answered AccessDeniedException to FilterLogEvents")


def test_shows_what_was_seen() -> None:
    shown = facts(stopped=crashes(1, 4), alarms={"a": "ALARM", "b": "OK"}).seen()

    assert shown == {
        "queue": "200 240 280 320 360 messages, last 5 min",
        "unacked": "8 messages",
        "redis up": "1 (1 is up)",
        "worker cpu": "0 0 0 0 0 %, last 5 min",
        "worker logs": "no line for 10 min",
        "service": (
            "2 of 2 running, 0 pending, saas-worker:41, deployment ecs-svc/1 COMPLETED since 02:00"
        ),
        "stopped": "2 tasks within the last hour, 2 crashed; last: it ended",
        "alarms": "a ALARM, b OK",
    }


def test_shows_that_nothing_was_seen() -> None:
    shown = facts(depth=(), quiet=False, stopped=()).seen()

    assert shown["queue"] == "no datapoint messages, last 5 min"
    assert shown["worker logs"] == "a line within 10 min"
    assert shown["stopped"] == "no task within the last hour"


LINES = {
    "queue": "depth",
    "unacked": "unacked",
    "redis up": "redis_up",
    "worker cpu": "cpu",
    "worker logs": "quiet",
    "service": "service",
    "stopped": "stopped",
    "alarms": "alarms",
}


@pytest.mark.parametrize(("line", "name"), LINES.items(), ids=LINES)
def test_shows_why_a_fact_is_unknown(line: str, name: str) -> None:
    shown = facts(**{name: Unknown("AWS answered AccessDenied")}).seen()

    assert shown[line] == "unknown: AWS answered AccessDenied"
    assert sum("unknown" in text for text in shown.values()) == 1


def test_shows_every_fact_that_a_row_reads() -> None:
    shown_elsewhere = {"at", "running", "definition", "redis_run"}

    assert {field.name for field in fields(Facts)} == {*LINES.values(), *shown_elsewhere}


@pytest.mark.parametrize(
    ("depth", "run", "expected"),
    [
        pytest.param(
            series(5, 6, 7), series(1, 1, 1), Queue(series(5, 6, 7), 1), id="the same run"
        ),
        pytest.param(
            series(5, 6, 7), series(1, 1, 2), Queue(series(7), 2), id="restarted a minute ago"
        ),
        pytest.param(
            series(5, 6, 7, newest=2),
            series(1, 1, 1, 2),
            Unknown("the queue's depth: no datapoint since Redis restarted"),
            id="restarted after the last probe of the queue",
        ),
        pytest.param(UNKNOWN, series(1), UNKNOWN, id="depth unknown"),
        pytest.param(series(5), UNKNOWN, UNKNOWN, id="run unknown"),
        pytest.param(
            (), series(1), Unknown("the queue's depth: no datapoint for 5 min"), id="no depth"
        ),
        pytest.param(
            series(5), (), Unknown("which run of Redis it is: no datapoint for 5 min"), id="no run"
        ),
        pytest.param(series(5, newest=5), series(1), Queue(series(5, newest=5), 1), id="5 min old"),
        pytest.param(
            (Sample(ago(5.01), 5),),
            series(1),
            Unknown("the queue's depth: no datapoint for 5 min"),
            id="older",
        ),
    ],
)
def test_the_queue_is_that_of_the_present_run_of_redis(
    depth: Samples | Unknown, run: Samples | Unknown, expected: Queue | Unknown
) -> None:
    assert expected == facts(depth=depth, redis_run=run).queue


def test_remembers_whole_numbers_of_the_newest_probe() -> None:
    queue = Queue(series(5, 7.0), 4242)

    assert queue.remember() == {"depth": 7, "redis_run": 4242}
    assert all(type(value) is int for value in queue.remember().values())


def test_shows_how_a_deployment_stands() -> None:
    primary = deployment(rollout_state="IN_PROGRESS", created_at=ago(3))

    shown = facts(service=service(primary, running=1, pending=1)).seen()

    assert shown["service"] == (
        "1 of 2 running, 1 pending, saas-worker:41, deployment ecs-svc/1 IN_PROGRESS since 02:57"
    )
