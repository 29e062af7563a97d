"""The bus: rules that are enabled and match, and the policies that let them deliver or lose an event."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.events.models import EventPattern, Rule

from rehearsal.aws import bus as bus_module
from rehearsal.aws import iam
from rehearsal.aws.bus import Bus
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal

PLACE = iam.Place("me-south-1", "111122223333")
FUNCTION = PLACE.arn("lambda", "function:worker-stuck")
RULE = PLACE.arn("events", "rule/alarm")
OTHER_RULE = PLACE.arn("events", "rule/other")
LETTERS = PLACE.arn("sqs", "letters")
DETAIL = {"alarmName": "depth", "state": {"value": "ALARM"}}
PATTERN = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}


def _lets(action: str, resource: str, rule: str, principal: str = "events.amazonaws.com") -> Any:
    statement = {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        "Principal": {"Service": principal},
        "Condition": {"ArnLike": {"aws:SourceArn": rule}},
    }
    return {"Statement": [statement]}


CALLABLE = _lets("lambda:InvokeFunction", FUNCTION, RULE)
SENDABLE = _lets("sqs:SendMessage", LETTERS, RULE)


class Town:
    """A bus with rules and policies that a test sets, and what came of its events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: SharedClock, folder: Path) -> None:
        self.rules: dict[str, Any] = {}
        self.function_policy: Any = CALLABLE
        self.queue_policies: dict[str, Any] = {LETTERS: SENDABLE}
        self.taken: list[tuple[str, Any, str]] = []
        self.letters: list[tuple[str, Any]] = []
        self.counted: list[str] = []
        self.journal = Journal(folder, clock)
        here = {PLACE.account: {PLACE.region: self}}
        monkeypatch.setattr(bus_module, "events_backends", here)
        monkeypatch.setattr(bus_module, "lambda_backends", here)
        monkeypatch.setattr(bus_module, "QUEUE_POLICIES", self.queue_policies)
        monkeypatch.setattr(Rule, "send_to_targets", Rule.send_to_targets)  # restored afterwards
        self.bus = Bus(PLACE, clock, self.journal, self, self._letter, self._count)

    def describe_event_bus(self, _: str) -> Any:
        return SimpleNamespace(rules=self.rules)

    def get_function(self, _: str) -> Any:
        wire = json.dumps({"Policy": json.dumps(self.function_policy)})
        return SimpleNamespace(policy=SimpleNamespace(wire_format=lambda: wire))

    def take(self, function: str, event: Any, rule: str, _now: Any) -> None:
        self.taken.append((function, event, rule))

    def _letter(self, queue: str, body: str) -> None:
        self.letters.append((queue, json.loads(body)))

    def _count(self, rule: str, metric: str) -> None:
        self.counted.append(f"{rule} {metric}")

    def rule(self, pattern: Any = None, schedule: str = "", **other: Any) -> Any:
        made = SimpleNamespace(
            name="alarm",
            arn=RULE,
            state="ENABLED",
            scheduled_expression=schedule,
            event_pattern=EventPattern.load(json.dumps(pattern) if pattern else None),
            targets=[{"Arn": FUNCTION, "DeadLetterConfig": {"Arn": LETTERS}}],
        )
        vars(made).update(other)
        self.rules[made.name] = made
        return made

    def alarm(self, detail: Any = None) -> None:
        kind = "CloudWatch Alarm State Change"
        self.bus.put("aws.cloudwatch", kind, ["arn:alarm"], detail or DETAIL)

    def why(self) -> list[str]:
        return [line["why"] for line in self.journal.read("deliveries")]


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, clock: SharedClock, tmp_path: Path) -> Town:
    return Town(monkeypatch, clock, tmp_path)


def test_an_event_that_matches_goes_to_the_function_as_eventbridge_dresses_it(town: Town) -> None:
    town.rule(PATTERN)

    town.alarm()

    ((function, event, rule),) = town.taken
    assert (function, rule) == ("worker-stuck", "alarm")
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert (event["source"], event["resources"]) == ("aws.cloudwatch", ["arn:alarm"])
    assert (event["account"], event["region"]) == (PLACE.account, PLACE.region)
    assert event["time"].startswith("2026-11-23T03:00:")
    assert event["detail"] == DETAIL
    assert town.why() == [""]
    assert (town.letters, town.counted) == ([], [])


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.ecs"]},
        {"detail": {"state": {"value": ["OK"]}}},
        {"detail": {"alarmName": [{"prefix": "nightshift/"}]}},
        {"detail": {"missing": [{"exists": True}]}},
    ],
    ids=["source", "state", "prefix", "field"],
)
def test_an_event_that_does_not_match_goes_nowhere(pattern: Any, town: Town) -> None:
    town.rule(pattern)

    town.alarm()

    assert town.taken == []
    assert town.why() == []


def test_a_disabled_rule_delivers_nothing_and_the_evidence_says_so(town: Town) -> None:
    town.rule(PATTERN, state="DISABLED")

    town.alarm()

    assert (town.taken, town.letters) == ([], [])
    assert town.why() == ["disabled"]


REFUSING = {
    "none": {"Statement": []},
    "for another rule": _lets("lambda:InvokeFunction", FUNCTION, OTHER_RULE),
    "for another service": _lets("lambda:InvokeFunction", FUNCTION, RULE, "sns.amazonaws.com"),
    "for another function": _lets("lambda:InvokeFunction", f"{FUNCTION}-2", RULE),
    "for another action": _lets("lambda:GetFunction", FUNCTION, RULE),
}


@pytest.mark.parametrize("policy", REFUSING.values(), ids=REFUSING.keys())
def test_a_function_whose_policy_refuses_the_rule_is_not_called_and_the_event_is_a_dead_letter(
    policy: Any, town: Town
) -> None:
    town.rule(PATTERN)

    town.function_policy = policy
    town.alarm()

    assert town.taken == []
    assert town.why() == ["the function's policy does not let this rule call it"]
    assert town.counted == ["alarm FailedInvocations"]
    ((queue, event),) = town.letters
    assert (queue, event["detail"]) == (LETTERS, DETAIL)


LOSING = {
    "no policy": None,
    "for another rule": _lets("sqs:SendMessage", LETTERS, OTHER_RULE),
    "for another queue": _lets("sqs:SendMessage", f"{LETTERS}-2", RULE),
    "for another service": _lets("sqs:SendMessage", LETTERS, RULE, "lambda.amazonaws.com"),
}


@pytest.mark.parametrize("policy", LOSING.values(), ids=LOSING.keys())
def test_a_queue_whose_policy_refuses_the_rule_gets_no_dead_letter(policy: Any, town: Town) -> None:
    town.rule(PATTERN)
    town.function_policy = REFUSING["none"]

    town.queue_policies.clear()
    if policy:
        town.queue_policies[LETTERS] = policy
    town.alarm()

    assert town.letters == []
    assert town.counted == ["alarm FailedInvocations"]


def test_a_target_without_dead_letters_loses_what_it_cannot_deliver(town: Town) -> None:
    town.rule(PATTERN, targets=[{"Arn": FUNCTION}])

    town.function_policy = REFUSING["none"]
    town.alarm()

    assert (town.taken, town.letters) == ([], [])
    assert town.counted == ["alarm FailedInvocations"]


def test_a_schedule_fires_and_no_event_does(town: Town) -> None:
    town.rule(schedule="rate(1 minute)")

    town.alarm()
    before = list(town.taken)
    town.bus.fire_schedules()

    assert before == []
    ((_, event, _),) = town.taken
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == [RULE]


def test_a_schedule_fires_no_rule_that_waits_for_events(town: Town) -> None:
    town.rule(PATTERN)

    town.bus.fire_schedules()

    assert town.taken == []


def test_another_schedule_is_refused(town: Town) -> None:
    town.rule(schedule="cron(0 9 ? * MON *)")

    with pytest.raises(NotImplementedError, match=r"schedule cron\(0 9"):
        town.bus.fire_schedules()


def test_what_a_function_puts_on_the_bus_takes_the_same_way(town: Town) -> None:
    rule = town.rule({"source": ["nightshift"]})
    put = {"source": "nightshift", "time": 1795402800.0, "ingestion-time": 1.0, "detail": {}}

    Rule.send_to_targets(rule, {**put, "detail-type": "look", "id": "1"})

    ((_, event, _),) = town.taken
    assert event["time"] == "2026-11-23T03:00:00Z"
    assert event["account"] == PLACE.account
    assert "ingestion-time" not in event


def test_a_function_puts_nothing_into_a_schedule(town: Town) -> None:
    rule = town.rule(schedule="rate(1 minute)")

    Rule.send_to_targets(rule, {"source": "nightshift", "time": "t", "id": "1"})

    assert town.taken == []
