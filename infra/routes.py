"""Routes: which event wakes which function. Each has dead letters, a retry policy and a maximum age."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import chapters
from infra.environment import Environment
from runbook.alarm_shapes import ALARM_TYPE
from runbook.bus import LOOK_SOURCE, LOOK_TYPE

DELIVERY_MINUTES = 5
"""How long EventBridge tries to reach Lambda; then the dead letters page, and patrol has asked anyway."""
DELIVERY_RETRIES = 8
"""Spread by EventBridge's back-off over those minutes."""
SCENARIOS = tuple(chapters.SCENARIOS)


def rule_names(environment: Environment) -> list[str]:
    """Return the names of all rules."""
    names = [f"{name}-{kind}" for name in SCENARIOS for kind in ("alarm", "look")]
    for spec in chapters.specs(environment):
        names += [f"{spec.folder}-{event}" for event in spec.events]
        names += [spec.folder] if spec.each_minute else []
    return [_rule_name(environment, name) for name in names]


def _rule_name(environment: Environment, name: str) -> str:
    return f"{environment.prefix}-rule-{name.replace('_', '-')}"


class Routes(Construct):
    """All rules of an environment."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        environment: Environment,
        functions: dict[str, lambda_.Function],
        alarms: dict[str, list[str]],
        dead_letters: sqs.Queue,
    ) -> None:
        """Make the rules.

        Args:
            scope: the stack.
            construct_id: in it.
            environment: names.
            functions: by folder.
            alarms: names of the alarms that each scenario answers.
            dead_letters: for what could not be delivered.
        """
        super().__init__(scope, construct_id)
        self._environment = environment
        self._functions = functions
        self._dead_letters = dead_letters
        for name in SCENARIOS:
            arns = [environment.arn("cloudwatch", f"alarm:{alarm}") for alarm in alarms[name]]
            self._rule(
                f"{name}-alarm",
                name,
                pattern=events.EventPattern(
                    source=["aws.cloudwatch"],
                    detail_type=[ALARM_TYPE],
                    resources=arns,
                    detail={"state": {"value": ["ALARM"]}},
                ),
            )
            self._rule(
                f"{name}-look",
                name,
                pattern=events.EventPattern(
                    source=[LOOK_SOURCE],
                    detail_type=[LOOK_TYPE],
                    detail={"environment": [environment.name], "scenario": [name]},
                ),
            )
        for spec in chapters.specs(environment):
            for event, pattern in spec.events.items():
                self._rule(
                    f"{spec.folder}-{event}",
                    spec.folder,
                    pattern=events.EventPattern(
                        source=pattern["source"],
                        detail_type=pattern["detail-type"],
                        account=pattern.get("account"),
                        region=pattern.get("region"),
                        resources=pattern.get("resources"),
                        detail=pattern.get("detail"),
                    ),
                )
            if spec.each_minute:
                each_minute = events.Schedule.rate(cdk.Duration.minutes(1))
                self._rule(spec.folder, spec.folder, schedule=each_minute)

    def _rule(
        self,
        name: str,
        function: str,
        pattern: events.EventPattern | None = None,
        schedule: events.Schedule | None = None,
    ) -> None:
        rule = events.Rule(
            self,
            name.title().replace("_", "").replace("-", ""),
            rule_name=_rule_name(self._environment, name),
            event_pattern=pattern,
            schedule=schedule,
        )
        rule.add_target(
            targets.LambdaFunction(
                self._functions[function],
                dead_letter_queue=self._dead_letters,
                max_event_age=cdk.Duration.minutes(DELIVERY_MINUTES),
                retry_attempts=DELIVERY_RETRIES,
            )
        )
