"""What is kept: the one table, the dead letters, the live switches, and the post-mortem drafts."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import settings
from infra.environment import Environment

KEEP_DEAD_LETTERS_DAYS = 14
"""SQS's maximum: nothing is lost over a holiday."""
KEEP_DRAFTS_DAYS = 400
"""As long as the records that they are made of: they outlive a yearly review."""
KEEP_OLD_DRAFTS_DAYS = 90
"""Of a draft that was overwritten, since its incident came back; a quarter is time to notice."""


class Storage(Construct):
    """Table, queue, parameters and bucket.

    Attributes:
        table: incidents, records, limits, outbox.
        bucket: post-mortem drafts.
        dead_letters: what should have caused a look and did not.
    """

    def __init__(self, scope: Construct, construct_id: str, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=environment.prefix,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        self.table.add_global_secondary_index(
            index_name="due",
            partition_key=dynamodb.Attribute(name="open", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="next_look_at", type=dynamodb.AttributeType.STRING),
        )
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{environment.prefix}-dead-letters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(KEEP_DEAD_LETTERS_DAYS),
        )
        self.bucket = self._bucket(settings.bucket(environment))
        self._parameter("Switch", settings.switch_parameter(environment), environment.switch.state)
        modes = environment.modes.model_dump()
        for key, name in settings.mode_parameters(environment).items():
            self._parameter(f"Mode{key.title().replace('_', '')}", name, modes[key])

    def _bucket(self, name: str) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="forget-drafts",
                    expiration=cdk.Duration.days(KEEP_DRAFTS_DAYS),
                    noncurrent_version_expiration=cdk.Duration.days(KEEP_OLD_DRAFTS_DAYS),
                )
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if bucket.policy:
            bucket.policy.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        return bucket

    def _parameter(self, construct_id: str, name: str, value: str) -> None:
        # Changed live in SSM; a deploy changes it only when the value in the file changes.
        ssm.StringParameter(self, construct_id, parameter_name=name, string_value=value)
