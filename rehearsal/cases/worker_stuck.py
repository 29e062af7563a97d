"""Runbook scenario F: nine ways in which the worker's night can go."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.aws.server import Call
from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import decided, paged, updated
from rehearsal.stage import Stage

BACKLOG = 150
"""Messages: half as many again as the alarm's threshold."""
FUNCTION = "worker-stuck"
KILLS = 3
"""Of the function between its call and its record: as often as it calls for one intent at most."""
READY_SECONDS = 0.005
"""Real, between two looks at a new worker's log: less than it needs for one task."""
CLAIM_REFUSED = 400
"""HTTP: DynamoDB's answer to a condition that does not hold."""


def _freeze(stage: Stage) -> None:
    """Stop every worker process where it stands, as a deadlock or a dead NFS mount does."""
    for task in stage.saas.worker.running():
        stage.processes.signal(task.process, signal.SIGSTOP)


def _frozen_with_backlog(stage: Stage) -> None:
    _freeze(stage)
    stage.send(BACKLOG)


def frozen(stage: Stage) -> bool:
    """The worker stops; it is redeployed, drains, is verified, and the incident ends."""
    _frozen_with_backlog(stage)
    return stage.until(lambda: updated(stage, ": resolved"), 60)


def crash_loop(stage: Stage) -> bool:
    """The worker crashes at every start: one redeploy, then a page that proposes the rollback."""
    stage.saas.broken.touch()
    for task in stage.saas.worker.running():
        stage.processes.signal(task.process, signal.SIGKILL)
    stage.send(BACKLOG)
    return stage.until(lambda: paged(stage, "crash-loops again"), 60)


def backlog(stage: Stage) -> bool:
    """Much work, busy workers: they drain it, and nothing is changed."""
    stage.send(500, busy_seconds=0.02, wait_seconds=0.06)
    was_open = stage.until(lambda: stage.alarm_state("worker_stuck/queue-depth") == "ALARM", 15)
    drained = stage.until(lambda: decided(stage, "alarms OK"), 60)
    return was_open and drained


@contextmanager
def _freezing_the_new(stage: Stage) -> Iterator[None]:
    """Stop every worker that starts meanwhile in the moment in which it is ready.

    In a thread: a round of the stage lasts while a function starts, and a worker that works on for so long
    looks like one that was repaired.
    """
    service = stage.saas.worker
    known = {task.arn for task in service.tasks()}
    over = threading.Event()

    def freeze() -> None:
        while not over.wait(READY_SECONDS):
            for task in service.tasks():
                lines = task.log.read_text(encoding="utf-8").splitlines()
                if task.arn not in known and any(map(service.program.ready, lines)):
                    known.add(task.arn)
                    stage.processes.signal(task.process, signal.SIGSTOP)

    thread = threading.Thread(target=freeze, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def frozen_again(stage: Stage) -> bool:
    """The new workers stop as well: not verified, a page, and no second redeploy."""
    _frozen_with_backlog(stage)
    with _freezing_the_new(stage):
        return stage.until(lambda: paged(stage, "did not help"), 60)


def observe(stage: Stage) -> bool:
    """The mode is observe: nothing is touched, the record and a page say what would be done."""
    stage.set_parameter("modes/redeploy_worker", "observe")
    _frozen_with_backlog(stage)
    return stage.until(lambda: paged(stage, "is observe"), 40)


def switched_off(stage: Stage) -> bool:
    """The kill switch is off: nothing is touched, and the page says so."""
    stage.set_parameter("switch", "off")
    _frozen_with_backlog(stage)
    return stage.until(lambda: paged(stage, "switched off"), 40)


def engineer_deploys(stage: Stage) -> bool:
    """An engineer deploys between decision and write: refused, waited, and theirs repairs it."""
    _frozen_with_backlog(stage)
    looks: list[int] = []
    deployed: list[str] = []
    revision = stage.saas.pipeline.new_revision(stage.saas.worker, "prod")

    def deploy_between(call: Call) -> None:
        if call.phase != "before" or not call.function.endswith(FUNCTION):
            return
        if call.operation != "DescribeServices" or deployed:
            return
        # The second time in one look it is the gate's re-read: the decision has been made by then.
        if stage.aws.functions.invocations in looks:
            deployed.append(revision)
            stage.saas.worker.deploy(revision)
        looks.append(stage.aws.functions.invocations)

    stage.aws.add_hook(deploy_between)
    refused = stage.until(lambda: decided(stage, "not applied"), 40)
    done = stage.until(lambda: decided(stage, "alarms OK"), 60)
    return refused and done


def dies_midway(stage: Stage) -> bool:
    """The function dies three times between its call and its record: one redeploy in all.

    The first time it dies again at the retry of its event, which is given up. The new workers stop as well,
    until people were told: a look that forgets the call finds the worker as stuck as before.
    """
    _frozen_with_backlog(stage)
    kills = _kill_before_the_record(stage)
    with _freezing_the_new(stage):
        told = stage.until(lambda: paged(stage, "did not help"), 60)
    for task in stage.saas.worker.running():
        stage.processes.signal(task.process, signal.SIGCONT)
    ended = stage.until(lambda: updated(stage, ": resolved"), 60)
    return told and ended and len(kills) == KILLS


def _kill_before_the_record(stage: Stage) -> list[bool]:
    """Kill the function as it comes to record its call, and once at the retry; return the former kills."""
    name = f"{stage.environment.prefix}-{FUNCTION}"
    called: list[bool] = []
    kills: list[bool] = []

    def watch(call: Call) -> None:
        if call.function != name or len(kills) == KILLS:
            return
        if call.operation == "UpdateService" and call.phase == "after":
            called.append(True)
        elif call.operation == "TransactWriteItems" and call.phase == "before" and called:
            kills.append(True)
            stage.aws.functions.kill(name)
            raise ConnectionAbortedError("the function is gone: its transaction does not arrive")
        elif call.operation == "UpdateItem" and call.status == CLAIM_REFUSED and len(kills) == 1:
            # The incident is still claimed by the look that died: this is its event once more.
            stage.aws.functions.kill(name)

    stage.aws.add_hook(watch)
    return kills


def nightshift_dead(stage: Stage) -> bool:
    """Every function of ours fails: the slow twin pages by the second path."""
    stage.aws.functions.broken |= set(stage.aws.functions.names())
    _frozen_with_backlog(stage)
    return stage.until(
        lambda: any(
            one.topic.endswith("-second-path")
            and one.subject.startswith("ALARM")
            and "second-path/queue-depth" in one.subject
            for one in stage.aws.messages
        ),
        60,
    )


CASES = (
    Case(
        "frozen",
        "SIGSTOP of the worker",
        frozen,
        Expected(
            redeploys=1,
            updates=("redeploy applied", "fix verified", "resolved"),
            drained=True,
            new_workers=True,
            alarm_ok=True,
        ),
    ),
    Case(
        "crash_loop",
        "the worker cannot start",
        crash_loop,
        Expected(
            redeploys=1,
            pages=(("crash-loops again", "--task-definition saas-worker:<previous>"),),
            new_workers=True,
        ),
    ),
    Case(
        "backlog",
        "more work than usual",
        backlog,
        Expected(
            redeploys=0, drained=True, untouched=True, alarm_ok=True,
            records=("a backlog, not a stuck worker",),
        ),
    ),
    Case(
        "frozen_again",
        "SIGSTOP of every worker",
        frozen_again,
        Expected(redeploys=1, pages=(("did not help",),), new_workers=True),
    ),
    Case(
        "observe",
        "SIGSTOP; mode observe",
        observe,
        Expected(
            redeploys=0, pages=(("is observe", "aws ecs update-service"),), untouched=True,
            records=("mode of redeploy_worker is observe",),
        ),
    ),
    Case(
        "switched_off",
        "SIGSTOP; switch off",
        switched_off,
        Expected(redeploys=0, pages=(("switched off",),), untouched=True),
    ),
    Case(
        "engineer_deploys",
        "SIGSTOP; a person deploys",
        engineer_deploys,
        Expected(
            redeploys=0, drained=True, new_workers=True, alarm_ok=True,
            records=("not applied",),
        ),
    ),
    Case(
        "dies_midway",
        "SIGSTOP; SIGKILL of the function",
        dies_midway,
        Expected(
            redeploys=1, drained=True, new_workers=True, alarm_ok=True, dead_letters=1,
            pages=(
                ("did not help",), ("meta/worker-stuck-errors",), ("meta/worker-stuck-errors",),
                ("meta/worker-stuck-dropped",), ("meta/dead-letters",), ("meta/new-dead-letter",),
            ),
            updates=("redeploy applied", "resolved"),
        ),
    ),
    Case(
        "nightshift_dead",
        "SIGSTOP; every function fails",
        nightshift_dead,
        Expected(
            redeploys=0, second_path=("second-path/queue-depth", "second-path/heartbeat"),
            untouched=True, dead_letters=None,
            pages=(
                ("meta/redis-probe-errors",), ("meta/redis-probe-dropped",), ("meta/redis-probe-silent",),
                ("meta/health-probe-errors",), ("meta/health-probe-dropped",),
                ("meta/health-probe-silent",), ("meta/patrol-errors",), ("meta/patrol-dropped",),
                ("meta/dead-letters",), ("meta/new-dead-letter",),
            ),
        ),
    ),
)  # fmt: skip
