"""Lambda's entry: one reading a minute as metrics; a direct call gets the same reading as its answer."""

from runbook import coldstart

# isort: split
import os
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger

from health_probe.probe import Settings, read
from runbook import metrics
from runbook.settings import load

settings = load(Settings, os.environ)
logger = Logger()
coldstart.over()


@logger.inject_lambda_context
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Read the endpoint, emit, answer."""
    del event, context
    reading = read(settings)
    metrics.emit(reading.metrics(), environment=settings.environment)
    if not reading.ok:
        logger.warning("the SaaS is not well", reading=asdict(reading))
    return asdict(reading)
