"""The functions: each with its own role, log group, asset and way out for failed events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

import patrol.needs
import redis_probe.needs
import worker_stuck.needs
from infra import settings
from infra.bundling import assemble
from infra.environment import Environment
from infra.policies import statements
from runbook.incidents import FUNCTION_TIMEOUT
from runbook.permissions import Need

RUNTIME = lambda_.Runtime.PYTHON_3_13
MOST_EVENT_AGE_SECONDS = 300
"""An older event is no news: patrol has asked for the look by then."""
RETRIES = 1
"""After a minute; more would only repeat what patrol does anyway."""
VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda itself needs to put a function into a VPC; AWS gives them no resource level."""


@dataclass(frozen=True)
class Spec:
    """One function.

    Attributes:
        folder: in ``functions/``; the function's name follows from it.
        purpose: shown in the console.
        settings: what it is told.
        needs: what its code declares.
        requires: distributions that its asset carries.
        timeout: of one invocation.
        memory_mib: CPU follows memory; scenarios open several TLS connections at once.
        in_vpc: whether it runs in the users' network.
    """

    folder: str
    purpose: str
    settings: Mapping[str, Any]
    needs: tuple[Need, ...]
    requires: tuple[str, ...] = ("aws-lambda-powertools",)
    timeout: cdk.Duration = cdk.Duration.seconds(int(FUNCTION_TIMEOUT.total_seconds()))  # noqa: RUF009  # a constant
    memory_mib: int = 512
    in_vpc: bool = False


def specs(environment: Environment) -> list[Spec]:
    """Return every function of an environment."""
    return [
        Spec(
            folder="worker_stuck",
            purpose="Runbook scenario F: the Celery worker is stuck or not processing",
            settings=settings.worker_stuck(environment),
            needs=worker_stuck.needs.NEEDS,
            memory_mib=1024,
        ),
        Spec(
            folder="patrol",
            purpose="Each minute: second looks, unanswered alarms, unsent messages",
            settings=settings.patrol(environment),
            needs=patrol.needs.NEEDS,
        ),
        Spec(
            folder="redis_probe",
            purpose="Each minute: is Redis up, how long is the queue",
            settings=settings.redis_probe(environment),
            needs=redis_probe.needs.NEEDS,
            requires=("aws-lambda-powertools", "redis"),
            timeout=cdk.Duration.seconds(20),
            memory_mib=256,
            in_vpc=True,
        ),
    ]


class Function(Construct):
    """One function with everything that is its own.

    Attributes:
        function: the Lambda function.
        role: its role.
        log_group: its log group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        environment: Environment,
        spec: Spec,
        build: Path,
        message_key_arn: str,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"{environment.prefix}-{spec.folder.replace('_', '-')}"
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/nightshift/{environment.name}/{spec.folder}",
            retention=logs.RetentionDays.SIX_MONTHS,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self.role = self._role(name, environment, spec, message_key_arn)
        (build / spec.folder).mkdir()
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=spec.purpose,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{spec.folder}.handler.handle",
            code=lambda_.Code.from_asset(
                str(assemble(spec.folder, spec.requires, build / spec.folder))
            ),
            role=self.role.without_policy_updates(),
            timeout=spec.timeout,
            memory_size=spec.memory_mib,
            log_group=self.log_group,
            environment={"NIGHTSHIFT_SETTINGS": cdk.Stack.of(self).to_json_string(spec.settings)},
        )
        if spec.in_vpc:
            self._into_vpc(environment)
        self._way_out(dead_letters)

    def _role(
        self, name: str, environment: Environment, spec: Spec, message_key_arn: str
    ) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            role_name=f"{name}-{environment.region}",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        own: Sequence[iam.PolicyStatement] = [
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[self.log_group.log_group_arn],
            ),
            *statements(environment, spec.needs, message_key_arn),
        ]
        if spec.in_vpc:
            own = [*own, iam.PolicyStatement(actions=list(VPC_ACTIONS), resources=["*"])]
        for statement in own:
            role.add_to_policy(statement)
        return role

    def _into_vpc(self, environment: Environment) -> None:
        network = environment.network
        function: Any = self.function.node.default_child
        function.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=network.subnet_ids, security_group_ids=network.security_group_ids
        )
        # The role's policy must exist before Lambda makes the network interfaces.
        self.function.node.add_dependency(self.role)

    def _way_out(self, dead_letters: sqs.Queue) -> None:
        """EventBridge to Lambda is asynchronous: without this, what fails twice is dropped in silence."""
        lambda_.EventInvokeConfig(
            self,
            "Async",
            function=self.function,
            max_event_age=cdk.Duration.seconds(MOST_EVENT_AGE_SECONDS),
            retry_attempts=RETRIES,
            on_failure=destinations.SqsDestination(dead_letters),
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                resources=[dead_letters.queue_arn],
            )
        )
