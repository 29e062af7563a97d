"""An incident as other scenarios see it."""

from dataclasses import dataclass
from datetime import datetime

from runbook.clock import from_text
from runbook.model import Status
from runbook.table import Item


@dataclass(frozen=True)
class Other:
    """Another scenario's open incident, as far as it matters here.

    Attributes:
        id: empty while nobody has looked at it yet.
        opened_at: since when the trouble that is there now is known: its opening, or the newest re-opening.
        status: open or escalated.
        told_at: when a person was last paged about what it is; None while nobody was.
    """

    id: str
    opened_at: datetime
    status: Status
    told_at: datetime | None = None


def other(item: Item | None) -> Other | None:
    """Read an incident's item as another scenario sees it; None when it is not open."""
    if item is None or "open" not in item:
        return None
    status = Status(item.get("status", Status.RESOLVED))
    pending = status is Status.RESOLVED  # asked for, and not looked at yet
    began = (
        [item["pending_since"]] if pending else [item["opened_at"], *item.get("reopened_at", [])]
    )
    return Other(
        id="" if pending else str(item["incident_id"]),
        opened_at=from_text(max(began)),
        status=Status.OPEN if pending else status,
        told_at=None if pending else from_text(item["told_at"]) if item.get("told_at") else None,
    )
