"""What this function may do: look at the database, and nothing to it."""

from runbook import kit
from runbook.checks import alarms, metrics, rds
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(sorted({*alarms.NEEDS, *metrics.NEEDS, *rds.NEEDS, *kit.NEEDS}))
