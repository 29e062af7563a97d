"""A topic of the team's own wakes a scenario for the alarms that the environment file lists, no others."""

import json
from pathlib import Path

import pytest
from moto.sns.utils import FilterPolicyMatcher

from infra.environment import FOLDER, load
from infra.synth import build
from rehearsal.aws.iam import Demand, allowed
from synthesized import Body, Synthesized

SNS = "sns.amazonaws.com"
EVENTS = Path(__file__).resolve().parents[2] / "events"


def subscriptions(stack: Synthesized) -> list[Body]:
    """Return the subscriptions to topics that are not ours."""
    every = stack.of_type("AWS::SNS::Subscription").values()
    return [one for one in every if one["TopicArn"] not in stack.topics]


def function_of(stack: Synthesized, scenario: str) -> str:
    return stack.arn("lambda", f"function:{stack.functions[scenario]['FunctionName']}")


def named(stack: Synthesized) -> set[tuple[str, str]]:
    """Return each topic of the environment file with the function that it wakes."""
    environment = load(stack.environment)
    return {
        (environment.topic(topic), function_of(stack, scenario))
        for scenario, topics in environment.existing_topics.items()
        for topic in topics
    }


def letter(stack: Synthesized, source: str, *, tls: bool = True) -> Demand:
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    about = {"aws:SourceArn": source, "aws:SecureTransport": str(tls).lower()}
    return Demand("sqs:SendMessage", stack.arn("sqs", queue["QueueName"]), about)


def kept(stack: Synthesized, demand: Demand) -> bool:
    account, region = stack.place
    url = f"https://sqs.{region}.amazonaws.com/{account}/{stack.prefix}-dead-letters"
    return allowed([stack.queue_policy(url)], demand, SNS)


def test_every_topic_that_is_named_wakes_its_scenario(stack: Synthesized) -> None:
    subscribed = {(one["TopicArn"], one["Endpoint"]) for one in subscriptions(stack)}

    assert subscribed == named(stack)
    assert {one["Protocol"] for one in subscriptions(stack)} <= {"lambda"}


def test_a_topic_that_is_named_may_call_its_scenario_and_nothing_else(stack: Synthesized) -> None:
    permitted = {
        (one["SourceArn"], one["FunctionName"])
        for one in stack.of_type("AWS::Lambda::Permission").values()
        if one["Principal"] == SNS
    }

    assert permitted == named(stack)


def test_one_of_the_shipped_files_names_a_topic(example: Synthesized) -> None:
    assert named(example) == {
        (example.arn("sns", "shop-alarms"), function_of(example, "worker_stuck"))
    }


def test_what_a_topic_cannot_deliver_goes_to_the_dead_letters(stack: Synthesized) -> None:
    for one in subscriptions(stack):
        queue = letter(stack, one["TopicArn"]).resource

        assert one["RedrivePolicy"] == {"deadLetterTargetArn": queue}
        assert kept(stack, letter(stack, one["TopicArn"]))


def test_no_other_topic_puts_anything_into_the_dead_letters(stack: Synthesized) -> None:
    foreign = stack.arn("sns", "shop-alarms-2")

    assert not kept(stack, letter(stack, foreign))
    assert not [topic for topic in stack.topics if kept(stack, letter(stack, topic))]


def test_a_topic_puts_nothing_into_the_dead_letters_in_the_clear(example: Synthesized) -> None:
    assert not kept(example, letter(example, example.arn("sns", "shop-alarms"), tls=False))


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        pytest.param({}, True, id="a-listed-alarm-rings"),
        pytest.param({"NewStateValue": "OK"}, False, id="it-is-over"),
        pytest.param({"NewStateValue": "INSUFFICIENT_DATA"}, False, id="nobody-measures"),
        pytest.param({"AlarmName": "shop-disk-full"}, False, id="an-alarm-that-is-not-listed"),
        pytest.param({"AlarmName": "shop-queue-too-long-2"}, False, id="a-name-that-begins-so"),
    ],
)
def test_of_all_that_a_topic_carries_only_a_listed_alarm_that_rings_wakes_the_scenario(
    example: Synthesized, changes: dict[str, str], passes: bool
) -> None:
    (one,) = subscriptions(example)
    event = json.loads((EVENTS / "worker_stuck_alarm_by_topic.json").read_text(encoding="utf-8"))
    message = json.loads(event["Records"][0]["Sns"]["Message"])
    told = {**message, "AlarmName": "shop-queue-too-long", **changes}

    matcher = FilterPolicyMatcher(one["FilterPolicy"], one["FilterPolicyScope"])

    assert matcher.matches(None, json.dumps(told)) is passes


def test_what_is_no_alarm_wakes_nobody(example: Synthesized) -> None:
    (one,) = subscriptions(example)

    matcher = FilterPolicyMatcher(one["FilterPolicy"], one["FilterPolicyScope"])

    assert not matcher.matches(None, json.dumps({"deployment": "done"}))


def test_one_topic_can_wake_two_scenarios_each_for_its_own_alarms(tmp_path: Path) -> None:
    arn = "arn:aws:sns:me-south-1:111122223333:saas-alarms"
    text = (FOLDER / "prod.toml").read_text(encoding="utf-8") + (
        '[existing_alarms]\nworker_stuck = ["Queue: too long"]\nbackend_5xx = ["5xx"]\n'
        f'[existing_topics]\nworker_stuck = ["{arn}"]\nbackend_5xx = ["saas-alarms"]\n'
    )
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")

    stack = Synthesized(build(load(str(file)), tmp_path / "out"), str(file))

    found = {one["Endpoint"]: one for one in subscriptions(stack)}
    assert {one["TopicArn"] for one in found.values()} == {arn}
    assert {name: one["FilterPolicy"]["AlarmName"] for name, one in found.items()} == {
        function_of(stack, "worker_stuck"): ["Queue: too long"],
        function_of(stack, "backend_5xx"): ["5xx"],
    }
    assert kept(stack, letter(stack, arn))
