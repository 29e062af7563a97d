"""Lambda's entry, by direct Invoke; over the bus only patrol's second looks, which start nothing."""

from runbook import coldstart

# isort: split
import os
from typing import Any

from rollback.answer import RollBack
from rollback.settings import Settings
from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.function import logger
from runbook.settings import load

settings = load(Settings, os.environ)
aws = Aws(settings.region).warm("dynamodb", "ssm", "sns", "ecs", "ecr", fix="ecs")
rollback = RollBack(aws, settings, SystemClock())
coldstart.over()


@logger.inject_lambda_context(clear_state=True)
def handle(event: Any, _context: Any) -> dict[str, Any]:
    """Answer one request, or look again at a rollback that was asked for."""
    return rollback.answer(event)
