"""The alarm table: one list that alarms, routes, the dashboard and the documents are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra.environment import Environment

PERIOD_SECONDS = 60
RUNBOOK = "docs/operations.md"


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes:
        id: unique within its group.
        group: the scenario that answers it, ``meta`` (Nightshift itself is ill) or ``second-path``.
        description: what it means and what to do, for the person who reads it at night.
        namespace, metric, dimensions, statistic: what is measured, per minute.
        comparison: which side of the threshold is bad.
        threshold: in the metric's unit.
        datapoints: how many of the last ``of`` minutes must be bad.
        of: minutes looked at.
        missing: what a minute without a datapoint counts as.
        to: whom CloudWatch itself tells; nobody where a scenario answers it.
        twin_of: the critical alarm that this slow one backs up.
    """

    id: str
    group: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Minimum", "Maximum", "Sum", "SampleCount"]
    comparison: Literal["GreaterThanOrEqualToThreshold", "LessThanThreshold"]
    threshold: float
    datapoints: int
    of: int
    missing: Literal["missing", "breaching", "notBreaching"]
    to: Literal["pages", "second-path", ""] = ""
    twin_of: str = field(default="")

    def name(self, environment: Environment) -> str:
        """Return the alarm's name; routes and the functions know it by this."""
        return f"{environment.prefix}/{self.group}/{self.id}"


def table(environment: Environment, functions: Iterable[str], rules: Iterable[str]) -> list[Alarm]:
    """Return every alarm of an environment.

    Args:
        environment: names and thresholds.
        functions: folder names of all functions.
        rules: names of all EventBridge rules.
    """
    return [
        *_scenarios(environment),
        *_silence(environment),
        *(alarm for name in functions for alarm in _function(environment, name)),
        *(_rule(name) for name in rules),
        *_delivery(environment),
    ]


def _scenarios(environment: Environment) -> list[Alarm]:
    queue = {"environment": environment.name, "queue": environment.redis.queue}
    critical = Alarm(
        id="queue-depth",
        group="worker_stuck",
        description=(
            f"Runbook scenario F: {environment.alarms.queue_depth} or more Celery messages wait for "
            "3 min. Nightshift looks at the worker. "
            f"See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="QueueDepth",
        dimensions=queue,
        statistic="Minimum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=environment.alarms.queue_depth,
        datapoints=3,
        of=3,
        missing="missing",
    )
    twin = Alarm(
        id="queue-depth",
        group="second-path",
        description=(
            "The Celery queue has been long, or unknown, for 30 min, and Nightshift has not ended it: "
            "look yourself. A queue that nobody measures counts as long, since the probe is part of "
            f"Nightshift. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="QueueDepth",
        dimensions=queue,
        statistic="Minimum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=environment.alarms.queue_depth,
        datapoints=30,
        of=30,
        missing="breaching",
        to="second-path",
        twin_of="worker_stuck/queue-depth",
    )
    return [critical, twin]


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
        Alarm(
            id="redis-probe-silent",
            group="meta",
            description=(
                "The Redis probe has emitted nothing for 5 min: the queue is not measured, so its alarm "
                f"cannot fire. See {RUNBOOK}."
            ),
            namespace="Nightshift",
            metric="RedisUp",
            dimensions=dimensions,
            statistic="SampleCount",
            comparison="LessThanThreshold",
            threshold=1,
            datapoints=5,
            of=5,
            missing="breaching",
            to="pages",
        ),
        _count(
            "unparsable",
            "An event could not be understood; it is in the dead letters with the reason.",
            "Nightshift",
            "Unparsable",
            dimensions,
        ),
    ]


def _function(environment: Environment, name: str) -> list[Alarm]:
    dimensions = {"FunctionName": f"{environment.prefix}-{name.replace('_', '-')}"}
    # One error of a function that runs each minute mends itself in the next; two in five do not.
    often = name in ("patrol", "redis_probe")
    return [
        _count(
            f"{name}-errors",
            f"{name} failed: its look is repeated, but read its log.",
            "AWS/Lambda",
            "Errors",
            dimensions,
            2 if often else 1,
            5 if often else 1,
        ),
        _count(
            f"{name}-throttles", f"{name} was throttled.", "AWS/Lambda", "Throttles", dimensions
        ),
        _count(
            f"{name}-dropped",
            f"An event for {name} was given up by Lambda; it is in the dead letters.",
            "AWS/Lambda",
            "AsyncEventsDropped",
            dimensions,
        ),
        _count(
            f"{name}-undelivered",
            f"A failed event of {name} could not be put into the dead letters either.",
            "AWS/Lambda",
            "DestinationDeliveryFailures",
            dimensions,
        ),
    ]


def _rule(name: str) -> Alarm:
    return _count(
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
        *(
            Alarm(
                id=f"{topic}-undelivered",
                group="second-path",
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
                to="second-path",
            )
            for topic in ("pages", "updates")
        ),
    ]


def _count(
    alarm_id: str,
    what: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    datapoints: int = 1,
    of: int = 1,
) -> Alarm:
    """Return a meta alarm on a counter that should stay at 0."""
    return Alarm(
        id=alarm_id.replace("_", "-"),
        group="meta",
        description=f"Nightshift is ill: {what} See {RUNBOOK}.",
        namespace=namespace,
        metric=metric,
        dimensions=dimensions,
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        datapoints=datapoints,
        of=of,
        missing="notBreaching",
        to="pages",
    )
