"""Who is told: topics for pages and updates, and the second path with a key of its own."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.environment import Environment


class Paging(Construct):
    """The three topics.

    Attributes:
        message_key: encrypts pages and updates.
        topics: by name: pages, updates, second-path.
    """

    def __init__(self, scope: Construct, construct_id: str, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        self._environment = environment
        self.message_key = self._key("MessageKey", "pages and updates")
        second_key = self._key("SecondPathKey", "the second path")
        paging = environment.paging
        self.topics = {
            "pages": self._topic("pages", self.message_key, paging.pages, "meta"),
            "updates": self._topic("updates", self.message_key, paging.updates, ""),
            "second-path": self._topic(
                "second-path", second_key, paging.second_path, "second-path"
            ),
        }

    def _key(self, construct_id: str, what: str) -> kms.Key:
        key = kms.Key(
            self,
            construct_id,
            description=f"Nightshift {self._environment.name}: {what}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # CloudWatch encrypts what its alarms publish: without this an encrypted topic gets nothing.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self._environment.account}},
            )
        )
        return key

    def _topic(self, name: str, key: kms.Key, readers: list[str], alarms: str) -> sns.Topic:
        environment = self._environment
        topic = sns.Topic(
            self,
            name.title().replace("-", ""),
            topic_name=f"{environment.prefix}-{name}",
            master_key=key,
            enforce_ssl=True,
        )
        for reader in readers:
            https = reader.startswith("https://")
            topic.add_subscription(
                subscriptions.UrlSubscription(reader)
                if https
                else subscriptions.EmailSubscription(reader)
            )
        if alarms:
            pattern = environment.arn("cloudwatch", f"alarm:{environment.prefix}/{alarms}/*")
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="OurAlarmsOnly",
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions={
                        "ArnLike": {"aws:SourceArn": pattern},
                        "StringEquals": {"aws:SourceAccount": environment.account},
                    },
                )
            )
        return topic
