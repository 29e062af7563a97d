"""What this function may do: look, switch the one parameter, redeploy the backend."""

from runbook import kit
from runbook.checks import alarms, ecr, ecs, metrics
from runbook.fixes import provider, redeploy
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *ecr.NEEDS,
            *ecs.NEEDS,
            *ecs.DEFINITION,
            *metrics.NEEDS,
            *provider.NEEDS,
            *redeploy.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
        }
    )
)
