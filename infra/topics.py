"""The team's own topics: an alarm that publishes to one of them can wake its scenario as it is.

A topic may carry much else. The subscription lets through what CloudWatch says of the alarms that the
environment file lists for the scenario, and only that they ring; the function checks it again.
"""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.environment import Environment

SNS = "sns.amazonaws.com"


class ExistingTopics(Construct):
    """One subscription for each topic and scenario, with its permission and its dead letters."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        environment: Environment,
        functions: Mapping[str, lambda_.Function],
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        told: set[str] = set()
        for scenario, topics in environment.existing_topics.items():
            for topic in topics:
                arn = environment.topic(topic)
                alarms = environment.existing_alarms[scenario]
                self._subscribe(arn, scenario, functions[scenario], alarms, dead_letters)
                told.add(arn)
        if told:
            dead_letters.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="WhatTheTeamsTopicsCouldNotDeliver",
                    principals=[iam.ServicePrincipal(SNS)],
                    actions=["sqs:SendMessage"],
                    resources=[dead_letters.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": sorted(told)}},
                )
            )

    def _subscribe(
        self,
        topic: str,
        scenario: str,
        function: lambda_.Function,
        alarms: list[str],
        dead_letters: sqs.Queue,
    ) -> None:
        name = f"{scenario}-{topic.rsplit(':', 1)[-1]}"
        # The topic's ARN names its account: SNS documents no source account for a call of Lambda.
        lambda_.CfnPermission(
            self,
            f"Permission-{name}",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal=SNS,
            source_arn=topic,
        )
        sns.CfnSubscription(
            self,
            f"Subscription-{name}",
            topic_arn=topic,
            protocol="lambda",
            endpoint=function.function_arn,
            filter_policy_scope="MessageBody",
            filter_policy={"AlarmName": alarms, "NewStateValue": ["ALARM"]},
            redrive_policy={"deadLetterTargetArn": dead_letters.queue_arn},
        )
