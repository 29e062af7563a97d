"""What is emitted has exactly the dimensions that the alarms name: one more, and no alarm would see it."""

import json
from typing import Any

import pytest

import health_probe.probe
from infra import alarms, environment
from prod_settings import WORKER
from redis_probe.probe import Reading
from runbook import metrics
from worker_stuck.checks import series

PROD = environment.load("prod")
OURS = {
    one.metric: one
    for one in alarms.table(PROD, ["worker_stuck"], ["nightshift-prod-rule-x"])
    if one.namespace == "Nightshift"
}
WELL = health_probe.probe.Reading(ok=True, db=True, redis=True)
UP = Reading(up=True, run_id="0123456789abcdef", depth=7, unacked=2)


def emitted(
    capsys: pytest.CaptureFixture[str], values: dict[str, float], **dimensions: str
) -> dict[str, Any]:
    metrics.emit(values, **dimensions)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("values", "dimensions"),
    [
        ({"Heartbeat": 1}, {"environment": "prod"}),
        ({"Unparsable": 1}, {"environment": "prod"}),
        (UP.by_environment(), {"environment": "prod"}),
        (UP.by_queue(), {"environment": "prod", "queue": "celery"}),
        (WELL.metrics(), {"environment": "prod"}),
        ({"Looks": 1.0}, {"environment": "prod", "scenario": "worker_stuck"}),
    ],
    ids=["heartbeat", "unparsable", "redis", "queue", "health", "looks"],
)
def test_a_line_has_its_values_under_exactly_its_dimensions(
    values: dict[str, float],
    dimensions: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "must not become a dimension")

    line = emitted(capsys, values, **dimensions)

    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Nightshift"
    assert [sorted(dimensions)] == [sorted(names) for names in described["Dimensions"]]
    assert dimensions == {name: line[name] for name in dimensions}
    assert values == {one["Name"]: line[one["Name"]][0] for one in described["Metrics"]}


@pytest.mark.parametrize("metric", ["QueueDepth", "RedisUp", "HealthDb", "Heartbeat", "Unparsable"])
def test_an_alarm_names_the_dimensions_that_are_emitted(metric: str) -> None:
    queue = {"queue": "celery"} if metric == "QueueDepth" else {}

    assert OURS[metric].dimensions == {"environment": "prod", **queue}


def test_every_alarm_on_a_metric_of_ours_is_about_one_that_is_emitted() -> None:
    redis = {*UP.by_environment(), *UP.by_queue()}
    emitted_somewhere = {*redis, *WELL.metrics(), "Heartbeat", "Unparsable"}

    assert set(OURS) <= emitted_somewhere


def test_the_scenario_reads_what_the_probe_emits() -> None:
    ours = {
        one.name: one.dimensions for one in series(WORKER).values() if one.namespace != "AWS/ECS"
    }

    own, queue = {"environment": "prod"}, {"environment": "prod", "queue": "celery"}
    assert ours == {
        **dict.fromkeys(UP.by_environment(), own),
        **dict.fromkeys(UP.by_queue(), queue),
    }


def test_writes_no_line_for_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit({}, environment="prod")

    assert capsys.readouterr().out == ""


def test_keeps_nothing_from_one_line_to_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit({"Looks": 1}, environment="prod", scenario="worker_stuck")

    line = emitted_after(capsys)

    assert "Looks" not in line
    assert "scenario" not in line


def emitted_after(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    return emitted(capsys, {"Heartbeat": 1}, environment="prod")
