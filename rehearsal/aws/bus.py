"""EventBridge as the template has it: rules that are enabled, match and may call their function."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.events.models import Rule, events_backends

from rehearsal.aws import iam
from rehearsal.aws.async_queue import AsyncQueue
from rehearsal.aws.cloudformation import QUEUE_POLICIES
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal

EVENTS = "events.amazonaws.com"


class Bus:
    """The default bus of one account and region.

    Args:
        place: region and account.
        clock: stamps events.
        journal: gets a line in ``deliveries.jsonl`` for each match, delivered or refused.
        queue: takes what goes to a function.
        dead_letter: puts an undeliverable event into a queue by ARN.
        count: adds 1 to an AWS/Events metric of a rule.
    """

    def __init__(
        self,
        place: iam.Place,
        clock: SharedClock,
        journal: Journal,
        queue: AsyncQueue,
        dead_letter: Callable[[str, str], None],
        count: Callable[[str, str], None],
    ) -> None:
        self._place = place
        self._clock = clock
        self._journal = journal
        self._queue = queue
        self._dead_letter = dead_letter
        self._count = count
        bus = self

        def send_to_targets(rule: Any, event: Any, transform_input: bool = True) -> None:
            del transform_input
            if not rule.scheduled_expression:
                bus.offer(rule, bus.dress(event))

        Rule.send_to_targets = send_to_targets

    def _rules(self) -> list[Any]:
        backend = events_backends[self._place.account][self._place.region]
        return list(backend.describe_event_bus("default").rules.values())

    def dress(self, event: Any) -> dict[str, Any]:
        """Return moto's event as EventBridge delivers it."""
        time = event["time"]
        if not isinstance(time, str):
            time = datetime.fromtimestamp(float(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        kept = {name: value for name, value in event.items() if name != "ingestion-time"}
        return {**kept, "time": time, "account": self._place.account}

    def put(self, source: str, kind: str, resources: list[str], detail: Any) -> None:
        """Put an event of an AWS service on the bus."""
        event = self._event(source, kind, resources, detail)
        for rule in self._rules():
            if not rule.scheduled_expression:
                self.offer(rule, event)

    def fire_schedules(self) -> None:
        """Fire every rule that runs each minute."""
        for rule in self._rules():
            if not rule.scheduled_expression:
                continue
            if rule.scheduled_expression != "rate(1 minute)":
                raise NotImplementedError(f"schedule {rule.scheduled_expression} is not rehearsed")
            event = self._event("aws.events", "Scheduled Event", [rule.arn], {})
            self._deliver(rule, event)

    def _event(self, source: str, kind: str, resources: list[str], detail: Any) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": source,
            "account": self._place.account,
            "time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._place.region,
            "resources": resources,
            "detail": detail,
        }

    def offer(self, rule: Any, event: dict[str, Any]) -> None:
        """Deliver the event if the rule's pattern matches it."""
        if rule.event_pattern.matches_event(event):
            self._deliver(rule, event)

    def _deliver(self, rule: Any, event: dict[str, Any]) -> None:
        if rule.state != "ENABLED":
            self._journal.write(
                "deliveries", rule=rule.name, event_id=event["id"], to="", why="disabled"
            )
            return
        for target in rule.targets:
            function = target["Arn"].rsplit(":", 1)[-1]
            may = iam.allowed(
                [self._function_policy(function)],
                iam.Demand("lambda:InvokeFunction", target["Arn"], {"aws:SourceArn": rule.arn}),
                EVENTS,
            )
            self._journal.write(
                "deliveries",
                rule=rule.name,
                event_id=event["id"],
                to=function,
                why="" if may else "the function's policy does not let this rule call it",
            )
            if may:
                self._queue.take(function, event, rule.name, self._clock.now())
            else:
                self._undelivered(rule, target, event)

    def _undelivered(self, rule: Any, target: Any, event: dict[str, Any]) -> None:
        self._count(rule.name, "FailedInvocations")
        queue = target.get("DeadLetterConfig", {}).get("Arn", "")
        demand = iam.Demand("sqs:SendMessage", queue, {"aws:SourceArn": rule.arn})
        if queue and iam.allowed([QUEUE_POLICIES.get(queue, {"Statement": []})], demand, EVENTS):
            self._dead_letter(queue, json.dumps(event))

    def _function_policy(self, function: str) -> Any:
        backend = lambda_backends[self._place.account][self._place.region]
        found = json.loads(backend.get_function(function).policy.wire_format())
        return json.loads(found["Policy"]) if "Policy" in found else found
