"""What this function may do, put together from what its checks, its fixes and the library declare."""

from runbook import kit
from runbook.checks import (
    alarms,
    ecr,
    ecs,
    error_lines,
    metrics,
    rds,
    service_deployments,
    task_definitions,
)
from runbook.fixes import memory, rollback
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *ecr.NEEDS,
            *ecs.NEEDS,
            *error_lines.NEEDS,
            *metrics.NEEDS,
            *rds.NEEDS,
            *service_deployments.NEEDS,
            *task_definitions.NEEDS,
            *memory.NEEDS,
            *rollback.NEEDS,
            *kit.NEEDS,
            *kit.CHANGES,
            *kit.HANDS_OVER,
        }
    )
)
