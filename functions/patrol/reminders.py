"""Temporary changes that nobody has adopted or reverted: when they are due, and when Nightshift is off.

due           one page when the entry's time is up, then one every 24 h until it is gone
switched off  one page at once with every revert command: while it is off, Nightshift takes nothing back
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from patrol.passing import Messenger, Pass, isolated
from patrol.settings import Settings
from runbook import ledger
from runbook.aws import Aws
from runbook.clock import to_text
from runbook.errors import NightshiftError
from runbook.outbox import Message
from runbook.permissions import Need
from runbook.table import SCHEMA, Item, Table, from_aws, to_aws

NEEDS = (
    Need("dynamodb:GetItem", "table"),
    Need("dynamodb:PutItem", "table"),
    Need("dynamodb:Query", "table"),
    Need("dynamodb:UpdateItem", "table"),
    Need("ssm:GetParameters", "switch"),
)

SWITCHED_OFF = "switched_off"
"""Partition of one item per switching off: which entries people were told of."""
KEEP = timedelta(days=90)
"""Of that item: nobody leaves Nightshift off for longer without asking what it had changed."""


@dataclass(frozen=True)
class Reminders:
    """Reminds of entries in the ledger.

    Attributes:
        table: the ledger, and what was told.
        messenger: writes and sends.
        aws: for the switch, which is read only while there are entries.
        settings: names.
    """

    table: Table
    messenger: Messenger
    aws: Aws
    settings: Settings

    def go(self, now: datetime, done: Pass) -> None:
        """Remind of what is due; then see whether Nightshift is switched off."""
        entries: list[Item] = []
        for typed in self.table.query_typed(ledger.PARTITION):
            isolated("an entry of the ledger", partial(_read, typed, entries), done)
        for entry in entries:
            if max(entry["due_at"], entry.get("remind_at", "")) <= to_text(now):
                isolated(f"reminder of {entry['sk']}", partial(self._due, entry, now, done), done)
        if entries:
            isolated("the switch", partial(self._switched, entries, now, done), done)

    def _due(self, entry: Item, now: datetime, done: Pass) -> None:
        about = f"{entry['scenario']} {entry['target']}"
        message = Message(
            kind="page",
            subject=f"[{self.settings.environment}] {about}: PAGE {entry['fix']} is due: adopt or revert",
            body="\n".join(
                [
                    (
                        f"{about}: a temporary change is still in place, and its time was up at "
                        f"{entry['due_at']}: a person adopts or reverts it."
                    ),
                    "",
                    *self._entry(entry),
                    "",
                    "This reminder comes every 24 h until the entry is gone.",
                    "",
                ]
            ),
            scenario=entry["scenario"],
            incident=entry["incident"],
            dedup=f"{entry['sk']}-due-{now:%Y%m%d%H%M}",
        )
        done.paged += self.messenger.tell([_remind_again(entry, now)], message, now, done)

    def _switched(self, entries: Sequence[Item], now: datetime, done: Pass) -> None:
        version = self._off()
        if version is None:
            return
        key = (SWITCHED_OFF, f"{version:08}")
        told = self.table.get(*key)
        ids = sorted(entry["sk"] for entry in entries)
        if told and set(ids) <= set(told["entries"]):
            return
        name = self.settings.switch_parameter
        message = Message(
            kind="page",
            subject=f"[{self.settings.environment}] PAGE switched off with {len(ids)} temporary change(s)",
            body="\n".join(
                [
                    (
                        f"Nightshift is switched off ({name}, version {version}) and {len(ids)} temporary "
                        "change(s) of it are in place. While it is off it takes nothing back: a person does."
                    ),
                    "",
                    *(line for entry in entries for line in (*self._entry(entry), "")),
                    "Or let Nightshift do it:",
                    (
                        f"  aws ssm put-parameter --region {self.settings.region} --name {name} "
                        "--value on --overwrite"
                    ),
                    "",
                ]
            ),
            scenario="patrol",
            incident="none",
            dedup=f"{SWITCHED_OFF}-{version}-{now:%Y%m%d%H%M}",
        )
        done.paged += self.messenger.tell([_told(key, ids, told, now)], message, now, done)

    def _off(self) -> int | None:
        """Return the version of a switch that is off, None for one that is on.

        Raises:
            NightshiftError: it is neither; the gate changes nothing then, undoes included.
        """
        name = self.settings.switch_parameter
        found = self.aws.reader("ssm").get_parameters(Names=[name])["Parameters"]
        state = str(found[0]["Value"]).strip() if found else "missing"
        if state not in ("on", "off"):
            raise NightshiftError(f"{name} is {state!r}, expected on or off: nothing is taken back")
        return int(found[0]["Version"]) if state == "off" else None

    def _entry(self, entry: Item) -> list[str]:
        key = f"""{{"pk":{{"S":"{ledger.PARTITION}"}},"sk":{{"S":"{entry["sk"]}"}}}}"""
        settings = self.settings
        return [
            (
                f"Change   {entry['fix']} of {entry['resource']} at {entry['applied_at']}, "
                f"incident {entry['incident']}"
            ),
            f"Did      {_indented(entry['command'])}",
            f"Revert   {_indented(entry['revert'])}",
            (
                f"Then     aws dynamodb delete-item --region {settings.region} --table-name "
                f"{settings.table} --key '{key}'"
            ),
        ]


def _read(typed: Item, entries: list[Item]) -> None:
    entries.append(from_aws(typed))


def _indented(text: str) -> str:
    return text.replace("\n", "\n         ")


def _remind_again(entry: Item, now: datetime) -> Mapping[str, Any]:
    """Return the transaction item that sets the next reminder, if the entry is as patrol saw it."""
    seen = entry.get("remind_at")
    values = {":later": to_text(now + ledger.REMIND_AGAIN), **({":seen": seen} if seen else {})}
    as_seen = "remind_at = :seen" if seen else "attribute_not_exists(remind_at)"
    return {
        "Update": {
            "Key": to_aws({"pk": entry["pk"], "sk": entry["sk"]}),
            "UpdateExpression": "SET remind_at = :later",
            "ConditionExpression": f"attribute_exists(pk) AND {as_seen}",
            "ExpressionAttributeValues": to_aws(values),
        }
    }


def _told(
    key: tuple[str, str], ids: Sequence[str], told: Item | None, now: datetime
) -> Mapping[str, Any]:
    """Return the transaction item that remembers who was told of what, if it is as patrol saw it."""
    values = {
        ":ids": list(ids),
        ":schema": SCHEMA,
        ":expires": int((now + KEEP).timestamp()),
        **({":seen": told["entries"]} if told else {}),
    }
    return {
        "Update": {
            "Key": to_aws({"pk": key[0], "sk": key[1]}),
            "UpdateExpression": "SET entries = :ids, #schema = :schema, expires_at = :expires",
            "ConditionExpression": "entries = :seen" if told else "attribute_not_exists(pk)",
            "ExpressionAttributeNames": {"#schema": "schema"},
            "ExpressionAttributeValues": to_aws(values),
        }
    }
