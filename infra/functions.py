"""The functions: each with its own role, log group, asset and way out for failed events."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import settings
from infra.bundling import assemble
from infra.environment import Environment
from infra.policies import statements
from infra.spec import Spec

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
            timeout=cdk.Duration.seconds(spec.timeout_seconds),
            memory_size=spec.memory_mib,
            log_group=self.log_group,
            environment=settings.variables(spec.folder, spec.settings),
        )
        if spec.in_vpc:
            self._into_vpc(environment)
        self._way_out(dead_letters)
        for number, alarm in enumerate(spec.callers):
            self.function.add_permission(
                f"Caller{number}",
                principal=iam.ServicePrincipal("lambda.alarms.cloudwatch.amazonaws.com"),
                source_account=environment.account,
                source_arn=environment.arn("cloudwatch", f"alarm:{alarm}"),
            )

    def _role(
        self, name: str, environment: Environment, spec: Spec, message_key_arn: str
    ) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            role_name=f"{name}-{environment.region}",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        own = [
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[self.log_group.log_group_arn],
            ),
            *statements(environment, spec, message_key_arn),
        ]
        if spec.in_vpc:
            own += _network(environment.arn("lambda", f"function:{name}"))
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


def _network(function_arn: str) -> list[iam.PolicyStatement]:
    """Let Lambda make the function's network interfaces by its role, and the function's own code none."""
    return [
        iam.PolicyStatement(actions=list(VPC_ACTIONS), resources=["*"]),
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(VPC_ACTIONS),
            resources=["*"],
            conditions={"ArnEquals": {"lambda:SourceFunctionArn": function_arn}},
        ),
    ]
