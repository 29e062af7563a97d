"""What the steps of a pass share: what it did, isolation, and a message written with what it is about."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.errors import NightshiftError
from runbook.outbox import Message, Outbox, row
from runbook.table import Table, put

TOKEN = 36
"""Characters of a transaction's token, at the most."""


@dataclass
class Pass:
    """What one pass did.

    Attributes:
        looks: asked for, as ``scenario target why``.
        sent: messages that were left over and are sent now.
        paged: pages repeated, pages about overdue looks, reminders.
        drafts: post-mortems written.
        problems: what failed, one sentence each.
    """

    looks: list[str] = field(default_factory=list)
    sent: int = 0
    paged: int = 0
    drafts: int = 0
    problems: list[str] = field(default_factory=list)


def isolated(name: str, step: Callable[[], None], done: Pass) -> None:
    """Make a step; what AWS or the table refuse becomes a problem, and the other steps go on."""
    try:
        step()
    except (ClientError, BotoCoreError, NightshiftError) as error:
        done.problems.append(f"{name}: {type(error).__name__}: {error}")


@dataclass(frozen=True)
class Messenger:
    """Writes a message together with what it is about, and sends it."""

    table: Table
    outbox: Outbox

    def tell(
        self, also: Sequence[Mapping[str, Any]], message: Message, now: datetime, done: Pass
    ) -> bool:
        """Write all in one transaction, then send.

        Returns:
            False when a condition failed: somebody was faster, and nothing was written.
        """
        item = row(message, now)
        # One pass has one time: only the whole key, with what it is about, tells two messages apart.
        token = hashlib.sha256(item["sk"].encode()).hexdigest()[:TOKEN]
        if self.table.write_all([*also, put(item)], token) is not None:
            return False
        why = self.outbox.send(item)
        if why:
            done.problems.append(why)
        return True
