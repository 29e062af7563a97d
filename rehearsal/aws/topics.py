"""SNS as CloudWatch and people use it: who may publish, and what a subscriber gets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.kms.models import kms_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from rehearsal.aws import iam
from rehearsal.journal import Journal

CLOUDWATCH = "cloudwatch.amazonaws.com"


@dataclass(frozen=True)
class Delivered:
    """A message as a topic's subscriber got it."""

    topic: str
    subject: str
    body: str


class Topics:
    """The topics of one account and region, with a reader of ours behind each.

    Args:
        place: region and account.
        journal: gets a line in ``messages.jsonl`` for each message, and deliveries.
    """

    def __init__(self, place: iam.Place, journal: Journal) -> None:
        self.place = place
        self._journal = journal
        self.messages: list[Delivered] = []

    def all(self) -> dict[str, Any]:
        """Return moto's topics by ARN."""
        return dict(sns_backends[self.place.account][self.place.region].topics)

    def subscribe(self, client: Callable[[str], Any]) -> None:
        """Put a reader of ours behind each topic: what counts is what a subscriber gets."""
        sqs, sns = client("sqs"), client("sns")
        for arn in self.all():
            name = f"reader-of-{arn.rsplit(':', 1)[-1]}"
            sqs.create_queue(QueueName=name)
            sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=self.place.arn("sqs", name))

    def notify(self, topic_arn: str, alarm_arn: str, alarm: Any, state: str, reason: str) -> None:
        """Publish as CloudWatch does, if the topic's and its key's policies let CloudWatch."""
        topic = self.all()[topic_arn]
        context = {"aws:SourceArn": alarm_arn, "aws:SourceAccount": self.place.account}
        secure = {**context, "aws:SecureTransport": "true"}
        may = iam.allowed(
            [json.loads(topic.policy)], iam.Demand("sns:Publish", topic_arn, secure), CLOUDWATCH
        )
        if may and topic.kms_master_key_id:
            may = self._key_allows(topic_arn, context)
        self._journal.write(
            "deliveries", to=topic_arn, alarm=alarm.name, why="" if may else "a policy refuses"
        )
        if may:
            body = {
                "AlarmName": alarm.name,
                "AlarmDescription": alarm.description,
                "NewStateValue": state,
                "NewStateReason": reason,
                "AlarmArn": alarm_arn,
            }
            topic.publish(json.dumps(body), subject=f'{state}: "{alarm.name}"'[:99])

    def keys(self) -> dict[str, dict[str, Any]]:
        """Return the key of each encrypted topic, its ARN and its policy, by the topic's ARN."""
        keys = kms_backends[self.place.account][self.place.region].keys
        found = {}
        for arn, topic in self.all().items():
            if topic.kms_master_key_id:
                key = keys[topic.kms_master_key_id.rsplit("/", 1)[-1]]
                policy = json.loads(key.policy) if isinstance(key.policy, str) else key.policy
                found[arn] = {"arn": key.arn, "policy": policy}
        return found

    def _key_allows(self, topic_arn: str, context: Mapping[str, str]) -> bool:
        key = self.keys()[topic_arn]
        return all(
            iam.allowed([key["policy"]], iam.Demand(action, key["arn"], context), CLOUDWATCH)
            for action in ("kms:Decrypt", "kms:GenerateDataKey")
        )

    def read(self) -> None:
        """Read what the subscribers got."""
        backend = sqs_backends[self.place.account][self.place.region]
        for name, queue in backend.queues.items():
            if not name.startswith("reader-of-"):
                continue
            for message in list(queue._messages):
                self._deliver(name.removeprefix("reader-of-"), json.loads(message.body))
            queue._messages.clear()

    def _deliver(self, topic: str, envelope: Mapping[str, Any]) -> None:
        attributes = {
            name: one["Value"] for name, one in envelope.get("MessageAttributes", {}).items()
        }
        one = Delivered(topic, envelope.get("Subject", ""), envelope["Message"])
        self.messages.append(one)
        self._journal.write(
            "messages", topic=topic, subject=one.subject, body=one.body, **attributes
        )
