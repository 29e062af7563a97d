"""Messages that must not be lost: rows written with the decision, deleted once SNS took them.

A row is written in the same transaction as the decision it tells of. The look that wrote it sends it at
once; what a dead look left, patrol sends. A message may arrive twice (SNS took it, the delete was lost),
never not at all: the ``dedup`` attribute says which ones are the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from runbook.clock import to_text
from runbook.errors import TableError
from runbook.permissions import Need
from runbook.table import SCHEMA, Item, Table

NEEDS = (
    Need("dynamodb:DeleteItem", "table"),
    Need("dynamodb:PutItem", "table"),
    Need("kms:Decrypt", "message_key"),
    Need("kms:GenerateDataKey", "message_key"),
    Need("sns:Publish", "pages"),
    Need("sns:Publish", "updates"),
)

PARTITION = "outbox"
MOST_SUBJECT = 99
"""Characters: SNS takes fewer than 100."""
MOST_BODY = 200_000
"""Characters: SNS takes 256 KB with its attributes; a page longer than this helps nobody."""


@dataclass(frozen=True)
class Message:
    """Something to tell.

    Attributes:
        kind: a page wants a person now; an update does not.
        subject: one line; made ASCII and cut to SNS's length when it is sent.
        body: plain text.
        scenario: what it is about.
        incident: the incident's id.
        dedup: equal for copies of one message.
    """

    kind: Literal["page", "update"]
    subject: str
    body: str
    scenario: str
    incident: str
    dedup: str


def row(message: Message, now: datetime) -> dict[str, Any]:
    """Return the message as an item of the table; its key sorts by time."""
    return {
        "pk": PARTITION,
        "sk": f"{to_text(now)}#{message.dedup}",
        "schema": SCHEMA,
        "kind": message.kind,
        "subject": message.subject,
        "body": message.body,
        "scenario": message.scenario,
        "incident": message.incident,
        "dedup": message.dedup,
    }


def _one_line(text: str) -> str:
    printable = "".join(
        character if " " <= character <= "~" else "?" for character in " ".join(text.split())
    )
    return printable[:MOST_SUBJECT]


@dataclass(frozen=True)
class Outbox:
    """Sends rows to SNS.

    Attributes:
        table: where the rows are.
        sns: a boto3 client.
        topics: topic ARN by kind of message.
    """

    table: Table
    sns: Any
    topics: dict[str, str]

    def publish(self, message: Item) -> None:
        """Hand one message to SNS.

        Raises:
            ClientError, BotoCoreError: SNS refused or did not answer.
        """
        attributes = {
            name: str(message[name]) for name in ("kind", "scenario", "incident", "dedup")
        }
        self.sns.publish(
            TopicArn=self.topics[message["kind"]],
            Subject=_one_line(message["subject"]),
            Message=message["body"][:MOST_BODY],
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def send(self, item: Item) -> str:
        """Publish one row and delete it.

        Returns:
            An empty text, or why it is still in the outbox; patrol tries again each minute.
        """
        try:
            self.publish(item)
        except ClientError as error:
            return f"SNS refused {item['sk']}: {error.response['Error']['Code']}"
        except BotoCoreError as error:
            return f"SNS did not answer for {item['sk']}: {type(error).__name__}"
        try:
            self.table.delete(item["pk"], item["sk"])
        except TableError as error:
            return f"{item['sk']} is sent, and stays in the outbox: {error}"
        return ""
