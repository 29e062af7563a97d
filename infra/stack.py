"""The stack: composes, decides nothing."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.alarms import PERIOD_SECONDS, Alarm, table
from infra.environment import Environment
from infra.functions import Function, specs
from infra.paging import Paging
from infra.routes import Routes, rule_names
from infra.storage import Storage


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
        scenarios: dict[str, list[str]] = {}
        for alarm in alarms:
            scenarios.setdefault(alarm.group, []).append(alarm.name(environment))
            topic = paging.topics[alarm.to].topic_arn if alarm.to else ""
            self._alarm(environment, alarm, topic)
        Routes(self, "Routes", environment, functions, scenarios, storage.dead_letters)

    def _alarm(self, environment: Environment, alarm: Alarm, topic_arn: str) -> None:
        cloudwatch.CfnAlarm(
            self,
            f"Alarm{alarm.group}{alarm.id}".title().replace("-", "").replace("_", ""),
            alarm_name=alarm.name(environment),
            alarm_description=alarm.description,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                for name, value in alarm.dimensions.items()
            ],
            statistic=alarm.statistic,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            period=PERIOD_SECONDS,
            datapoints_to_alarm=alarm.datapoints,
            evaluation_periods=alarm.of,
            treat_missing_data=alarm.missing,
            alarm_actions=[topic_arn] if topic_arn else None,
            ok_actions=[topic_arn] if alarm.to == "second-path" else None,
        )


def alarms_of(environment: Environment) -> list[Alarm]:
    """Return the alarm table of an environment with all its functions and rules."""
    return table(environment, [spec.folder for spec in specs(environment)], rule_names(environment))
