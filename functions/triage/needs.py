"""What triage may do: read what the report needs, page, remember. It changes nothing of the users'."""

from runbook import function, outbox, sources
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *sources.NEEDS,
            *outbox.NEEDS,
            *function.NEEDS,
            Need("dynamodb:GetItem", "table"),
            Need("dynamodb:UpdateItem", "table"),
        }
    )
)
