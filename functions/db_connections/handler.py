"""Lambda's entry: settings and hot clients at init, where the CPU is full; then one call."""

from runbook import coldstart

# isort: split
import os
from typing import Any

from db_connections.settings import Settings
from db_connections.wiring import wire
from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.function import handle_event, logger
from runbook.settings import load

settings = load(Settings, os.environ)
aws = Aws(settings.region).warm(
    "dynamodb", "cloudwatch", "ecs", "application-autoscaling", "ssm", "sns", fix="ecs"
)
kit = wire(settings, aws, SystemClock())
coldstart.over()


@logger.inject_lambda_context(clear_state=True)
def handle(event: Any, context: Any) -> dict[str, Any]:
    """Look once at the connections."""
    del context
    return handle_event(event, kit, settings, settings.alarms, aws.rare("sqs"))
