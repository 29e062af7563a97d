"""The stack: composes, decides nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.alarm import PERIOD_SECONDS, Alarm
from infra.alarms import table
from infra.chapters import specs
from infra.dashboard import Dashboard
from infra.environment import Environment
from infra.functions import Function
from infra.paging import Paging
from infra.routes import Routes, rule_names
from infra.spec import MetricFilter
from infra.storage import Storage
from infra.topics import ExistingTopics

WARM_UP_MINUTES = 15
"""Beyond its window an alarm waits for its first data: a probe dead from the start is told of then."""


class NightshiftStack(cdk.Stack):
    """Everything of one environment."""

    def __init__(
        self, scope: Construct, environment: Environment, build: Path, alarms: list[Alarm]
    ) -> None:
        super().__init__(
            scope,
            environment.prefix,
            env=cdk.Environment(account=environment.account, region=environment.region),
            description=f"Nightshift {environment.name}: runs the production runbook",
            termination_protection=True,
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
        storage = Storage(self, "Storage", environment)
        paging = Paging(self, "Paging", environment)
        functions = {
            spec.folder: Function(
                self,
                spec.folder.title().replace("_", ""),
                environment,
                spec,
                build,
                paging.message_key.key_arn,
                storage.dead_letters,
            ).function
            for spec in specs(environment)
        }
        for number, one in enumerate(one for spec in specs(environment) for one in spec.filters):
            self._filter(number, one)
        scenarios: dict[str, list[str]] = {}
        for alarm in alarms:
            scenarios.setdefault(alarm.group, []).append(alarm.name(environment))
            topic = paging.topics[alarm.to].topic_arn if alarm.to else ""
            self._alarm(environment, alarm, topic)
        for scenario, names in environment.existing_alarms.items():
            scenarios.setdefault(scenario, []).extend(names)
        Routes(self, "Routes", environment, functions, scenarios, storage.dead_letters)
        ExistingTopics(self, "ExistingTopics", environment, functions, storage.dead_letters)
        Dashboard(self, "Dashboard", environment, alarms)

    def _filter(self, number: int, one: MetricFilter) -> None:
        logs.CfnMetricFilter(
            self,
            f"Filter{number}{one.metric}",
            log_group_name=one.log_group,
            filter_pattern=one.pattern,
            metric_transformations=[
                logs.CfnMetricFilter.MetricTransformationProperty(
                    metric_namespace=one.namespace, metric_name=one.metric, metric_value="1"
                )
            ],
        )

    def _alarm(self, environment: Environment, alarm: Alarm, topic_arn: str) -> None:
        cloudwatch.CfnAlarm(
            self,
            f"Alarm{alarm.group}{alarm.id}".title().replace("-", "").replace("_", ""),
            alarm_name=alarm.name(environment),
            alarm_description=alarm.description,
            **_measured(alarm),
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            datapoints_to_alarm=alarm.datapoints,
            evaluation_periods=alarm.of,
            treat_missing_data=alarm.missing,
            warm_up_configuration=_warm_up(alarm) if environment.alarms.warm_up else None,
            alarm_actions=[topic_arn] if topic_arn else None,
            ok_actions=[topic_arn] if alarm.to == "second-path" else None,
        )


def alarms_of(environment: Environment) -> list[Alarm]:
    """Return the alarm table of an environment with all its functions and rules."""
    return table(environment, [spec.folder for spec in specs(environment)], rule_names(environment))


def _warm_up(alarm: Alarm) -> cloudwatch.CfnAlarm.WarmUpConfigurationProperty | None:
    """Let an alarm for which silence is bad wait for its first data: until its window is full."""
    if alarm.missing != "breaching":
        return None
    return cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
        warm_up_period_duration_in_minutes=alarm.of + WARM_UP_MINUTES
    )


def _dimensions(found: Mapping[str, str]) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
        for name, value in found.items()
    ]


def _measured(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm's one metric, or its expression over several."""
    if alarm.math is None:
        return {
            "namespace": alarm.namespace,
            "metric_name": alarm.metric,
            "dimensions": _dimensions(alarm.dimensions),
            "statistic": alarm.statistic,
            "period": PERIOD_SECONDS,
        }
    query = cloudwatch.CfnAlarm.MetricDataQueryProperty
    series = [
        query(
            id=key,
            return_data=False,
            metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                metric=cloudwatch.CfnAlarm.MetricProperty(
                    namespace=one.namespace,
                    metric_name=one.metric,
                    dimensions=_dimensions(one.dimensions),
                ),
                period=PERIOD_SECONDS,
                stat=one.statistic,
            ),
        )
        for key, one in alarm.math.series.items()
    ]
    result = query(id="result", expression=alarm.math.expression, return_data=True)
    return {"metrics": [result, *series]}
