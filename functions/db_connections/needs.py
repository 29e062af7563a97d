"""What this function may do: look, and set the two services' counts."""

from runbook import kit
from runbook.checks import alarms, autoscaling, ecs, metrics
from runbook.fixes import scale
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *autoscaling.NEEDS,
            *ecs.NEEDS,
            *metrics.NEEDS,
            *scale.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
        }
    )
)
