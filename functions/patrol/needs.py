"""What patrol may do: read who is due, ask for looks, send what is left, write drafts.

It changes nothing of the users'.
"""

from patrol import drafts, reminders
from runbook import outbox
from runbook.checks import alarms
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *drafts.NEEDS,
            *outbox.NEEDS,
            *reminders.NEEDS,
            Need("dynamodb:Query", "due_index"),
            Need("dynamodb:Query", "table"),
            Need("dynamodb:UpdateItem", "table"),
            Need("events:PutEvents", "bus"),
        }
    )
)
