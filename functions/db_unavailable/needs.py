"""What this function may do: look at the database, and nothing to it."""

from runbook import explains, kit
from runbook.checks import alarms, error_lines, metrics, rds
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *error_lines.NEEDS,
            *metrics.NEEDS,
            *rds.NEEDS,
            *explains.NEEDS,
            *kit.NEEDS,
        }
    )
)
