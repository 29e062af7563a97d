"""What diagnose may do: read what the report needs, and send it. It changes nothing of the users'."""

from runbook import outbox, sources
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(sorted({*sources.NEEDS, *outbox.NEEDS}))
