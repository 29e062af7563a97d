"""The deploy: a type that the embedded AWS would silently ignore fails it, by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.sns.models import sns_backends

from rehearsal.aws import cloudformation
from rehearsal.aws.cloudformation import UnsupportedTypeError, check


def _template(*types: str) -> dict[str, Any]:
    return {"Resources": {f"R{number}": {"Type": one} for number, one in enumerate(types)}}


def test_the_synthesized_template_has_no_type_that_would_be_ignored(assembly: Path) -> None:
    template = json.loads(next(assembly.glob("*.template.json")).read_text(encoding="utf-8"))

    check(template)

    assert len(template["Resources"]) > 20


@pytest.mark.parametrize(
    ("types", "named"),
    [
        (["AWS::Backup::BackupPlan"], "no AWS::Backup::BackupPlan:"),
        (["AWS::SNS::Topic", "AWS::X::Y", "AWS::A::B", "AWS::X::Y"], "no AWS::A::B, AWS::X::Y:"),
        (["AWS::CloudWatch::AlarmMuteRule"], "no AWS::CloudWatch::AlarmMuteRule:"),
        (["Custom::Thing"], "no Custom::Thing:"),
    ],
    ids=["one", "two of four", "like a known one", "custom"],
)
def test_an_unknown_type_is_refused_by_name(types: list[str], named: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=named):
        check(_template(*types))


@pytest.mark.parametrize("kind", sorted(cloudformation.OURS))
def test_a_type_of_ours_is_known_and_ours_is_the_one_that_counts(kind: str) -> None:
    check(_template(kind))

    registered = [
        one
        for one in cloudformation.CloudFormationModel.__subclasses__()
        if one.cloudformation_type() == kind
    ]
    assert registered[-1] is cloudformation.OURS[kind]


ALARM = {
    "AlarmName": "depth",
    "AlarmDescription": "The queue is long.",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 100,
    "TreatMissingData": "breaching",
    "AlarmActions": ["arn:topic"],
}
SINGLE = {
    "Namespace": "Nightshift",
    "MetricName": "QueueDepth",
    "Dimensions": [{"Name": "Queue", "Value": "celery"}],
    "Period": 60,
    "Statistic": "Minimum",
}
STAT = {"Metric": {"Namespace": "AWS/X", "MetricName": "E"}, "Period": 60, "Stat": "Sum"}
MATH = {"Metrics": [{"Id": "m", "Expression": "e / 2"}, {"Id": "e", "MetricStat": STAT}]}


@pytest.mark.parametrize("measured", [SINGLE, MATH], ids=["a metric", "an expression"])
def test_an_alarm_starts_without_an_opinion_and_keeps_what_the_template_says(
    measured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudformation, "EXPRESSIONS", {})
    account, region = "999988887777", "me-south-1"

    name = cloudformation._alarm({**ALARM, **measured}, account, region, "Logical")

    backend = cloudwatch_backends[account][region]
    alarm = backend.alarms.pop(name)
    assert alarm.state_value == "INSUFFICIENT_DATA"
    assert (alarm.evaluation_periods, alarm.datapoints_to_alarm) == (5, 3)
    assert (alarm.threshold, alarm.treat_missing_data) == (100.0, "breaching")
    assert alarm.alarm_actions == ["arn:topic"]
    assert {"depth": MATH["Metrics"]} == cloudformation.EXPRESSIONS or measured is SINGLE


def test_a_subscription_to_a_topic_of_the_teams_keeps_what_it_lets_through() -> None:
    account, region = "999988887777", "me-south-1"
    topic = f"arn:aws:sns:{region}:{account}:their-alarms"
    properties = {
        "TopicArn": topic,
        "Protocol": "lambda",
        "Endpoint": f"arn:aws:lambda:{region}:{account}:function:f",
        "FilterPolicyScope": "MessageBody",
        "FilterPolicy": {"AlarmName": ["theirs"]},
        "RedrivePolicy": {"deadLetterTargetArn": f"arn:aws:sqs:{region}:{account}:dead"},
    }

    arn = cloudformation._subscription(properties, account, region, "Logical")

    backend = sns_backends[account][region]
    kept = backend.subscriptions[arn].attributes
    backend.delete_topic(topic)
    assert json.loads(kept["FilterPolicy"]) == properties["FilterPolicy"]
    assert kept["FilterPolicyScope"] == "MessageBody"
    assert json.loads(kept["RedrivePolicy"]) == properties["RedrivePolicy"]
