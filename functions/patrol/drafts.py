"""The post-mortem drafts that are asked for: read the record, write one object, say where it is.

The row goes with the message, in one transaction, after the object is there. A pass that dies in between
writes the same object again a minute later, and nobody is told twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from patrol import draft
from patrol.passing import Messenger, Pass, isolated
from patrol.settings import Settings
from patrol.timeline import Draft, Entry, understand
from runbook import ledger, postmortem
from runbook.aws import Aws
from runbook.outbox import Message
from runbook.permissions import Need
from runbook.table import Item, Table, from_aws, to_aws

NEEDS = (
    Need("dynamodb:DeleteItem", "table"),
    Need("dynamodb:PutItem", "table"),
    Need("dynamodb:Query", "table"),
    Need("s3:PutObject", "post_mortems"),
)

MOST_DRAFTS = 3
"""In one pass: a storm's drafts may take some minutes; the looks that come before them may not."""
MOST_PAGES = 20
"""Of a record, each of up to 1 MB: about a thousand looks. What is beyond is named as a gap."""


@dataclass(frozen=True)
class Drafts:
    """Writes drafts.

    Attributes:
        table: rows that ask for drafts, records, ledger.
        messenger: writes and sends.
        aws: for S3, whose client is made only when there is a draft.
        settings: names.
    """

    table: Table
    messenger: Messenger
    aws: Aws
    settings: Settings

    def go(self, now: datetime, done: Pass) -> None:
        """Write the drafts that are asked for, oldest name first."""
        for typed in self.table.query_typed(postmortem.PARTITION):
            if done.drafts >= MOST_DRAFTS:
                return
            isolated("a post-mortem draft", partial(self._write, typed, now, done), done)

    def _write(self, typed: Item, now: datetime, done: Pass) -> None:
        asked = from_aws(typed)
        found = self._draft(asked)
        key = f"{postmortem.FOLDER}/{asked['sk']}.md"
        self.aws.reader("s3").put_object(
            Bucket=self.settings.bucket,
            Key=key,
            Body=draft.render(found).encode(),
            ContentType="text/markdown; charset=utf-8",
        )
        message = self._message(asked, draft.owed(found), f"s3://{self.settings.bucket}/{key}")
        done.drafts += self.messenger.tell([_answered(asked)], message, now, done)

    def _draft(self, asked: Item) -> Draft:
        records, whole = self._records(asked["sk"])
        return Draft(
            incident=asked["sk"],
            scenario=asked["scenario"],
            target=asked["target"],
            region=self.settings.region,
            table=self.settings.table,
            records=tuple(records),
            whole=whole,
            ledger=tuple(
                one for one in self.table.query(ledger.PARTITION) if one["incident"] == asked["sk"]
            ),
            bad=self.settings.bad.get(asked["scenario"], {}),
        )

    def _records(self, incident: str) -> tuple[Sequence[Entry], bool]:
        """Return the incident's timeline, and whether that is all of it."""
        entries: list[Entry] = []
        for page in self._pages(incident):
            for typed in page["Items"]:
                begins = not entries or entries[-1].ends
                entries.append(understand(from_aws(typed), begins=begins))
            if "LastEvaluatedKey" not in page:
                return entries, True
        return entries, False

    def _pages(self, incident: str) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "TableName": self.table.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": to_aws({":pk": f"record#{incident}"}),
            "ConsistentRead": True,
        }
        for _ in range(MOST_PAGES):
            page = self.table.client.query(**asked)
            yield page
            asked["ExclusiveStartKey"] = page.get("LastEvaluatedKey")

    def _message(self, asked: Item, owed: Sequence[str], place: str) -> Message:
        about = f"{asked['scenario']} {asked['target']}"
        return Message(
            kind="update",
            subject=f"[{self.settings.environment}] {about}: post-mortem draft",
            body="\n".join(
                [
                    f"{about}: the draft of the post-mortem of {asked['sk']} is written.",
                    "",
                    f"Place    {place}",
                    f"Read     aws s3 cp --region {self.settings.region} {place} -",
                    f"Owed     {len(owed)} thing(s) by a person, listed in the draft",
                    "",
                ]
            ),
            scenario=asked["scenario"],
            incident=asked["sk"],
            dedup=f"{asked['sk']}-draft-{asked['resolved_at']}",
        )


def _answered(asked: Item) -> dict[str, Any]:
    """Return the transaction item that removes the row, unless the incident has ended anew meanwhile."""
    return {
        "Delete": {
            "Key": to_aws({"pk": asked["pk"], "sk": asked["sk"]}),
            "ConditionExpression": "resolved_at = :seen",
            "ExpressionAttributeValues": to_aws({":seen": asked["resolved_at"]}),
        }
    }
