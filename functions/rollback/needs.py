"""What this function may do, put together from what its checks, its fixes and the library declare."""

from rollback import database_wiring
from runbook import kit
from runbook.checks import ecr, ecs, service_deployments, task_definitions
from runbook.fixes import frontend, rollback
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *database_wiring.NEEDS,
            *ecr.NEEDS,
            *ecs.NEEDS,
            *frontend.NEEDS,
            *service_deployments.NEEDS,
            *task_definitions.NEEDS,
            *task_definitions.LISTS,
            *rollback.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
        }
    )
)
