"""Routes: which event wakes which function. Each has dead letters, a retry policy and a maximum age."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.environment import Environment
from runbook.alarm_shapes import ALARM_TYPE
from runbook.bus import LOOK_SOURCE, LOOK_TYPE

DELIVERY_MINUTES = 5
"""How long EventBridge tries to reach Lambda; then the dead letters page, and patrol has asked anyway."""
DELIVERY_RETRIES = 8
"""Spread by EventBridge's back-off over those minutes."""
EACH_MINUTE = ("patrol", "redis_probe")
SCENARIOS = ("worker_stuck",)


def rule_names(environment: Environment) -> list[str]:
    """Return the names of all rules."""
    scenarios = [f"{name}-{kind}" for name in SCENARIOS for kind in ("alarm", "look")]
    return [
        f"{environment.prefix}-rule-{name.replace('_', '-')}" for name in (*scenarios, *EACH_MINUTE)
    ]


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
        for name in EACH_MINUTE:
            self._rule(name, name, schedule=events.Schedule.rate(cdk.Duration.minutes(1)))

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
            rule_name=f"{self._environment.prefix}-rule-{name.replace('_', '-')}",
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
