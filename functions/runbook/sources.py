"""The sources of the runbook's Quick Diagnostics: each asks one service, and says in lines what it saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from runbook import incidents, ledger
from runbook.aws import Aws
from runbook.checks import alarms, ecs, elasticache, error_lines, health, logs, metrics, rds
from runbook.checks.metrics import Series
from runbook.checks.reading import ask
from runbook.model import Unknown
from runbook.others import other
from runbook.permissions import Need
from runbook.settings import Common
from runbook.table import Table

NEEDS = (
    *alarms.NEEDS,
    *ecs.NEEDS,
    *elasticache.NEEDS,
    *error_lines.NEEDS,
    *metrics.NEEDS,
    *rds.NEEDS,
    Need("dynamodb:BatchGetItem", "table"),
    Need("dynamodb:Query", "table"),
    Need("ssm:GetParameters", "switches"),
)

SPAN = timedelta(minutes=30)
"""The runbook's own: logs, events and metrics of the last 30 min."""
MOST_LISTED = 5
"""Lines of one section that lists things; the rest is counted."""
MOST_EVENTS = 3
"""Of those that have happened, newest first."""
MOST_NEWEST = 3
"""Newest lines of a log: what is wrong is among the grouped errors."""
MOST_NODES = 4
"""Redis nodes whose metrics are read."""
MOST_NAMES = 10
"""GetParameters takes 10 names a call."""
NO_EVENT = "none in 30 min"
ALB = "AWS/ApplicationELB"
REDIS = "AWS/ElastiCache"

Lines = tuple[str, ...]
Source = Callable[[], Lines | Unknown]


@dataclass(frozen=True, kw_only=True)
class Settings(Common):
    """What is diagnosed.

    Attributes:
        switch_parameter: the kill switch's name.
        mode_parameters: parameter name by mode key.
        targets: what each scenario looks after, by its name.
        health_url: the public health endpoint.
        cluster: of the services.
        tiers: ``service`` and ``log_group`` of the backend and the worker, by these names.
        load_balancer: as CloudWatch names it.
        instance: of RDS.
        replication_group: of ElastiCache.
    """

    switch_parameter: str
    mode_parameters: dict[str, str]
    targets: dict[str, str]
    health_url: str
    cluster: str
    tiers: dict[str, Any]
    load_balancer: str
    instance: str
    replication_group: str


def sources(aws: Aws, settings: Settings, now: datetime) -> dict[str, Source]:
    """Return every source by its heading, in the order in which a person reads them."""
    reader, cluster = aws.reader("ecs"), settings.cluster
    table = Table(aws.reader("dynamodb"), settings.table)
    found: dict[str, Source] = {"health": lambda: (health.line(health.read(settings.health_url)),)}
    for name, tier in settings.tiers.items():
        found[name] = partial(_service, reader, cluster, tier["service"])
        found[f"{name} stopped"] = partial(_stopped, aws, cluster, tier["service"], now)
    found |= {
        "database": partial(_database, aws.reader("rds"), settings.instance),
        "database events": partial(_database_events, aws.reader("rds"), settings.instance, now),
        "redis": partial(_redis, aws, settings, now),
        "redis events": partial(
            _redis_events, aws.reader("elasticache"), settings.replication_group, now
        ),
        "alarms": partial(_ringing, aws.reader("cloudwatch")),
        "incidents": partial(_incidents, table, settings.targets),
        "changes": partial(_changes, table),
        "switches": partial(_switches, aws.reader("ssm"), settings),
        "metrics": partial(_metrics, aws.reader("cloudwatch"), settings, now),
    }
    for name, tier in settings.tiers.items():
        found[f"{name} errors"] = partial(_errors, aws, tier["log_group"], now)
        found[f"{name} log"] = partial(_newest, aws, tier["log_group"], now)
    return found


def listed(lines: Sequence[str], none: str, most: int = MOST_LISTED) -> Lines:
    """Return the first lines and how many more there are, or the one that says that there is none."""
    if not lines:
        return (none,)
    rest = len(lines) - most
    return (*lines[:most], *((f"and {rest} more",) if rest > 0 else ()))


def _service(client: Any, cluster: str, name: str) -> Lines:
    return (ecs.line(ecs.service(client, cluster, name)),)


def _stopped(aws: Aws, cluster: str, name: str, now: datetime) -> Lines | Unknown:
    found = ecs.stopped_tasks(aws.reader("ecs"), cluster, name, now, SPAN, aws.side_by_side)
    if isinstance(found, Unknown):
        return found
    lines = [
        f"{one.stopped_at:%H:%M} {one.stop_code or 'no code'}"
        f"{' exit ' + ' '.join(map(str, one.exit_codes)) if one.exit_codes else ''}: {one.reason}"
        for one in found
    ]
    return listed(lines, NO_EVENT, MOST_EVENTS)


def _database(client: Any, name: str) -> Lines:
    return (rds.line(rds.instance(client, name)),)


def _database_events(client: Any, name: str, now: datetime) -> Lines:
    found = rds.events(client, name, now, SPAN)
    return listed([f"{one.at:%H:%M} {one.message}" for one in found], NO_EVENT, MOST_EVENTS)


def _redis(aws: Aws, settings: Settings, now: datetime) -> Lines | Unknown:
    """Describe the group, then read the metrics of its nodes: they are under the nodes' own names."""
    found = elasticache.group(aws.reader("elasticache"), settings.replication_group)
    if isinstance(found, Unknown):
        return found
    first = elasticache.line(found)
    nodes = found.members[:MOST_NODES]
    if not nodes:
        return (first,)
    series: dict[str, Series] = {}
    for number, node in enumerate(nodes):
        series |= {f"{name}{number}": one for name, one in series_of_node(node).items()}
    measured = ask("metrics", partial(metrics.read, aws.reader("cloudwatch"), series, now, SPAN))
    if isinstance(measured, Unknown):
        return (first, f"memory, evictions: unknown: {measured.why}")
    lines = []
    for number, node in enumerate(nodes):
        lines.append(f"{node} memory {metrics.summary(measured[f'memory{number}'], '%')}")
        lines.append(f"{node} evictions {metrics.summary(measured[f'evictions{number}'], '')}")
    return (first, *lines)


def _redis_events(client: Any, name: str, now: datetime) -> Lines:
    found = elasticache.events(client, name, now, SPAN)
    return listed([f"{one.at:%H:%M} {one.message}" for one in found], NO_EVENT, MOST_EVENTS)


def _ringing(client: Any) -> Lines:
    found = alarms.ringing(client)
    lines = [f"{one.name} since {one.since:%m-%d %H:%M}" for one in found.alarms]
    notes = [f"{found.scaling} of auto scaling besides: no trouble"] if found.scaling else []
    notes += ["there are more than were read"] if found.more else []
    return (*listed(lines, "none rings"), *notes)


def _incidents(table: Table, targets: Mapping[str, str]) -> Lines:
    keys = {
        incidents.key(scenario, target): f"{scenario} on {target}"
        for scenario, target in targets.items()
    }
    items = table.get_many([(pk, incidents.CURRENT) for pk in keys])
    opened = [(name, other(items.get(pk))) for pk, name in keys.items()]
    lines = [
        f"{name} {one.status.value} since {one.opened_at:%m-%d %H:%M}, {one.id or 'not looked at yet'}"
        for name, one in opened
        if one is not None
    ]
    return listed(lines, "none is open", len(keys))


def _changes(table: Table) -> Lines:
    """Return the changes of ours that are not meant to stay."""
    lines = [
        f"{one['fix']} of {one['resource']} since {one['applied_at'][:16]}Z; back: {one['revert']}"
        for one in table.query(ledger.PARTITION)
    ]
    return listed(lines, "none of ours waits to be adopted or reverted")


def _switches(ssm: Any, settings: Settings) -> Lines:
    names = [settings.switch_parameter, *settings.mode_parameters.values()]
    values: dict[str, str] = {}
    for start in range(0, len(names), MOST_NAMES):
        answer = ssm.get_parameters(Names=names[start : start + MOST_NAMES])
        values |= {one["Name"]: str(one["Value"]).strip() for one in answer["Parameters"]}
    modes: dict[str, list[str]] = {}
    for key, name in settings.mode_parameters.items():
        modes.setdefault(values.get(name, "not there"), []).append(key)
    return (
        f"Nightshift is {values.get(settings.switch_parameter, 'unknown: no such parameter')}",
        *(f"{mode}: {', '.join(keys)}" for mode, keys in sorted(modes.items())),
    )


_UNITS = {"cpu": "%", "memory": "%", "latency": "s", "time": "s"}
"""By the last word of a metric's name in the report; a count has none."""


def series_of_node(node: str) -> dict[str, Series]:
    """Return the key metrics of one Redis node."""
    at = {"CacheClusterId": node}
    return {
        "memory": Series(REDIS, "DatabaseMemoryUsagePercentage", at, "Maximum"),
        "evictions": Series(REDIS, "Evictions", at, "Sum"),
    }


def series_of(settings: Settings) -> dict[str, Series]:
    """Return the runbook's key metrics by their names in the report; Redis's are with Redis."""
    balancer = {"LoadBalancer": settings.load_balancer}
    database = {"DBInstanceIdentifier": settings.instance}
    found: dict[str, Series] = {}
    for name, tier in settings.tiers.items():
        at = {"ClusterName": settings.cluster, "ServiceName": tier["service"]}
        found[f"{name} cpu"] = Series("AWS/ECS", "CPUUtilization", at, "Average")
        found[f"{name} memory"] = Series("AWS/ECS", "MemoryUtilization", at, "Average")
    return {
        **found,
        "connections": Series("AWS/RDS", "DatabaseConnections", database, "Maximum"),
        "read latency": Series("AWS/RDS", "ReadLatency", database, "Average"),
        "write latency": Series("AWS/RDS", "WriteLatency", database, "Average"),
        "requests": Series(ALB, "RequestCount", balancer, "Sum"),
        "5xx of targets": Series(ALB, "HTTPCode_Target_5XX_Count", balancer, "Sum"),
        "5xx of balancer": Series(ALB, "HTTPCode_ELB_5XX_Count", balancer, "Sum"),
        "response time": Series(ALB, "TargetResponseTime", balancer, "Average"),
    }


def _metrics(client: Any, settings: Settings, now: datetime) -> Lines:
    wanted = series_of(settings)
    ids = {name: f"m{number}" for number, name in enumerate(wanted)}
    asked = {ids[name]: one for name, one in wanted.items()}
    found = metrics.read(client, asked, now, SPAN)
    return tuple(
        f"{name} {metrics.summary(found[ids[name]], _UNITS.get(name.split()[-1], ''))}"
        for name in wanted
    )


def _errors(aws: Aws, group: str, now: datetime) -> Lines:
    found = error_lines.read(aws.reader("logs"), group, now, SPAN, aws.side_by_side)
    return (error_lines.total(found), *error_lines.top(found))


def _newest(aws: Aws, group: str, now: datetime) -> Lines:
    found = logs.recent(aws.reader("logs"), group, now, SPAN, MOST_NEWEST, aws.side_by_side)
    least = "at least " if found.more else ""
    return (
        f"{least}{found.count} lines since {found.since:%H:%M} UTC in {group}",
        *(f"{at:%H:%M:%S} {text}" for at, text in found.lines),
    )
