"""One pass: ask for the looks that are due, find alarms that nobody answered, send what is unsent.

Each step, and each item in it, is on its own: one that fails is reported and the others go on. The
heartbeat is emitted only when all of them went well, and its absence pages from CloudWatch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from patrol.drafts import Drafts
from patrol.passing import Messenger, Pass, isolated
from patrol.reminders import Reminders
from patrol.settings import Settings
from runbook import bus
from runbook.aws import Aws
from runbook.checks import alarms
from runbook.clock import Clock, to_text
from runbook.errors import NightshiftError
from runbook.model import Unknown
from runbook.outbox import PARTITION, Message, Outbox
from runbook.rules import PAGE_AGAIN
from runbook.table import Item, Table, from_aws, to_aws

OVERDUE = timedelta(minutes=5)
"""A look that is this late was asked for five times: its function does not work."""
MOST_DEAD_LOOKS = 4
"""In a row that claimed and wrote nothing: a claim lasts 90 s, so these took as long as an overdue look."""
ACKNOWLEDGED_FOR = timedelta(hours=4)
"""Then the page repeats again: what nobody has ended by then may be forgotten, and new trouble of the same
target would join it unheard. Who still works on it acknowledges once more."""
LEFT_OVER = timedelta(seconds=60)
"""A message this old was left by a dead look; a younger one is about to be sent by its own."""
MOST_ENTRIES = 10
"""PutEvents takes 10 entries a call."""
MOST_PAGES = 10
"""Pages of open incidents; a page has up to 1 MB, some hundred incidents."""


@dataclass(frozen=True)
class Patrol:
    """Makes the passes.

    Attributes:
        table: incidents and outbox.
        outbox: sends.
        events: a boto3 EventBridge client.
        cloudwatch: a boto3 client.
        aws: clients that few passes need.
        settings: which alarms and targets there are.
        clock: the time.
    """

    table: Table
    outbox: Outbox
    events: Any
    cloudwatch: Any
    aws: Aws
    settings: Settings
    clock: Clock

    def go_round(self) -> Pass:
        """Make one pass. Never raises for what AWS or the table answers; it is in ``problems``."""
        done, now = Pass(), self.clock.now()
        opened: list[Item] = []
        messenger = Messenger(self.table, self.outbox)
        reminders = Reminders(self.table, messenger, self.aws, self.settings)
        drafts = Drafts(self.table, messenger, self.aws, self.settings)

        def look_round() -> None:
            opened.extend(self._open(done))
            self._ask(self._due(opened, now), done)

        steps: Sequence[tuple[str, Callable[[], None]]] = (
            ("looks that are due", look_round),
            ("alarms that nobody answered", lambda: self._ask(self._missed(opened), done)),
            ("unsent messages", lambda: self._send_left_over(now, done)),
            ("pages to repeat", lambda: self._page_again(opened, now, done)),
            ("overdue looks", lambda: self._page_overdue(opened, now, done)),
            ("temporary changes", lambda: reminders.go(now, done)),
            ("post-mortem drafts", lambda: drafts.go(now, done)),
        )
        for name, step in steps:
            isolated(name, step, done)
        return done

    def _open(self, done: Pass) -> Iterator[Item]:
        asked: dict[str, Any] = {
            "TableName": self.table.name,
            "IndexName": "due",
            "KeyConditionExpression": "#open = :open",
            "ExpressionAttributeNames": {"#open": "open"},
            "ExpressionAttributeValues": to_aws({":open": "open"}),
        }
        for _ in range(MOST_PAGES):
            page = self.table.client.query(**asked)
            for item in page["Items"]:
                try:
                    yield from_aws(item)
                except NightshiftError as error:
                    done.problems.append(str(error))
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        done.problems.append(f"more than {MOST_PAGES} pages of open incidents: the rest waits")

    def _due(self, opened: Sequence[Item], now: datetime) -> list[tuple[str, str, str]]:
        """Return who is due, oldest first: the index sorts by it."""
        return [
            (item["scenario"], item["target"], "due")
            for item in opened
            if item["next_look_at"] <= to_text(now)
        ]

    def _missed(self, opened: Sequence[Item]) -> list[tuple[str, str, str]]:
        """Return scenarios with an alarm in ALARM and no open incident: the event was lost."""
        states = alarms.states(self.cloudwatch, sorted(self.settings.alarms))
        if isinstance(states, Unknown):
            raise NightshiftError(states.why)
        ringing = {self.settings.alarms[name] for name, state in states.items() if state == "ALARM"}
        busy = {item["scenario"] for item in opened}
        return [
            (name, self.settings.targets[name], "missed alarm") for name in sorted(ringing - busy)
        ]

    def _ask(self, looks: Sequence[tuple[str, str, str]], done: Pass) -> None:
        for start in range(0, len(looks), MOST_ENTRIES):
            batch = looks[start : start + MOST_ENTRIES]
            isolated(f"asking for {len(batch)} looks", partial(self._ask_for, batch, done), done)

    def _ask_for(self, batch: Sequence[tuple[str, str, str]], done: Pass) -> None:
        answer = self.events.put_events(Entries=[self._entry(*one) for one in batch])
        for one, entry in zip(batch, answer["Entries"], strict=True):
            if "EventId" in entry:
                done.looks.append(" ".join(one))
            else:
                code = entry.get("ErrorCode", "no code")
                done.problems.append(f"EventBridge refused the look {' '.join(one)}: {code}")

    def _entry(self, scenario: str, target: str, why: str) -> dict[str, str]:
        return bus.entry(self.settings.environment, scenario, target, why)

    def _send_left_over(self, now: datetime, done: Pass) -> None:
        for item in self.table.query_typed(PARTITION, before=to_text(now - LEFT_OVER)):
            isolated("an unsent message", partial(self._send_one, item, done), done)

    def _send_one(self, typed: Item, done: Pass) -> None:
        why = self.outbox.send(from_aws(typed))
        if why:
            done.problems.append(why)
        else:
            done.sent += 1

    def _page_again(self, opened: Sequence[Item], now: datetime, done: Pass) -> None:
        for item in opened:
            due = item.get("page_again_at")
            seen_until = to_text(now - ACKNOWLEDGED_FOR)
            if not due or due > to_text(now) or item.get("acknowledged_at", "") > seen_until:
                continue
            page = item.get("page")
            if page is None:
                done.problems.append(
                    f"{item['incident_id']} has a page to repeat, but no text for it"
                )
            else:
                self._page(item, "page_again_at", page["subject"], page["body"], now, done)

    def _page_overdue(self, opened: Sequence[Item], now: datetime, done: Pass) -> None:
        for item in opened:
            why = _overdue(item, now)
            if not why or item.get("overdue_page_at", "") > to_text(now):
                continue
            name = f"{item['scenario']} {item['target']}"
            body = (
                f"{name}: a person is needed.\n\n"
                f"Why      {why}: the function of {item['scenario']} does not work\n"
                f"Next     read its log group, /nightshift/{self.settings.environment}/{item['scenario']}\n"
            )
            subject = f"[{self.settings.environment}] {name}: PAGE looks are overdue"
            self._page(item, "overdue_page_at", subject, body, now, done)

    def _page(
        self, item: Item, attribute: str, subject: str, body: str, now: datetime, done: Pass
    ) -> None:
        """Write the page and when it may be repeated, together; then send it."""

        def page() -> None:
            incident = item.get("incident_id", "not yet known")
            message = Message(
                kind="page",
                subject=subject,
                body=body,
                scenario=item["scenario"],
                incident=incident,
                dedup=f"{incident}-{attribute}-{now:%Y%m%d%H%M}",
            )
            messenger = Messenger(self.table, self.outbox)
            done.paged += messenger.tell([_later(item, attribute, now)], message, now, done)

        isolated(f"page about {item['scenario']} {item['target']}", page, done)


def _overdue(item: Item, now: datetime) -> str:
    """Return why an incident's looks count as missing; empty while they come."""
    if item["next_look_at"] <= to_text(now - OVERDUE):
        return f"its look was due at {item['next_look_at']} and has not happened"
    dead = item.get("unfinished", 0)
    if dead >= MOST_DEAD_LOOKS:
        return f"its last {dead} looks began and wrote nothing down"
    return ""


def _later(item: Item, attribute: str, now: datetime) -> dict[str, Any]:
    """Return the transaction item that sets the next time, if the incident is still as patrol saw it.

    A look may have ended the incident since: then nothing is due any more.
    """
    seen = item.get(attribute)
    values = {":later": to_text(now + PAGE_AGAIN), **({":seen": seen} if seen else {})}
    as_seen = "#when = :seen" if seen else "attribute_not_exists(#when)"
    return {
        "Update": {
            "Key": to_aws({"pk": item["pk"], "sk": item["sk"]}),
            "UpdateExpression": "SET #when = :later",
            "ConditionExpression": f"attribute_exists(#open) AND {as_seen}",
            "ExpressionAttributeNames": {"#when": attribute, "#open": "open"},
            "ExpressionAttributeValues": to_aws(values),
        }
    }
