"""Lambda's entry: one reading a minute as metrics; a direct call gets the same reading as its answer."""

from runbook import coldstart

# isort: split
import os
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger

from redis_probe.login import Logins
from redis_probe.probe import Settings, asked, read
from runbook import metrics
from runbook.aws import Aws
from runbook.settings import load

settings = load(Settings, os.environ)
logins = Logins(settings.redis_secret, Aws(settings.region).fixer("secretsmanager"))
logger = Logger()
coldstart.over()


@logger.inject_lambda_context
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Read Redis, emit, answer."""
    del context
    by_schedule = isinstance(event, dict) and event.get("source") == "aws.events"
    reading = read(settings, logins, None if by_schedule else asked(event))
    metrics.emit(reading.by_environment(), environment=settings.environment)
    metrics.emit(reading.by_queue(), environment=settings.environment, queue=settings.queue)
    if not reading.up:
        logger.warning("Redis could not be read", why=reading.error)
    return asdict(reading)
