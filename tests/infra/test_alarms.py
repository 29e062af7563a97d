"""What holds for every alarm of a stack, and which alarms there must be."""

import importlib
import json
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from health_probe.probe import Reading as HealthReading
from infra.chapters import ai_provider_outage, db_connections
from infra.environment import load
from infra.stack import alarms_of
from patrol.rounds import Pass
from redis_probe.probe import Reading as RedisReading
from runbook.function import Refuser
from runbook.settings import VARIABLE
from synthesized import Body, Synthesized

Emitted = set[tuple[str, str, frozenset[tuple[str, str]]]]
"""Namespace, metric, dimensions."""

AWS_METRICS = {
    "AWS/Lambda": (
        {"Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures"},
        "FunctionName",
    ),
    "AWS/Events": ({"FailedInvocations"}, "RuleName"),
    "AWS/SNS": ({"NumberOfNotificationsFailed"}, "TopicName"),
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"}, "QueueName"),
}
"""Metrics that AWS itself emits, each under exactly one dimension."""
READINGS = {
    "health_probe": HealthReading(ok=True, db=True, redis=True),
    "redis_probe": RedisReading(up=True, run_id="0" * 40, depth=1, unacked=1),
}
"""What each probe reads in a good minute."""
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r"
)


def series(alarm: Body) -> list[Body]:
    """Return what an alarm measures: its one metric, or all of its expression."""
    if "Metrics" not in alarm:
        return [alarm]
    return [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]


def dimensions(metric: Body) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in metric["Dimensions"]}


def group(name: str) -> str:
    return name.split("/")[1]


def measured(metric: Body) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return metric["Namespace"], metric["MetricName"], frozenset(dimensions(metric).items())


def on(stack: Synthesized, metric: str) -> list[Body]:
    """Return the alarms on one plain metric."""
    return [one for one in stack.alarms.values() if one.get("MetricName") == metric]


def named(stack: Synthesized, namespace: str) -> set[str]:
    """Return the physical names that a namespace's one dimension may have."""
    topics = {one["TopicName"] for one in stack.topics.values()}
    queues = {one["QueueName"] for one in stack.of_type("AWS::SQS::Queue").values()}
    functions = {one["FunctionName"] for one in stack.functions.values()}
    return {
        "AWS/Lambda": functions,
        "AWS/Events": set(stack.rules),
        "AWS/SNS": topics,
        "AWS/SQS": queues,
    }[namespace]


def test_every_alarm_names_the_runbook_in_its_description(stack: Synthesized) -> None:
    assert not [
        name
        for name, alarm in stack.alarms.items()
        if not alarm["AlarmDescription"].rstrip(".").endswith("See docs/operations.md")
    ]


def test_every_alarm_says_what_a_minute_without_data_means(stack: Synthesized) -> None:
    assert not [
        name
        for name, alarm in stack.alarms.items()
        if alarm.get("TreatMissingData") not in ("missing", "breaching", "notBreaching")
    ]


def test_every_alarm_on_nightshift_itself_is_about_something_that_there_is(
    stack: Synthesized,
) -> None:
    watched = [one for one in stack.alarms.values() if one.get("Namespace") in AWS_METRICS]

    assert watched
    for alarm in watched:
        metrics, dimension = AWS_METRICS[alarm["Namespace"]]
        assert alarm["MetricName"] in metrics
        assert list(dimensions(alarm)) == [dimension]
        assert dimensions(alarm)[dimension] in named(stack, alarm["Namespace"])


def metrics_in(text: str) -> Emitted:
    """Return the metrics in log lines of CloudWatch's embedded metric format."""
    found: Emitted = set()
    for line in text.splitlines():
        logged = json.loads(line)
        for one in logged.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in one["Dimensions"]:
                values = frozenset((name, logged[name]) for name in names)
                found |= {(one["Namespace"], metric["Name"], values) for metric in one["Metrics"]}
    return found


@pytest.fixture
def handlers(stack: Synthesized, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Import the functions' handlers as Lambda does: under the settings that the template has."""
    names = {folder: f"{folder}.handler" for folder in ("patrol", *READINGS)}
    imported = {}
    for folder, name in names.items():
        monkeypatch.setenv(VARIABLE, json.dumps(stack.settings(folder)))
        monkeypatch.delitem(sys.modules, name, raising=False)
        imported[folder] = importlib.import_module(name)
    yield imported
    for name in names.values():
        del sys.modules[name]


@pytest.fixture
def emitted(
    handlers: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Emitted:
    """Return what the functions emit on a good minute, and when they refuse an event."""
    settings = handlers["patrol"].settings
    for probe, reading in READINGS.items():
        monkeypatch.setattr(handlers[probe], "read", lambda *_, found=reading, **__: found)
    monkeypatch.setattr(handlers["patrol"], "patrol", SimpleNamespace(go_round=Pass))

    for one in handlers.values():
        one.handle({}, CONTEXT)
    Refuser(SimpleNamespace(send_message=lambda **_: None), settings).keep({}, "a test")

    return metrics_in(capsys.readouterr().out)


def test_every_alarm_on_our_metrics_is_on_one_that_the_code_emits(
    stack: Synthesized, emitted: Emitted
) -> None:
    ours = {
        measured(metric)
        for alarm in stack.alarms.values()
        for metric in series(alarm)
        if metric["Namespace"] == "Nightshift"
    }

    assert ours
    assert ours - emitted == set()


def test_every_alarm_tells_the_topic_of_its_group_and_nobody_else(stack: Synthesized) -> None:
    told = {name: alarm.get("AlarmActions", []) for name, alarm in stack.alarms.items()}

    expected = {"meta": [stack.topic("pages")], "second-path": [stack.topic("second-path")]}
    assert told == {name: expected.get(group(name), []) for name in stack.alarms}


def test_only_the_second_path_says_that_it_is_over(stack: Synthesized) -> None:
    for name, alarm in stack.alarms.items():
        expected = alarm["AlarmActions"] if group(name) == "second-path" else []

        assert alarm.get("OKActions", []) == expected, name


def test_no_alarm_reaches_people_through_a_function(stack: Synthesized) -> None:
    told = {arn for alarm in stack.alarms.values() for arn in alarm.get("AlarmActions", [])}
    subscriptions = stack.of_type("AWS::SNS::Subscription").values()
    protocols = {one["Protocol"] for one in subscriptions if one["TopicArn"] in stack.topics}

    assert told <= set(stack.topics)
    assert protocols <= {"email", "https"}


def test_no_rule_answers_an_alarm_that_tells_of_nightshift_itself(stack: Synthesized) -> None:
    answered = {
        arn
        for rule in stack.rules.values()
        for arn in rule.get("EventPattern", {}).get("resources", [])
    }
    own = {
        stack.arn("cloudwatch", f"alarm:{name}")
        for name in stack.alarms
        if group(name) in ("meta", "second-path")
    }

    assert answered.isdisjoint(own)


SILENCE_IS_GOOD = {"ai_provider_outage/ai-errors", "backend_5xx/5xx-rate", "backend_5xx/elb-5xx"}
"""Nobody has to ask at night; what the others measure never stops."""


OF_A_MOMENT = {"redis_unavailable/redis-run"}
"""A change of what answers: it is over as soon as it is seen, so nothing could ring for 30 min."""


def test_every_critical_alarm_has_a_slow_twin_on_the_second_path(stack: Synthesized) -> None:
    table = alarms_of(load(stack.environment))
    twins = {alarm.twin_of: alarm for alarm in table if alarm.twin_of}
    critical = {
        f"{alarm.group}/{alarm.id}": alarm
        for alarm in table
        if alarm.group not in ("meta", "second-path")
    }

    assert {name for name, alarm in critical.items() if alarm.passing} == OF_A_MOMENT
    assert critical.keys() - OF_A_MOMENT == twins.keys()
    for name, twin in twins.items():
        alarm = critical[name]
        silence = "notBreaching" if name in SILENCE_IS_GOOD else "breaching"
        assert (twin.group, twin.to, twin.missing) == ("second-path", "second-path", silence)
        assert twin.math == alarm.math
        assert (twin.namespace, twin.metric, twin.dimensions) == (
            alarm.namespace,
            alarm.metric,
            alarm.dimensions,
        )
        assert twin.threshold == alarm.threshold
        assert twin.of >= 10 * alarm.of


def test_every_function_has_an_alarm_on_each_way_it_can_fail(stack: Synthesized) -> None:
    metrics, dimension = AWS_METRICS["AWS/Lambda"]

    for metric in metrics:
        watched = {dimensions(alarm)[dimension] for alarm in on(stack, metric)}
        assert watched == named(stack, "AWS/Lambda"), metric


def test_every_rule_has_an_alarm_on_what_it_could_not_deliver(stack: Synthesized) -> None:
    watched = {dimensions(alarm)["RuleName"] for alarm in on(stack, "FailedInvocations")}

    assert watched == set(stack.rules)


def test_every_topic_has_an_alarm_on_lost_messages_that_another_topic_tells(
    stack: Synthesized,
) -> None:
    told = {
        dimensions(alarm)["TopicName"]: alarm["AlarmActions"]
        for alarm in on(stack, "NumberOfNotificationsFailed")
    }

    assert told.keys() == {one["TopicName"] for one in stack.topics.values()}
    assert not [name for name, actions in told.items() if stack.arn("sns", name) in actions]


@pytest.mark.parametrize("metric", ["ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"])
def test_every_queue_has_an_alarm_that_one_message_raises_and_each_further_one(
    stack: Synthesized, metric: str
) -> None:
    at = {
        dimensions(alarm)["QueueName"]: (alarm["Threshold"], alarm["DatapointsToAlarm"])
        for alarm in on(stack, metric)
    }

    queues = stack.of_type("AWS::SQS::Queue").values()
    assert at == {one["QueueName"]: (1, 1) for one in queues}


def test_a_missing_heartbeat_pages_by_the_second_path(stack: Synthesized) -> None:
    (alarm,) = on(stack, "Heartbeat")

    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["AlarmActions"] == [stack.topic("second-path")]


@pytest.mark.parametrize("metric", ["HealthOk", "RedisUp"])
def test_a_silent_probe_pages(stack: Synthesized, metric: str) -> None:
    (alarm,) = [one for one in on(stack, metric) if group(one["AlarmName"]) == "meta"]

    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("SampleCount", "breaching")
    assert alarm["AlarmActions"] == [stack.topic("pages")]


def warmed(stack: Synthesized) -> dict[str, int]:
    found = {name: one.get("WarmUpConfiguration", {}) for name, one in stack.alarms.items()}
    assert all(set(one) <= {"WarmUpPeriodDurationInMinutes"} for one in found.values())
    return {name: one["WarmUpPeriodDurationInMinutes"] for name, one in found.items() if one}


def test_where_the_region_knows_it_an_alarm_for_which_silence_is_bad_waits_for_its_first_data(
    example: Synthesized,
) -> None:
    expected = {
        name: one["EvaluationPeriods"] + 15
        for name, one in example.alarms.items()
        if one["TreatMissingData"] == "breaching"
    }

    assert expected
    assert warmed(example) == expected


def test_no_alarm_waits_where_nobody_says_that_the_region_knows_it(prod: Synthesized) -> None:
    assert warmed(prod) == {}


def test_the_connections_alarm_rings_where_the_table_calls_them_full(stack: Synthesized) -> None:
    limits = db_connections.limits_of(load(stack.environment))
    (alarm,) = [
        one
        for one in on(stack, "DatabaseConnections")
        if one["AlarmName"].endswith("/db_connections/connections")
    ]

    threshold = alarm["Threshold"]

    assert threshold / limits.connections * 100 >= limits.full_percent
    assert (threshold - 1) / limits.connections * 100 < limits.full_percent


def test_the_ai_alarm_asks_for_the_numbers_that_the_environment_sets() -> None:
    environment = load("prod")
    changed = {"alarm_percent": 35.0, "fewest_requests": 50}
    limits = environment.limits.model_copy(update={"ai_provider_outage": changed})

    critical, slow = ai_provider_outage.alarms(environment.model_copy(update={"limits": limits}))

    for alarm in (critical, slow):
        assert alarm.threshold == changed["alarm_percent"]
        assert alarm.math is not None
        assert "requests >= 50," in alarm.math.expression
    assert "35 % or more" in critical.description


def test_while_dead_letters_go_on_coming_their_alarm_rings_once(stack: Synthesized) -> None:
    (alarm,) = on(stack, "NumberOfMessagesSent")

    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 10)
