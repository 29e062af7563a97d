"""The draft of a post-mortem: asked for when an incident ends, written by patrol from the record alone."""

from datetime import datetime
from typing import Any

from runbook.clock import to_text
from runbook.model import Incident
from runbook.table import SCHEMA

PARTITION = "postmortem"
FOLDER = "post-mortems"
"""Of the bucket: patrol may write there and nowhere else."""


def due(incident: Incident, now: datetime) -> dict[str, Any]:
    """Return the item that asks patrol for a draft; written with the end of the incident."""
    return {
        "pk": PARTITION,
        "sk": incident.id,
        "schema": SCHEMA,
        "scenario": incident.scenario,
        "target": incident.target,
        "resolved_at": to_text(now),
    }
