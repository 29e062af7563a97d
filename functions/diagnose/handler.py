"""Lambda's entry, by direct Invoke only: no rule wakes it, and what it refuses is answered."""

from runbook import coldstart

# isort: split
import os
from typing import Any

from aws_lambda_powertools import Logger

from diagnose.answer import Diagnose
from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.outbox import Outbox
from runbook.settings import load
from runbook.sources import Settings
from runbook.table import Table

settings = load(Settings, os.environ)
aws = Aws(settings.region).warm(
    "dynamodb", "cloudwatch", "ecs", "logs", "rds", "elasticache", "ssm"
)
table = Table(aws.reader("dynamodb"), settings.table)
topics = {"page": settings.pages_topic, "update": settings.updates_topic}
diagnose = Diagnose(aws, settings, Outbox(table, aws.reader("sns"), topics), SystemClock())
logger = Logger()
coldstart.over()


@logger.inject_lambda_context
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request with one report."""
    del context
    answer = diagnose.answer(event)
    logger.info("diagnosed", sent=answer.get("sent"), refused=answer.get("refused"))
    return answer
