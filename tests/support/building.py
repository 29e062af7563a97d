"""The settings that the stack gives the functions, and what moto has to have before they run."""

from collections.abc import Callable
from typing import Any

from infra import environment as environments
from infra.chapters import patrol, worker_stuck
from patrol.settings import Settings as PatrolSettings
from runbook.settings import build
from worker_stuck.settings import Settings

ENVIRONMENT = environments.load("prod")
SETTINGS = build(Settings, worker_stuck.spec(ENVIRONMENT).settings, "worker_stuck")
PATROL = build(
    PatrolSettings,
    patrol.spec(ENVIRONMENT, worker_stuck.alarms(ENVIRONMENT)).settings,
    "patrol",
)
"""Patrol as it is where worker_stuck is the only scenario: no other one has its alarms here."""
ALARM = SETTINGS.alarms[0]


def build_aws(admin: Callable[[str], Any]) -> None:
    """Make the table, topics, bucket, queue, log group and alarm that the template makes.

    Args:
        admin: returns a boto3 client by service.
    """
    admin("dynamodb").create_table(
        TableName=SETTINGS.table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("pk", "sk", "open", "next_look_at")
        ],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": _keys("open", "next_look_at"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for arn in (SETTINGS.pages_topic, SETTINGS.updates_topic):
        admin("sns").create_topic(Name=arn.rsplit(":", 1)[-1])
    admin("s3").create_bucket(
        Bucket=PATROL.bucket, CreateBucketConfiguration={"LocationConstraint": PATROL.region}
    )
    admin("sqs").create_queue(QueueName=SETTINGS.dead_letters.rsplit("/", 1)[-1])
    admin("logs").create_log_group(logGroupName=SETTINGS.log_group)
    admin("logs").create_log_stream(logGroupName=SETTINGS.log_group, logStreamName="w")
    admin("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        MetricName="QueueDepth",
        Namespace="Nightshift",
        Period=60,
        EvaluationPeriods=3,
        Threshold=SETTINGS.queue_depth_alarm,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Minimum",
    )


def _keys(first: str, second: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": first, "KeyType": "HASH"},
        {"AttributeName": second, "KeyType": "RANGE"},
    ]
