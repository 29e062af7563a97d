"""Runbook scenario D: Redis goes away with what it keeps, and the quotas are rebuilt."""

import signal

from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import decided, looked_at, paged, resolved
from rehearsal.saas.saas import AI, BACKEND, DATABASE, WORKER
from rehearsal.stage import Stage
from rehearsal.world import World

PARTS = frozenset({WORKER, BACKEND, DATABASE, AI})
COUNTS = {"chats": 12}
ALARM = "redis_unavailable/redis-up"
RECONCILE = "POST /api/v1/admin/tasks/reconcile-ai-quotas"
ROWS, USERS = 50, 3
"""Fewer would prove little."""
AWAY_MINUTES = 4


def _rebuilt(world: World) -> str:
    if world.rows < ROWS or len(world.usage) < USERS or not all(world.usage.values()):
        return f"only {world.rows} rows of {len(world.usage)} users: too few to prove anything"
    if world.usage != world.counters:
        return f"the usage log says {world.usage}, Redis counts {world.counters}"
    return ""


def _enough_to_lose(stage: Stage) -> None:
    """Live until there is enough to prove something with: it is then that something breaks."""
    stage.until(lambda: stage.saas.rows() >= ROWS, 30)
    stage.broke()


def _fail_over(stage: Stage) -> int:
    """Lose Redis for some minutes, while users go on; return how many rows were written meanwhile."""
    saas = stage.saas
    before = saas.rows()
    saas.broker.kill()
    saas.managed.set_redis("modifying")
    saas.managed.redis_event("Failover to replica node saas-prod-redis-002 started")
    stage.until(lambda: False, AWAY_MINUTES)
    saas.broker.start()
    saas.managed.set_redis("available")
    saas.managed.redis_event("Failover to replica node saas-prod-redis-002 completed")
    return saas.rows() - before


def failover_with_loss(stage: Stage) -> bool:
    """Redis fails over and has lost its counters: waited for, then they are rebuilt."""
    _enough_to_lose(stage)
    written = _fail_over(stage)
    return written > 0 and stage.until(lambda: resolved(stage, "redis_unavailable"), 60)


def restart_unseen(stage: Stage) -> bool:
    """Redis restarts empty between two probes: no probe fails, and the counters are rebuilt all the same."""
    _enough_to_lose(stage)
    stage.saas.broker.kill()
    stage.saas.broker.start()
    return stage.until(lambda: resolved(stage, "redis_unavailable"), 60)


def workers_stuck(stage: Stage) -> bool:
    """Redis is back and the workers do not consume: the reconcile, a task of theirs, waits for them."""
    saas = stage.saas
    _enough_to_lose(stage)
    for task in saas.worker.running():
        stage.processes.signal(task.process, signal.SIGSTOP)
    _fail_over(stage)
    stage.send(150)
    waits = stage.until(lambda: decided(stage, "waits until workers consume"), 30)
    # Their queue is scenario F's alarm too: it opens an incident of its own, and only watches.
    waits = waits and stage.until(lambda: looked_at(stage, "worker_stuck"), 5)
    for task in saas.worker.running():
        stage.processes.signal(task.process, signal.SIGCONT)
    return waits and stage.until(lambda: resolved(stage, "redis_unavailable"), 60)


def token_expired(stage: Stage) -> bool:
    """The admin token is not accepted any more: the page names the secret."""
    name = stage.environment.reconcile.secret
    _enough_to_lose(stage)
    stage.aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString="expired")
    _fail_over(stage)
    return stage.until(lambda: paged(stage, "redis_unavailable", name), 40)


CASES = (
    Case(
        "failover_with_loss", "Redis is killed and comes back empty", failover_with_loss,
        Expected(
            changes=(RECONCILE,), updates=("reconcile applied", "resolved"),
            proofs=(_rebuilt,), alarm_ok=True,
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM, says_when=True,
    ),
    Case(
        "restart_unseen", "Redis restarts empty between two probes", restart_unseen,
        Expected(
            changes=(RECONCILE,), updates=("reconcile applied", "resolved"),
            records=("Redis restarted",), proofs=(_rebuilt,), alarm_ok=True,
        ),
        parts=PARTS, counts=COUNTS, alarm="redis_unavailable/redis-run", says_when=True,
    ),
    Case(
        "workers_stuck", "Redis comes back empty; workers stopped", workers_stuck,
        Expected(
            changes=(RECONCILE,), records=("waits until workers consume",), proofs=(_rebuilt,),
            others=("worker_stuck",),
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM, says_when=True,
    ),
    Case(
        "token_expired", "Redis comes back empty; old token", token_expired,
        Expected(changes=(), pages=(("prod/super-admin-token", "is not accepted"),)),
        parts=PARTS, counts=COUNTS, alarm=ALARM, says_when=True,
    ),
)  # fmt: skip
