"""What is wrong in each night that is measured: one per scenario, one in which a person asks for a report.

Each is chosen so that the first look does the most that a first look can: it changes something where the
chapter lets it, pages where a person is asked at once, and else waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

Series = Callable[[int], float]
"""The value of a metric at an age in minutes."""


def steady(value: float) -> Series:
    """Return a metric that does not change."""
    return lambda _: value


def _growing(age: int) -> float:
    return max(40.0 * (30 - age), 0.0)


def _away_before(minutes: int) -> Series:
    return lambda age: float(age < minutes or age > minutes + 2)


def _restarted_before(minutes: int) -> Series:
    return lambda age: 4242.0 if age < minutes else 17.0


WELL: Mapping[str, Series] = {
    "AiErrors": steady(0),
    "AiRequests": steady(100),
    "CPUUtilization": steady(20),
    "DatabaseConnections": steady(50),
    "DatabaseMemoryUsagePercentage": steady(30),
    "Evictions": steady(0),
    "HTTPCode_ELB_5XX_Count": steady(0),
    "HTTPCode_Target_5XX_Count": steady(0),
    "HealthAnswered": steady(1),
    "HealthDb": steady(1),
    "HealthyHostCount": steady(2),
    "MemoryUtilization": steady(40),
    "QueueDepth": steady(5),
    "ReadLatency": steady(0.001),
    "RedisRun": steady(4242),
    "RedisUp": steady(1),
    "RequestCount": steady(300),
    "TargetResponseTime": steady(0.1),
    "Unacked": steady(8),
    "WriteLatency": steady(0.002),
}
"""Each metric that is asked for, as it is while all is well."""


@dataclass(frozen=True)
class Night:
    """One night.

    Attributes:
        folder: of the function that looks.
        event: that wakes it, a file in ``events/``.
        decides: what the first look comes to.
        series: the metrics that are not as they are while all is well.
        deployed: age of the services' newest deployment.
        crashed: whether stopped tasks crashed lately, or were replaced 50 minutes ago.
        database: RDS's word for its status.
        silence: age of the newest log line.
        searches: that the look makes in logs.
    """

    folder: str
    event: str
    decides: str
    series: Mapping[str, Series] = field(default_factory=dict)
    deployed: timedelta = timedelta(days=3)
    crashed: bool = False
    database: str = "available"
    silence: timedelta = timedelta(0)
    searches: int = 0


FROZEN_WORKER = Night(
    "worker_stuck",
    "worker_stuck_alarm.json",
    "Apply",
    {"QueueDepth": _growing, "CPUUtilization": steady(0.1)},
    silence=timedelta(minutes=11),
    searches=1,
)
NIGHTS = (
    Night(
        "backend_5xx",
        "backend_5xx_alarm.json",
        "Apply",
        {"HTTPCode_Target_5XX_Count": steady(120)},
        deployed=timedelta(minutes=20),
        crashed=True,
        searches=2,
    ),
    Night(
        "db_connections",
        "db_connections_alarm.json",
        "Apply",
        {"DatabaseConnections": steady(195), "HTTPCode_Target_5XX_Count": steady(60)},
    ),
    Night(
        "db_unavailable",
        "db_unavailable_alarm.json",
        "Escalate",
        database="storage-full",
        searches=1,
    ),
    Night(
        "redis_unavailable",
        "redis_unavailable_alarm.json",
        "Apply",
        {"RedisUp": _away_before(4), "RedisRun": _restarted_before(4)},
    ),
    Night("ai_provider_outage", "ai_provider_outage_alarm.json", "Wait", {"AiErrors": steady(60)}),
    FROZEN_WORKER,
    Night("diagnose", "diagnose_by_hand.json", "report", searches=4),
)
