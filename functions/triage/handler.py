"""Lambda's entry: one alarm that opted in, one look. What cannot be understood goes to the dead letters."""

from runbook import coldstart

# isort: split
import os
from typing import Any

from aws_lambda_powertools import Logger

from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.errors import TriggerError
from runbook.function import Refuser
from runbook.outbox import Outbox
from runbook.settings import load
from runbook.table import Table
from triage.look import Triage
from triage.rang import parse
from triage.settings import Settings

settings = load(Settings, os.environ)
aws = Aws(settings.region).warm(
    "dynamodb", "cloudwatch", "ecs", "logs", "rds", "elasticache", "ssm"
)
table = Table(aws.reader("dynamodb"), settings.table)
topics = {"page": settings.pages_topic, "update": settings.updates_topic}
triage = Triage(aws, settings, Outbox(table, aws.reader("sns"), topics), SystemClock())
logger = Logger()
coldstart.over()


@logger.inject_lambda_context
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Tell of one alarm, once in 60 min."""
    del context
    try:
        rang = parse(event, settings)
    except TriggerError as error:
        logger.warning("refused an event", why=str(error))
        Refuser(aws.reader("sqs"), settings).keep(event, str(error))
        return {"refused": str(error)}
    answer = triage.look(rang)
    logger.info("triaged", **answer)
    return answer
