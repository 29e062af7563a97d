"""Topics and keys: people are reached by CloudWatch itself, encrypted, and by two separate ways."""

from typing import Any

import pytest

from rehearsal.aws.iam import Demand, allowed
from synthesized import Synthesized

CLOUDWATCH = "cloudwatch.amazonaws.com"


def may(policy: Any, demand: Demand, principal: str = CLOUDWATCH) -> bool:
    return allowed([policy], demand, principal)


def key_of(stack: Synthesized, topic: str) -> tuple[str, Any]:
    """Return the ARN and the policy of the key that encrypts a topic."""
    arn = stack.topics[topic]["KmsMasterKeyId"]
    policies = {
        stack.arn("kms", f"key/{logical}"): one["KeyPolicy"]
        for logical, one in stack.of_type("AWS::KMS::Key").items()
    }
    return arn, policies[arn]


def told_by(stack: Synthesized) -> list[tuple[str, str]]:
    """Return ARNs: an alarm, and a topic that it tells."""
    return [
        (stack.arn("cloudwatch", f"alarm:{name}"), topic)
        for name, alarm in stack.alarms.items()
        for topic in (*alarm.get("AlarmActions", []), *alarm.get("OKActions", []))
    ]


def publish(stack: Synthesized, alarm: str, topic: str, **context: str) -> Demand:
    account, _ = stack.place
    about = {
        "aws:SourceArn": alarm,
        "aws:SourceAccount": account,
        "aws:SecureTransport": "true",
        **{name.replace("_", ":", 1): value for name, value in context.items()},
    }
    return Demand("sns:Publish", topic, about)


def test_every_alarm_may_publish_to_the_topics_that_it_tells(stack: Synthesized) -> None:
    refused = [
        (alarm, topic)
        for alarm, topic in told_by(stack)
        if not may(stack.topic_policy(topic), publish(stack, alarm, topic))
    ]

    assert told_by(stack)
    assert refused == []


def test_every_alarm_may_use_the_key_of_the_topics_that_it_tells(stack: Synthesized) -> None:
    account, _ = stack.place
    for _alarm, topic in told_by(stack):
        arn, policy = key_of(stack, topic)
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            demand = Demand(action, arn, {"aws:SourceAccount": account})
            assert may(policy, demand), (topic, action)


@pytest.mark.parametrize(
    ("alarm", "context"),
    [
        pytest.param("someone-elses", {}, id="another-alarm"),
        pytest.param("{prefix}/worker_stuck/queue-depth", {}, id="a-scenarios-alarm"),
        pytest.param(
            "{prefix}/meta/heartbeat", {"aws_SourceAccount": "999999999999"}, id="another-account"
        ),
        pytest.param("{prefix}/meta/heartbeat", {"aws_SecureTransport": "false"}, id="without-tls"),
    ],
)
def test_nothing_else_publishes_to_a_topic(
    stack: Synthesized, alarm: str, context: dict[str, str]
) -> None:
    arn = stack.arn("cloudwatch", f"alarm:{alarm.format(prefix=stack.prefix)}")

    accepting = [
        topic
        for topic in stack.topics
        if may(stack.topic_policy(topic), publish(stack, arn, topic, **context))
    ]
    assert accepting == []


@pytest.mark.parametrize("service", ["events.amazonaws.com", "lambda.amazonaws.com"])
def test_no_other_service_publishes_to_a_topic(stack: Synthesized, service: str) -> None:
    accepting = [
        topic
        for alarm, topic in told_by(stack)
        if may(stack.topic_policy(topic), publish(stack, alarm, topic), service)
    ]

    assert accepting == []


def test_another_accounts_alarms_cannot_use_our_keys(stack: Synthesized) -> None:
    for topic in stack.topics:
        arn, policy = key_of(stack, topic)
        demand = Demand("kms:GenerateDataKey", arn, {"aws:SourceAccount": "999999999999"})
        assert not may(policy, demand)


def test_keys_are_ours_and_rotate(stack: Synthesized) -> None:
    keys = stack.of_type("AWS::KMS::Key").values()

    assert keys
    assert all(one["EnableKeyRotation"] for one in keys)


def test_the_second_path_shares_neither_key_nor_reader_with_the_pages(stack: Synthesized) -> None:
    pages, second = stack.topic("pages"), stack.topic("second-path")
    readers: dict[str, set[str]] = {pages: set(), second: set()}
    for one in stack.of_type("AWS::SNS::Subscription").values():
        readers.setdefault(one["TopicArn"], set()).add(one["Endpoint"])

    assert key_of(stack, pages)[0] != key_of(stack, second)[0]
    assert readers[pages].isdisjoint(readers[second])
    assert readers[pages]
    assert readers[second]


def test_subscribers_are_reached_by_what_their_address_says(stack: Synthesized) -> None:
    readers = [
        one
        for one in stack.of_type("AWS::SNS::Subscription").values()
        if one["TopicArn"] in stack.topics
    ]

    assert readers
    for one in readers:
        expected = "https" if one["Endpoint"].startswith("https://") else "email"

        assert one["Protocol"] == expected
