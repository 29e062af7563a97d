"""Triage: an alarm of nobody's scenario that opted in; and the quick diagnostics, asked for by hand."""

import signal

from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import paged, updated
from rehearsal.saas.saas import BACKEND, DATABASE, WORKER
from rehearsal.stage import Stage
from triage.rang import prefix

FOREIGN = "disk-of-the-search"
OTHER = "disk-of-the-mail"
EVERYTHING = frozenset({WORKER, BACKEND, DATABASE})
REASON = "is it me or production?"
BACKUP, SNAPSHOT = "Finished DB Instance backup", "Snapshot succeeded"
FAILED = "ERROR the export failed: no space left on device"
ASKED = (
    f"by hand: {REASON}",
    "health\n  HTTP 200, db ok, redis ok\n",
    "backend\n  1 of 1 running, 0 pending, saas-backend:1, deployment ",
    "backend stopped\n  none in 30 min\n",
    "worker\n  1 of 1 running, 0 pending, saas-worker:1, deployment ",
    "worker stopped\n  03:",
    "EssentialContainerExited exit 137: Essential container in task exited\ndatabase\n  saas-prod-db",
    f" {BACKUP}\nredis\n  saas-prod-redis is available, primary saas-prod-redis-001\n",
    f" {SNAPSHOT}\nalarms\n  {OTHER} since 11-23 03:",
    "incidents\n  none is open\n",
    "changes\n  none of ours waits",
    "switches\n  Nightshift is on\n",
    "metrics\n  backend cpu min ",
    "\n  connections min ",
    "\n  requests min ",
    "backend errors\n  0 since 02:",
    "backend log\n  1 lines since 02:",
)
"""What the report says of each source but the worker's log, the quiet ones too."""
LOG_IS_GONE = "AWS answered ResourceNotFoundException to FilterLogEvents"
UNKNOWN = "unknown:"


def _rings(stage: Stage, name: str) -> None:
    """Have an alarm of the team's own ring, which belongs to no scenario."""
    stage.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription="This disk is nearly full.",
        Namespace="Disks",
        MetricName=name,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=90,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )
    stage.aws.put_metric("Disks", name, {}, 97, stage.clock.now())


def _is_ringing(stage: Stage, name: str) -> bool:
    found = stage.aws.client("cloudwatch").describe_alarms(AlarmNames=[name], StateValue="ALARM")
    return bool(found["MetricAlarms"])


def foreign_alarm(stage: Stage) -> bool:
    """An alarm of the team's own, which opted in by its name, rings: one page with what can be seen."""
    name = prefix(stage.environment.name) + FOREIGN

    def fills() -> bool:
        stage.aws.put_metric("Disks", name, {}, 97, stage.clock.now())
        return paged(stage, "There is no scenario for this alarm", FOREIGN)

    _rings(stage, name)
    return stage.until(fills, 20)


def diagnose(stage: Stage) -> bool:
    """A person asks for the quick diagnostics when something can be seen: one report, nothing touched.

    A worker has died and is replaced, its log has an error, an alarm that did not opt in rings, the database
    was backed up and Redis too.
    """
    _something_to_see(stage)
    return _asks(stage)


def diagnose_blind(stage: Stage) -> bool:
    """The same, and the worker's log group is gone: its two sections say so, and hide no other."""
    _something_to_see(stage)
    stage.aws.client("logs").delete_log_group(logGroupName=stage.environment.worker.log_group)
    return _asks(stage)


def _something_to_see(stage: Stage) -> None:
    saas, group = stage.saas, stage.environment.worker.log_group
    saas.managed.database_event("RDS-EVENT-0002", "backup", BACKUP)
    saas.managed.redis_event(SNAPSHOT)
    _rings(stage, OTHER)
    [task] = saas.worker.running()
    stage.processes.signal(task.process, signal.SIGKILL)
    stage.until(lambda: task not in saas.worker.running(), 2)
    stage.until(lambda: len(saas.worker.running()) == 1 and _is_ringing(stage, OTHER), 10)
    stage.until(lambda: False, 1)  # what the new one logs of its start
    stage.aws.put_log(group, "export", FAILED, stage.clock.now())


def _asks(stage: Stage) -> bool:
    name = f"{stage.environment.prefix}-diagnose"
    answer = stage.aws.invoke(name, {"reason": REASON, "send": True})
    return answer.ok and stage.until(lambda: updated(stage, REASON), 5)


CASES = (
    Case(
        "foreign_alarm", "an alarm that has no scenario", foreign_alarm,
        Expected(
            changes=(), pages=(("There is no scenario for this alarm", FOREIGN),), tasks=BACKEND,
            untouched=True,
        ),
        parts=EVERYTHING, staged=True,
    ),
    Case(
        "diagnose", "a worker dies; a person asks", diagnose,
        Expected(
            changes=(), updates=(*ASKED, "worker errors\n  ", f"1 x {FAILED}", f" {FAILED}\n"),
            unsaid=(UNKNOWN,), tasks=BACKEND, untouched=True,
        ),
        parts=EVERYTHING, staged=True,
    ),
    Case(
        "diagnose_blind", "a worker dies, its log group is gone", diagnose_blind,
        Expected(
            changes=(),
            updates=(
                *ASKED, f"worker errors\n  {UNKNOWN} worker errors: {LOG_IS_GONE}\n",
                f"worker log\n  {UNKNOWN} worker log: {LOG_IS_GONE}\n",
            ),
            tasks=BACKEND, untouched=True,
        ),
        parts=EVERYTHING, staged=True,
    ),
)  # fmt: skip
