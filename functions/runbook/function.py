"""What stands between Lambda and a look: understand the event, look, count, answer.

An event that cannot be understood is not lost: it goes to the dead letters with the reason, is counted,
and its alarm pages. A request by hand that cannot be understood is answered, since a person reads it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from runbook import metrics
from runbook.errors import TriggerError
from runbook.look import look
from runbook.permissions import Need
from runbook.scenario import F, Kit
from runbook.settings import Chapter, Common
from runbook.trigger import Trigger, is_request, parse

NEEDS = (Need("sqs:SendMessage", "dead_letters"),)

MOST_KEPT = 100_000
"""Characters of a refused event that are kept: written as JSON once more each may take two bytes, and
SQS takes 256 KB with everything round it."""

logger = Logger()


@dataclass(frozen=True)
class Refuser:
    """Keeps what cannot be understood.

    Attributes:
        sqs: a boto3 client.
        settings: the queue, and the environment for the metric.
    """

    sqs: Any
    settings: Common

    def keep(self, event: object, why: str) -> None:
        """Put the event into the dead letters with the reason, and count it."""
        text = json.dumps(event, default=str)
        letter = {
            "refused_by": "nightshift",
            "why": why,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "characters": len(text),
            "event": text[:MOST_KEPT],
        }
        metrics.emit({"Unparsable": 1}, environment=self.settings.environment)
        self.sqs.send_message(QueueUrl=self.settings.dead_letters, MessageBody=json.dumps(letter))


def handle_event(
    event: object, kit: Kit[F], settings: Chapter, alarms: list[str], sqs: Any
) -> dict[str, Any]:
    """Turn one Lambda event into one look, and its answer into metrics."""
    scenario = kit.scenario
    try:
        trigger = parse(
            event,
            settings,
            scenario=scenario.name,
            target=scenario.target,
            alarms=alarms,
            services=settings.services,
            databases=settings.databases,
        )
    except TriggerError as error:
        logger.warning("refused an event", why=str(error))
        if not is_request(event):
            Refuser(sqs, settings).keep(event, str(error))
        return {"refused": str(error)}
    return looked(trigger, kit, settings.environment)


def looked(trigger: Trigger, kit: Kit[F], environment: str) -> dict[str, Any]:
    """Look once; log and count what came of it."""
    answer = look(kit, trigger)
    logger.append_keys(incident_id=answer["incident"])
    logger.info("looked", trigger=trigger.why, **{k: v for k, v in answer.items() if k != "seen"})
    if not trigger.by_hand or trigger.apply:
        _count(answer, environment, kit.scenario.name)
    return answer


def _count(answer: dict[str, Any], environment: str, scenario: str) -> None:
    counted = {
        "Looks": 1.0,
        "Refused": float("refusal" in answer),
        "Applied": float(answer.get("changed", "nothing") != "nothing"),
        "Escalated": float(answer["decided"] == "Escalate"),
    }
    values = {name: value for name, value in counted.items() if value}
    metrics.emit(values, environment=environment, scenario=scenario)
