"""One look at an alarm that no scenario claims: was it told already, what is there to see, tell it."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook import report
from runbook.aws import Aws
from runbook.checks import alarms, metrics
from runbook.checks.alarms import Described
from runbook.checks.metrics import Samples
from runbook.checks.reading import ask
from runbook.clock import Clock, to_text
from runbook.errors import TableError
from runbook.model import Unknown
from runbook.outbox import Message, Outbox, row
from runbook.sources import SPAN
from runbook.table import put
from triage import memory, page
from triage.rang import Rang
from triage.settings import Settings


@dataclass(frozen=True)
class Triage:
    """Looks at alarms.

    Attributes:
        aws: clients.
        settings: what is looked at besides the alarm.
        outbox: sends; its table also remembers what was told.
        clock: the time.
    """

    aws: Aws
    settings: Settings
    outbox: Outbox
    clock: Clock

    def look(self, rang: Rang) -> dict[str, Any]:
        """Tell of the alarm once, and answer what was done.

        Raises:
            TableError: nothing can be remembered; it was told without.
        """
        now, table = self.clock.now(), self.outbox.table
        try:
            last = memory.last(table, rang.alarm)
        except TableError:
            self._directly(self._message(rang, 0, now), now)
            raise
        if last and last.until > to_text(now):
            return self._joined(rang)
        message = self._message(rang, last.joined if last else 0, now)
        item = row(message, now)
        # An update about what is over takes no quiet time: the next time it rings, it pages.
        own = [memory.remember(rang.alarm, now)] if message.kind == "page" else []
        try:
            conflict = table.write_all([*own, put(item)], str(uuid.uuid4()))
        except TableError:
            self._directly(message, now)
            raise
        if conflict is not None:
            return self._joined(rang)
        answer = {"alarm": rang.alarm, "decided": message.kind, "why": message.subject}
        unsent = self.outbox.send(item)
        return {**answer, "unsent": unsent} if unsent else answer

    def _joined(self, rang: Rang) -> dict[str, Any]:
        count = memory.join(self.outbox.table, rang.alarm)
        why = f"it was paged within the last 60 min; rang {count} time(s) since"
        return {"alarm": rang.alarm, "decided": "joined", "why": why}

    def _message(self, rang: Rang, joined: int, now: datetime) -> Message:
        alarm, measured = self._alarm(rang.alarm, now)
        seen = report.read(self.aws, self.settings, now)
        return page.write(self.settings.environment, rang.alarm, alarm, measured, seen, joined, now)

    def _alarm(self, name: str, now: datetime) -> tuple[Described | Unknown, Samples | Unknown]:
        cloudwatch = self.aws.reader("cloudwatch")
        alarm = ask("the alarm", partial(alarms.describe, cloudwatch, name))
        if isinstance(alarm, Unknown) or alarm.series is None:
            return alarm, Unknown("it is not on one metric")
        series = {"alarm": alarm.series}
        measured = ask("its metric", partial(metrics.read, cloudwatch, series, now, SPAN))
        return alarm, measured if isinstance(measured, Unknown) else measured["alarm"]

    def _directly(self, message: Message, now: datetime) -> None:
        """Tell without the table. If that fails too, the error that follows pages from CloudWatch."""
        with suppress(ClientError, BotoCoreError):
            self.outbox.publish(row(message, now))
