"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from functools import partial

from runbook import kit
from runbook.aws import Aws
from runbook.checks.ecr import Repository
from runbook.clock import Clock
from runbook.fixes.redeploy import Redeploy
from runbook.scenario import Kit, Scenario
from runbook.settings import build
from worker_stuck import checks
from worker_stuck.decide import Commands, Limits, decide
from worker_stuck.settings import Settings

NAME = "worker_stuck"
MODE = "redeploy_worker"
KILLED_WORKER = (
    "a worker that had to be killed may have taken one message per consumer with it, "
    "also with acks_late: tasks that matter need a sweep"
)


def limits_of(settings: Settings) -> Limits:
    """Return the table's numbers: the target's own, the defaults, the environment's overrides."""
    own = {
        "queue_depth_good": settings.queue_depth_alarm,
        "held_per_task": settings.concurrency * (1 + settings.prefetch),
    }
    return build(Limits, {**own, **settings.limits}, "limits.worker_stuck")


def commands_of(settings: Settings) -> Commands:
    """Return what a person types next, filled in with the target's names."""
    at = f"--region {settings.region} --cluster {settings.cluster}"
    service = f"{at} --service {settings.service}"
    return Commands(
        redeploy=f"aws ecs update-service {service} --force-new-deployment",
        rollback=(
            f"aws ecs list-task-definitions --region {settings.region} "
            f"--family-prefix {settings.task_family} --sort DESC --max-items 5\n"
            f"aws ecs update-service {service} --task-definition {settings.task_family}:<previous>\n"
            "(Celery discards tasks that an older worker does not know: compare the tasks first)"
        ),
        scale_out=f"aws ecs update-service {service} --desired-count <more>",
        look=f"aws ecs describe-services {at} --services {settings.service}",
        redis=settings.targets["redis_unavailable"],
    )


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    fix = Redeploy(
        aws=aws,
        region=settings.region,
        cluster=settings.cluster,
        service=settings.service,
        container=settings.container,
        repository=Repository(settings.account, settings.region, settings.repository),
        mode_key=MODE,
    )
    scenario = Scenario(
        name=NAME,
        target=settings.service,
        reads=partial(checks.reads, aws, settings),
        facts=checks.facts,
        decide=partial(decide, limits=limits_of(settings), commands=commands_of(settings)),
        fixes={fix.name: fix},
        caveat=KILLED_WORKER,
    )
    return kit.make(settings, aws, clock, scenario, hands_over=True)
