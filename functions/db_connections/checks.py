"""What db_connections looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from db_connections.settings import Settings
from runbook.aws import Aws, Calls
from runbook.checks import alarms, autoscaling, ecs, metrics
from runbook.checks.metrics import Samples, Series, beside
from runbook.checks.reading import ask
from runbook.fixes.scale import Tier
from runbook.model import Unknown

WINDOW = timedelta(minutes=30)
"""The runbook's own: connections of the last 30 min."""
ALB = "AWS/ApplicationELB"


@dataclass(frozen=True)
class Facts:
    """What is known about the connections at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        connections: most connections per minute, 30 min, oldest first.
        requests: of the load balancer, per minute.
        errors: its 5xx answers, of the targets and its own; a minute without any has no datapoint.
        tiers: the services that take connections, by name.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    connections: Samples | Unknown
    requests: Samples | Unknown
    errors: Samples | Unknown
    tiers: Mapping[str, Tier]

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "connections": metrics.line(self.connections, 5, "at most, last 5 min"),
            "requests": metrics.line(self.requests, 3, "last 3 min"),
            "5xx": metrics.line(beside(self.errors, self.requests), 3, "of those"),
            **{name: ecs.line(tier.service) for name, tier in self.tiers.items()},
            **{f"{name} cpu": metrics.line(tier.cpu, 3, "%") for name, tier in self.tiers.items()},
            "alarms": alarms.line(self.alarms),
        }


def series(settings: Settings) -> dict[str, Series]:
    """Return the metrics that are read, all in one call."""
    balancer = {"LoadBalancer": settings.load_balancer}
    database = {"DBInstanceIdentifier": settings.instance}
    found = {
        "connections": Series("AWS/RDS", "DatabaseConnections", database, "Maximum"),
        "requests": Series(ALB, "RequestCount", balancer, "Sum"),
        "target_5xx": Series(ALB, "HTTPCode_Target_5XX_Count", balancer, "Sum"),
        "own_5xx": Series(ALB, "HTTPCode_ELB_5XX_Count", balancer, "Sum"),
    }
    for name, tier in settings.tiers.items():
        service = {"ClusterName": settings.cluster, "ServiceName": tier["service"]}
        found[f"cpu_{name}"] = Series("AWS/ECS", "CPUUtilization", service, "Average")
    return found


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    cloudwatch, reader, cluster = aws.reader("cloudwatch"), aws.reader("ecs"), settings.cluster
    scaler = aws.reader("application-autoscaling")
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, cloudwatch, settings.alarms),
        "metrics": partial(metrics.read, cloudwatch, series(settings), now, WINDOW),
    }
    for name, tier in settings.tiers.items():
        service = tier["service"]
        asked[f"service {name}"] = partial(ecs.service, reader, cluster, service)
        asked[f"addresses {name}"] = partial(ecs.addresses, reader, cluster, service)
        asked[f"scaling {name}"] = partial(autoscaling.scaling, scaler, cluster, service)
    return {name: partial(ask, name, read) for name, read in asked.items()}


def facts(settings: Settings, now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    measured = answers["metrics"]
    if isinstance(measured, Unknown):
        measured = dict.fromkeys(series(settings), measured)
    tiers = {
        name: Tier(
            service=answers[f"service {name}"],
            cpu=measured[f"cpu_{name}"],
            scaling=answers[f"scaling {name}"],
            addresses=answers[f"addresses {name}"],
        )
        for name in settings.tiers
    }
    return Facts(
        at=now,
        alarms=answers["alarms"],
        connections=measured["connections"],
        requests=measured["requests"],
        errors=metrics.together(measured["target_5xx"], measured["own_5xx"]),
        tiers=tiers,
    )
