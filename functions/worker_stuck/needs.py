"""What this function may do, put together from what its checks, its fix and the library declare."""

from runbook import kit
from runbook.checks import alarms, ecr, ecs, logs, metrics
from runbook.fixes import redeploy
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *ecr.NEEDS,
            *ecs.NEEDS,
            *ecs.DEFINITION,
            *logs.NEEDS,
            *metrics.NEEDS,
            *redeploy.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
            *kit.HANDS_OVER,
        }
    )
)
