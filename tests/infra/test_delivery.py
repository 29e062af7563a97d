"""Rules and dead letters: what should wake a function does, or is kept where a person is told of it."""

import pytest

from infra.environment import load
from rehearsal.aws.iam import Demand, allowed
from synthesized import Body, Synthesized

ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"
EVENTS = "events.amazonaws.com"
SNS = "sns.amazonaws.com"


def rule_arn(stack: Synthesized, name: str) -> str:
    return stack.arn("events", f"rule/{name}")


def dead_letters(stack: Synthesized) -> Body:
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    return queue


def queue_policy(stack: Synthesized) -> Body:
    account, region = stack.place
    name = dead_letters(stack)["QueueName"]
    return stack.queue_policy(f"https://sqs.{region}.amazonaws.com/{account}/{name}")


def send(stack: Synthesized, rule: str, *, tls: bool = True) -> Demand:
    queue = stack.arn("sqs", dead_letters(stack)["QueueName"])
    about = {"aws:SourceArn": rule, "aws:SecureTransport": str(tls).lower()}
    return Demand("sqs:SendMessage", queue, about)


def test_every_target_of_a_rule_has_dead_letters_retries_and_a_maximum_age(
    stack: Synthesized,
) -> None:
    kept = {"Arn": stack.arn("sqs", dead_letters(stack)["QueueName"])}
    targets = [target for rule in stack.rules.values() for target in rule["Targets"]]

    assert targets
    for target in targets:
        assert target["DeadLetterConfig"] == kept
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        assert 60 <= target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 300


def test_every_rule_is_switched_on(stack: Synthesized) -> None:
    assert {rule["State"] for rule in stack.rules.values()} == {"ENABLED"}


def test_every_rule_may_put_what_it_could_not_deliver_into_the_dead_letters(
    stack: Synthesized,
) -> None:
    policy = queue_policy(stack)

    assert not [
        name
        for name in stack.rules
        if not allowed([policy], send(stack, rule_arn(stack, name)), EVENTS)
    ]


def test_no_other_rule_puts_anything_into_the_dead_letters(stack: Synthesized) -> None:
    foreign = send(stack, rule_arn(stack, "someone-elses"))

    assert not allowed([queue_policy(stack)], foreign, EVENTS)


def test_the_dead_letters_refuse_what_is_not_encrypted_on_its_way(stack: Synthesized) -> None:
    plain = send(stack, rule_arn(stack, next(iter(stack.rules))), tls=False)

    assert not allowed([queue_policy(stack)], plain, EVENTS)


def test_the_dead_letters_are_encrypted_and_kept_as_long_as_sqs_can(stack: Synthesized) -> None:
    queue = dead_letters(stack)

    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_rule_may_call_its_function_and_no_other(stack: Synthesized) -> None:
    wanted = {
        (rule_arn(stack, name), target["Arn"])
        for name, rule in stack.rules.items()
        for target in rule["Targets"]
    }
    permitted = {
        (one["SourceArn"], one["FunctionName"])
        for one in stack.of_type("AWS::Lambda::Permission").values()
        if (one["Principal"], one["Action"]) == (EVENTS, "lambda:InvokeFunction")
    }

    assert permitted == wanted


def test_nobody_else_may_call_a_function(stack: Synthesized) -> None:
    permissions = list(stack.of_type("AWS::Lambda::Permission").values())
    environment = load(stack.environment)

    # Besides EventBridge only the team's own alarms and topics that the environment file names.
    named = {
        EVENTS: {rule_arn(stack, name) for name in stack.rules},
        ALARMS: {
            stack.arn("cloudwatch", f"alarm:{name}")
            for names in environment.existing_alarms.values()
            for name in names
        },
        SNS: {
            environment.topic(name)
            for names in environment.existing_topics.values()
            for name in names
        },
    }
    for principal, sources in named.items():
        callers = {one["SourceArn"] for one in permissions if one["Principal"] == principal}
        assert callers == sources
    assert {one["Principal"] for one in permissions} <= set(named)
    assert {one["Action"] for one in permissions} == {"lambda:InvokeFunction"}


@pytest.mark.parametrize("folder", ["health_probe", "patrol", "redis_probe"])
def test_what_runs_each_minute_is_scheduled(stack: Synthesized, folder: str) -> None:
    function = stack.arn("lambda", f"function:{stack.functions[folder]['FunctionName']}")

    schedules = [
        rule.get("ScheduleExpression")
        for rule in stack.rules.values()
        if function in [target["Arn"] for target in rule["Targets"]]
    ]
    assert schedules == ["rate(1 minute)"]
