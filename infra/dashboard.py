"""The dashboard: the runbook's key metrics, and all that an alarm watches with the value at which it rings.

Nothing is listed twice: the key metrics are those of the report by hand (``runbook/sources.py``), the rest
comes from the alarm table. A new alarm is on it by itself.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra import settings
from infra.alarm import PERIOD_SECONDS, Alarm
from infra.alarm import Series as MathSeries
from infra.environment import Environment
from runbook import sources
from runbook.checks.metrics import Series
from runbook.settings import build

COLUMNS = 24
"""Of CloudWatch's grid."""
WIDTH = 8
HEIGHT = 6
MOST_ALARMS = 100
"""Of a status widget."""
MOST_NAMED = 2
"""Alarms that a line on a graph names."""
SPAN = "-PT3H"
"""What is shown first: the trouble, and an hour or two before it."""

GRAPHS: Mapping[str, Sequence[str]] = {
    "Services: CPU, %": ["CPUUtilization"],
    "Services: memory, %": ["MemoryUtilization"],
    "Database connections": ["DatabaseConnections"],
    "Database latency, s": ["ReadLatency", "WriteLatency"],
    "Answers with 5xx": ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"],
    "Answers with 5xx, % of requests": ["5xx-rate"],
    "Response time, s": ["TargetResponseTime"],
    "Requests": ["RequestCount"],
    "Healthy targets": ["HealthyHostCount"],
    "Redis memory, %": ["DatabaseMemoryUsagePercentage"],
    "Redis evictions": ["Evictions"],
    "Celery queue": ["QueueDepth", "Unacked"],
    "Up is 1, down is 0": ["HealthOk", "HealthAnswered", "HealthDb", "HealthRedis", "RedisUp"],
    "AI gateway errors, % of requests": ["ai-errors"],
}
"""Which metrics share a graph, in the order of the graphs; an expression goes by its alarm's id. What is not
here, and every count of samples, gets a graph of its own below."""
ALSO: Mapping[str, Sequence[str]] = {
    "TargetResponseTime": ["p50", "p99"],
    "ReadLatency": ["p90"],
    "WriteLatency": ["p90"],
}
"""Percentiles that are drawn besides: a mean hides the few who wait."""
PROBED = ("HealthOk", "HealthAnswered", "HealthDb", "HealthRedis", "RedisUp")


@dataclass
class Graph:
    """One graph: its lines, and the values at which an alarm on one of them rings.

    Attributes:
        lines: by what is measured, as CloudWatch takes them: the same is drawn once.
        limits: names of the alarms by the side that is bad and the threshold.
        marks: further values worth a line, by their labels.
    """

    lines: dict[Any, list[list[Any]]] = field(default_factory=dict)
    limits: dict[tuple[str, float], set[str]] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)

    def draw(self, label: str, one: Series) -> None:
        """Add a metric, with its percentiles."""
        for stat in (one.stat, *ALSO.get(one.name, ())):
            key = (one.namespace, one.name, *sorted(one.dimensions.items()), stat)
            named = f"{label} {stat}" if one.name in ALSO else label
            line = [*_path(one), {"stat": stat, "label": named}]
            self.lines.setdefault(key, [_search(one) if one.namespace == sources.REDIS else line])

    def watch(self, alarm: Alarm) -> None:
        """Add what an alarm watches, and the value at which it rings."""
        self.limits.setdefault((alarm.comparison, alarm.threshold), set()).add(alarm.id)
        if alarm.math is None:
            one = Series(alarm.namespace, alarm.metric, alarm.dimensions, alarm.statistic)
            self.draw(alarm.id, one)
            return
        result = [{"expression": alarm.math.expression, "label": alarm.id, "id": "result"}]
        parts = [
            [*_path(one), {"id": key, "stat": one.statistic, "visible": False}]
            for key, one in alarm.math.series.items()
        ]
        self.lines.setdefault(alarm.math.expression, [result, *parts])


class Dashboard(Construct):
    """The dashboard of an environment."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        environment: Environment,
        alarms: Sequence[Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=environment.dashboard.name,
            dashboard_body=json.dumps(body(environment, alarms)),
        )


def body(environment: Environment, alarms: Sequence[Alarm]) -> dict[str, Any]:
    """Return the dashboard as CloudWatch takes it."""
    widgets = [_text(environment), *_states(environment, alarms)]
    top = sum(one["height"] for one in widgets)
    for number, (title, graph) in enumerate(graphs(environment, alarms).items()):
        row, column = divmod(number, COLUMNS // WIDTH)
        at = {"x": column * WIDTH, "y": top + row * HEIGHT, "width": WIDTH, "height": HEIGHT}
        widgets.append({"type": "metric", **at, "properties": _graph(environment, title, graph)})
    return {"start": SPAN, "periodOverride": "inherit", "widgets": widgets}


def graphs(environment: Environment, alarms: Iterable[Alarm]) -> dict[str, Graph]:
    """Return the graphs by their titles, in their order."""
    titles = {metric: title for title, metrics in GRAPHS.items() for metric in metrics}
    found = {title: Graph() for title in GRAPHS}
    for label, one in key_metrics(environment).items():
        found[titles[one.name]].draw(label, one)
    for alarm in alarms:
        found.setdefault(_title(alarm, titles), Graph()).watch(alarm)
    database = environment.database
    found[titles["DatabaseConnections"]].marks = {
        f"{database.max_connections - database.reserved} for the application": float(
            database.max_connections - database.reserved
        ),
        f"max_connections {database.max_connections}": float(database.max_connections),
    }
    return found


def key_metrics(environment: Environment) -> dict[str, Series]:
    """Return the report's metrics by its names for them, and what the probes see."""
    told = settings.report(environment)
    own = {"environment": environment.name}
    queue = {**own, "queue": environment.redis.queue}
    group = environment.redis.replication_group
    return {
        **sources.series_of(build(sources.Settings, told, "settings")),
        **{f"redis {name}": one for name, one in sources.series_of_node(group).items()},
        "waiting": Series("Nightshift", "QueueDepth", queue, "Minimum"),
        "being worked on": Series("Nightshift", "Unacked", queue, "Maximum"),
        **{name: Series("Nightshift", name, own, "Minimum") for name in PROBED},
    }


def _title(alarm: Alarm, titles: Mapping[str, str]) -> str:
    if alarm.statistic == "SampleCount":
        return "Signs of life, a minute"
    measured = alarm.id if alarm.math else alarm.metric
    return titles.get(measured, f"{alarm.namespace.removeprefix('AWS/')}: {measured}")


def _path(one: Series | MathSeries) -> list[Any]:
    """Return a metric as a graph names it."""
    names = [part for dimension in one.dimensions.items() for part in dimension]
    return [one.namespace, one.metric if isinstance(one, MathSeries) else one.name, *names]


def _search(one: Series) -> list[Any]:
    """Return a search for the metric of every node of a Redis group: only ElastiCache names the nodes."""
    ((dimension, group),) = one.dimensions.items()
    wanted = f'{{{one.namespace},{dimension}}} MetricName="{one.name}" AND {group}'
    label = f"${{PROP('Dim.{dimension}')}}"
    return [{"expression": f"SEARCH('{wanted}', '{one.stat}')", "label": label}]


def _graph(environment: Environment, title: str, graph: Graph) -> dict[str, Any]:
    bad = {"GreaterThanOrEqualToThreshold": (">=", "above"), "LessThanThreshold": ("<", "below")}
    limits = []
    for (comparison, value), ids in graph.limits.items():
        sign, side = bad[comparison]
        names = ", ".join(sorted(ids)) if len(ids) <= MOST_NAMED else f"{len(ids)} alarms"
        limits.append({"label": f"{sign} {value:g}: {names}", "value": value, "fill": side})
    marks = [{"label": label, "value": value} for label, value in graph.marks.items()]
    return {
        "title": title,
        "region": environment.region,
        "view": "timeSeries",
        "stacked": False,
        "period": PERIOD_SECONDS,
        "metrics": [line for lines in graph.lines.values() for line in lines],
        "annotations": {"horizontal": [*limits, *marks]},
        "yAxis": {"left": {"min": 0}},
    }


def _text(environment: Environment) -> dict[str, Any]:
    switch = settings.switch_parameter(environment)
    markdown = (
        f"Made by the stack `{environment.prefix}` from its alarms: a change in the console is lost. "
        "Shaded is where an alarm rings; what each means stands in `docs/operations.md`.\n\n"
        f"Stop all: `aws ssm put-parameter --region {environment.region} --name {switch} --value off "
        "--overwrite`"
    )
    at = {"x": 0, "y": 0, "width": COLUMNS, "height": 2}
    return {"type": "text", **at, "properties": {"markdown": markdown}}


def _states(environment: Environment, alarms: Iterable[Alarm]) -> list[dict[str, Any]]:
    """Return the states of all alarms: those on the users' systems first, then those on Nightshift."""
    names: dict[str, list[str]] = {"Your systems": [], "Nightshift itself": []}
    for alarm in alarms:
        ours = alarm.group == "meta" or (alarm.group == "second-path" and not alarm.twin_of)
        names["Nightshift itself" if ours else "Your systems"].append(alarm.name(environment))
    found: list[dict[str, Any]] = []
    for title, some in names.items():
        for start in range(0, len(some), MOST_ALARMS):
            arns = [
                environment.arn("cloudwatch", f"alarm:{one}") for one in some[start:][:MOST_ALARMS]
            ]
            told = {"title": title, "alarms": arns, "sortBy": "stateUpdatedTimestamp"}
            at = {"x": 0, "y": 2 + 4 * len(found), "width": COLUMNS, "height": 4}
            found.append({"type": "alarm", **at, "properties": told})
    return found
