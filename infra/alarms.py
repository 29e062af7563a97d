"""The alarm table: one list that alarms, routes, the dashboard and the documents are made of."""

from collections.abc import Iterable, Mapping
from typing import Literal

from infra import chapters
from infra.alarm import RUNBOOK, Alarm, count
from infra.environment import Environment

QUIET_MINUTES = 10
"""Without a dead letter, before the next one pages anew: what fails is asked for again each 2 to 5 min, and
that is one trouble; what comes later may be another."""


def table(environment: Environment, functions: Iterable[str], rules: Iterable[str]) -> list[Alarm]:
    """Return every alarm of an environment.

    Args:
        environment: names and thresholds.
        functions: folder names of all functions.
        rules: names of all EventBridge rules.
    """
    return [
        *chapters.alarms(environment),
        *_silence(environment),
        *(alarm for name in functions for alarm in _function(environment, name)),
        *(_rule(name) for name in rules),
        *_delivery(environment),
    ]


def _silence(environment: Environment) -> list[Alarm]:
    dimensions = {"environment": environment.name}
    return [
        Alarm(
            id="heartbeat",
            group="second-path",
            description=(
                "Patrol has made no complete pass for 5 min: incidents get no second look and nothing "
                f"is repeated. Nightshift is not on duty. See {RUNBOOK}."
            ),
            namespace="Nightshift",
            metric="Heartbeat",
            dimensions=dimensions,
            statistic="SampleCount",
            comparison="LessThanThreshold",
            threshold=1,
            datapoints=5,
            of=5,
            missing="breaching",
            to="second-path",
        ),
        _probe_silent("redis-probe", "RedisUp", dimensions),
        _probe_silent("health-probe", "HealthOk", dimensions),
        count(
            "unparsable",
            "An event could not be understood; it is in the dead letters with the reason.",
            "Nightshift",
            "Unparsable",
            dimensions,
        ),
    ]


def _probe_silent(probe: str, metric: str, dimensions: Mapping[str, str]) -> Alarm:
    return Alarm(
        id=f"{probe}-silent",
        group="meta",
        description=(
            f"{probe} has emitted nothing for 5 min: what it measures is not known, so alarms on it cannot "
            f"fire. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric=metric,
        dimensions=dimensions,
        statistic="SampleCount",
        comparison="LessThanThreshold",
        threshold=1,
        datapoints=5,
        of=5,
        missing="breaching",
        to="pages",
    )


def _function(environment: Environment, name: str) -> list[Alarm]:
    dimensions = {"FunctionName": f"{environment.prefix}-{name.replace('_', '-')}"}
    # One error of a function that runs each minute mends itself in the next; two in five do not.
    often = name in ("patrol", "redis_probe", "health_probe")
    return [
        count(
            f"{name}-errors",
            f"{name} failed: its look is repeated, but read its log.",
            "AWS/Lambda",
            "Errors",
            dimensions,
            2 if often else 1,
            5 if often else 1,
        ),
        count(f"{name}-throttles", f"{name} was throttled.", "AWS/Lambda", "Throttles", dimensions),
        count(
            f"{name}-dropped",
            f"An event for {name} was given up by Lambda; it is in the dead letters.",
            "AWS/Lambda",
            "AsyncEventsDropped",
            dimensions,
        ),
        count(
            f"{name}-undelivered",
            f"A failed event of {name} could not be put into the dead letters either.",
            "AWS/Lambda",
            "DestinationDeliveryFailures",
            dimensions,
        ),
    ]


def _rule(name: str) -> Alarm:
    return count(
        f"rule-{name.rsplit('-rule-', 1)[-1]}",
        f"EventBridge could not deliver events of {name}.",
        "AWS/Events",
        "FailedInvocations",
        {"RuleName": name},
    )


def _delivery(environment: Environment) -> list[Alarm]:
    dead = {"QueueName": f"{environment.prefix}-dead-letters"}
    return [
        Alarm(
            id="dead-letters",
            group="meta",
            description=f"Something that should have caused a look did not: read it. See {RUNBOOK}.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions=dead,
            statistic="Maximum",
            comparison="GreaterThanOrEqualToThreshold",
            threshold=1,
            datapoints=1,
            of=1,
            missing="notBreaching",
            to="pages",
        ),
        # The alarm above speaks once, until somebody empties the queue: this one at further letters, and not
        # anew while they go on coming.
        count(
            "new-dead-letter",
            "One more event was put into the dead letters: read it.",
            "AWS/SQS",
            "NumberOfMessagesSent",
            dead,
            datapoints=1,
            of=QUIET_MINUTES,
        ),
        *(_undelivered(environment, topic) for topic in ("pages", "updates", "second-path")),
    ]


def _undelivered(environment: Environment, topic: str) -> Alarm:
    """Return the alarm on a topic that does not reach a reader: the other path tells of it."""
    to: Literal["pages", "second-path"] = "pages" if topic == "second-path" else "second-path"
    return Alarm(
        id=f"{topic}-undelivered",
        group="meta" if to == "pages" else to,
        description=f"SNS could not deliver to a subscriber of {topic}. See {RUNBOOK}.",
        namespace="AWS/SNS",
        metric="NumberOfNotificationsFailed",
        dimensions={"TopicName": f"{environment.prefix}-{topic}"},
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        datapoints=1,
        of=1,
        missing="notBreaching",
        to=to,
    )
