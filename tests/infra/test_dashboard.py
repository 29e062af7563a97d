"""The dashboard shows what an alarm watches, where it rings, and the runbook's key metrics."""

import json
from typing import Any

import pytest

from health_probe.probe import Reading as HealthReading
from infra.environment import load
from redis_probe.probe import Reading as RedisReading
from runbook import sources
from runbook.settings import build
from synthesized import Body, Synthesized

SIDES = {"GreaterThanOrEqualToThreshold": (">=", "above"), "LessThanThreshold": ("<", "below")}
KEY_METRICS = [
    ("AWS/ECS", "CPUUtilization", "ServiceName", ("backend", "service")),
    ("AWS/ECS", "CPUUtilization", "ServiceName", ("worker", "service")),
    ("AWS/ECS", "MemoryUtilization", "ServiceName", ("backend", "service")),
    ("AWS/ECS", "MemoryUtilization", "ServiceName", ("worker", "service")),
    ("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", ("database", "instance")),
    ("AWS/RDS", "ReadLatency", "DBInstanceIdentifier", ("database", "instance")),
    ("AWS/RDS", "WriteLatency", "DBInstanceIdentifier", ("database", "instance")),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", ("load_balancer", "name")),
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", ("load_balancer", "name")),
    ("AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", ("load_balancer", "name")),
    ("Nightshift", "QueueDepth", "queue", ("redis", "queue")),
]
"""The runbook's list, and the queue: namespace, metric, dimension, and whose name it has."""
OF_NIGHTSHIFT = {"Heartbeat", "Unparsable"}


def dashboard(stack: Synthesized) -> Body:
    (found,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    return found


def widgets(stack: Synthesized, kind: str) -> list[Body]:
    found: list[Body] = json.loads(dashboard(stack)["DashboardBody"])["widgets"]
    return [one for one in found if one["type"] == kind]


def graphs(stack: Synthesized) -> list[Body]:
    return [one["properties"] for one in widgets(stack, "metric")]


def drawn(graph: Body) -> set[tuple[Any, ...]]:
    """Return the lines that are seen on a graph: namespace, metric, dimensions, statistic."""
    plain = [line for line in graph["metrics"] if len(line) > 1 and line[-1].get("visible", True)]
    return {
        (
            line[0],
            line[1],
            frozenset(zip(line[2:-1:2], line[3:-1:2], strict=True)),
            line[-1]["stat"],
        )
        for line in plain
    }


def expressions(graph: Body) -> list[str]:
    return [line[0]["expression"] for line in graph["metrics"] if "expression" in line[0]]


def watches(graph: Body, alarm: Body) -> bool:
    if "Metrics" in alarm:
        return any(one.get("Expression") in expressions(graph) for one in alarm["Metrics"])
    at = frozenset((one["Name"], one["Value"]) for one in alarm["Dimensions"])
    return (alarm["Namespace"], alarm["MetricName"], at, alarm["Statistic"]) in drawn(graph)


def rings_at(alarm: Body) -> tuple[float, str]:
    return alarm["Threshold"], SIDES[alarm["ComparisonOperator"]][1]


def test_the_dashboard_has_the_name_of_the_environment_file(stack: Synthesized) -> None:
    assert dashboard(stack)["DashboardName"] == load(stack.environment).dashboard.name


def test_the_default_dashboard_is_the_one_that_the_runbook_names(prod: Synthesized) -> None:
    assert dashboard(prod)["DashboardName"] == "SaaS-Prod-Overview"


def test_every_graph_is_of_the_environments_own_region(stack: Synthesized) -> None:
    assert {graph["region"] for graph in graphs(stack)} == {stack.place[1]}


def test_every_alarm_is_drawn_with_the_value_at_which_it_rings(stack: Synthesized) -> None:
    dark = []
    for name, alarm in stack.alarms.items():
        marks = [
            (mark["value"], mark.get("fill"))
            for graph in graphs(stack)
            if watches(graph, alarm)
            for mark in graph["annotations"]["horizontal"]
        ]
        if rings_at(alarm) not in marks:
            dark.append(name)

    assert stack.alarms
    assert dark == []


def test_a_value_at_which_an_alarm_rings_is_drawn_on_no_other_graph(stack: Synthesized) -> None:
    for graph in graphs(stack):
        marks = {(one["value"], one["fill"]) for one in _limits(graph)}
        wanted = {rings_at(alarm) for alarm in stack.alarms.values() if watches(graph, alarm)}

        assert marks == wanted, graph["title"]


def _limits(graph: Body) -> list[Body]:
    return [one for one in graph["annotations"]["horizontal"] if "fill" in one]


def test_an_expression_has_all_of_its_series_on_its_graph(stack: Synthesized) -> None:
    for alarm in stack.alarms.values():
        if "Metrics" not in alarm:
            continue
        (graph,) = [one for one in graphs(stack) if watches(one, alarm)]
        there = {line[-1].get("id"): line[:-1] for line in graph["metrics"]}
        for one in alarm["Metrics"]:
            if "MetricStat" in one:
                metric = one["MetricStat"]["Metric"]
                names = [part for at in metric["Dimensions"] for part in (at["Name"], at["Value"])]
                expected = [metric["Namespace"], metric["MetricName"], *names]
                assert there[one["Id"]] == expected


@pytest.mark.parametrize(
    ("namespace", "metric", "dimension", "whose"),
    KEY_METRICS,
    ids=[f"{whose[0]}-{metric}" for _, metric, _, whose in KEY_METRICS],
)
def test_a_key_metric_of_the_runbook_is_drawn(
    stack: Synthesized, namespace: str, metric: str, dimension: str, whose: tuple[str, str]
) -> None:
    name = getattr(getattr(load(stack.environment), whose[0]), whose[1])

    lines = [line for graph in graphs(stack) for line in drawn(graph)]

    assert [
        line for line in lines if line[:2] == (namespace, metric) and (dimension, name) in line[2]
    ]


@pytest.mark.parametrize("metric", ["DatabaseMemoryUsagePercentage", "Evictions"])
def test_redis_is_searched_for_by_its_group(stack: Synthesized, metric: str) -> None:
    group = load(stack.environment).redis.replication_group

    (found,) = [
        one for graph in graphs(stack) for one in expressions(graph) if f'"{metric}"' in one
    ]

    schema = "{AWS/ElastiCache,CacheClusterId}"
    assert found.startswith(f"SEARCH('{schema} MetricName=\"{metric}\" AND {group}', '")


def test_all_that_the_report_reads_is_drawn(stack: Synthesized) -> None:
    told = build(sources.Settings, stack.settings("diagnose"), "settings")

    read = {
        (one.namespace, one.name, frozenset(one.dimensions.items()), one.stat)
        for one in sources.series_of(told).values()
    }

    assert read
    assert read <= {line for graph in graphs(stack) for line in drawn(graph)}


def test_response_time_is_drawn_for_the_slowest_too(stack: Synthesized) -> None:
    (graph,) = [one for one in graphs(stack) if one["title"] == "Response time, s"]

    assert {line[3] for line in drawn(graph)} >= {"p50", "p99"}


def test_the_limits_of_the_connections_are_drawn(stack: Synthesized) -> None:
    database = load(stack.environment).database
    (graph,) = [one for one in graphs(stack) if one["title"] == "Database connections"]

    values = [mark["value"] for mark in graph["annotations"]["horizontal"]]

    assert database.max_connections in values
    assert database.max_connections - database.reserved in values


def test_what_is_drawn_of_nightshifts_own_metrics_is_emitted(stack: Synthesized) -> None:
    health = HealthReading(ok=True, db=True, redis=True).metrics()
    redis = RedisReading(up=True, run_id="0" * 40, depth=1, unacked=1)
    emitted = {*health, *redis.by_environment(), *redis.by_queue(), *OF_NIGHTSHIFT}

    lines = [line for graph in graphs(stack) for line in drawn(graph) if line[0] == "Nightshift"]

    assert {*health, *redis.by_queue(), "RedisUp"} <= {line[1] for line in lines}
    assert {line[1] for line in lines} <= emitted
    assert {dict(line[2])["environment"] for line in lines} == {load(stack.environment).name}


def test_the_state_of_every_alarm_is_shown_once(stack: Synthesized) -> None:
    shown = [one["properties"]["alarms"] for one in widgets(stack, "alarm")]

    arns = [stack.arn("cloudwatch", f"alarm:{name}") for name in stack.alarms]
    assert sorted(arn for some in shown for arn in some) == sorted(arns)
    assert all(1 <= len(some) <= 100 for some in shown)


def test_the_alarms_on_nightshift_itself_are_apart_from_those_on_the_systems(
    stack: Synthesized,
) -> None:
    systems, _ = [one["properties"]["alarms"] for one in widgets(stack, "alarm")]

    assert [arn for arn in systems if "/meta/" in arn or "heartbeat" in arn] == []


def test_the_dashboard_says_how_to_stop_all(stack: Synthesized) -> None:
    (text,) = widgets(stack, "text")

    command = f"--region {stack.place[1]} --name {stack.settings('diagnose')['switch_parameter']}"
    assert command in text["properties"]["markdown"]


def test_no_widget_covers_another(stack: Synthesized) -> None:
    every = json.loads(dashboard(stack)["DashboardBody"])["widgets"]

    cells = [
        (x, y)
        for one in every
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]

    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)
