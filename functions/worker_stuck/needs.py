"""What this function may do, put together from what its checks, its fix and the library declare."""

from runbook import incidents, outbox
from runbook.checks import alarms, ecr, ecs, logs, metrics
from runbook.fixes import redeploy
from runbook.function import NEEDS as FUNCTION_NEEDS
from runbook.gate import NEEDS as GATE_NEEDS
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = tuple(
    sorted(
        {
            *alarms.NEEDS,
            *ecr.NEEDS,
            *ecs.NEEDS,
            *logs.NEEDS,
            *metrics.NEEDS,
            *redeploy.NEEDS,
            *incidents.NEEDS,
            *outbox.NEEDS,
            *GATE_NEEDS,
            *FUNCTION_NEEDS,
        }
    )
)
