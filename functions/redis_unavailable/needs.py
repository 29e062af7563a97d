"""What this function may do: look at Redis, ask its probe, and send the one request."""

from runbook import kit
from runbook.checks import alarms, elasticache, metrics
from runbook.fixes import reconcile
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *elasticache.NEEDS,
            *metrics.NEEDS,
            *reconcile.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
        }
    )
)
