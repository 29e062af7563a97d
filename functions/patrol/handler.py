"""Lambda's entry, once a minute."""

from runbook import coldstart

# isort: split
import os
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger

from patrol.rounds import Patrol
from patrol.settings import Settings
from runbook import metrics
from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.outbox import Outbox
from runbook.settings import load
from runbook.table import Table

settings = load(Settings, os.environ)
aws = Aws(settings.region).warm("dynamodb", "events", "cloudwatch", "sns")
table = Table(aws.reader("dynamodb"), settings.table)
patrol = Patrol(
    table=table,
    outbox=Outbox(
        table,
        aws.reader("sns"),
        {"page": settings.pages_topic, "update": settings.updates_topic},
    ),
    events=aws.reader("events"),
    cloudwatch=aws.reader("cloudwatch"),
    aws=aws,
    settings=settings,
    clock=SystemClock(),
)
logger = Logger()
coldstart.over()


@logger.inject_lambda_context
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Make one pass; the heartbeat says that all of it went well."""
    del event, context
    done = patrol.go_round()
    if done.problems:
        logger.error("incomplete pass: no heartbeat", problems=done.problems)
    else:
        metrics.emit({"Heartbeat": 1}, environment=settings.environment)
    return asdict(done)
