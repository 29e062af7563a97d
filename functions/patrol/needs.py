"""What patrol may do: read who is due, ask for looks, send what is left. It changes nothing of the users'."""

from runbook import outbox
from runbook.checks import alarms
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *outbox.NEEDS,
            Need("dynamodb:Query", "due_index"),
            Need("dynamodb:Query", "table"),
            Need("dynamodb:UpdateItem", "table"),
            Need("events:PutEvents", "bus"),
        }
    )
)
