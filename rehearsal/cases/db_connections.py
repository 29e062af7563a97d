"""Runbook scenario B: the database's connections run out, and who holds them."""

from rehearsal.cases.case import Case, Expected, Proof
from rehearsal.cases.watching import act, decided, paged, resolved, updated
from rehearsal.saas.saas import BACKEND, DATABASE, WORKER
from rehearsal.stage import Stage
from rehearsal.world import World

PARTS = frozenset({WORKER, BACKEND, DATABASE})
FOUR = {"worker": 4, "backend": 4}
ALARM = "db_connections/connections"
FULL = 190
"""Of the 197 connections that the application may have: 96 %."""
OTHERS = ("backend_5xx", "db_unavailable")
"""Scenarios whose alarms ring as well: users see errors, and the health endpoint's database fails."""
GIVEN_UP = ("a person was paged about it",)
"""Why they stay silent once scenario B is at work no more: until then they wait for it."""


def _counts(worker: int, backend: int) -> Proof:
    def proof(world: World) -> str:
        wanted = {"worker": worker, "backend": backend}
        return "" if world.desired == wanted else f"counts ended as {world.desired}, not {wanted}"

    return proof


def _released(world: World) -> str:
    few = world.connections is not None and world.connections < FULL // 2
    return "" if few else f"{world.connections} connections at the end"


def _scaling(stage: Stage) -> None:
    act(stage, "scale_worker", "scale_backend")


def _exhaust(stage: Stage) -> None:
    with stage.clock.paused():  # it takes seconds, which are minutes here
        stage.saas.strangers.take_all()


def leaking_tasks(stage: Stage) -> bool:
    """The backend leaks connections until users see errors: fewer tasks free them, and all come back later.

    It leaks on until that is proved, and is repaired only then: until that, fewer tasks alone have helped.
    """
    _scaling(stage)
    saas = stage.saas
    saas.leak.touch()
    lowered = stage.until(lambda: saas.backend.desired < FOUR["backend"], 60)
    fell = lowered and stage.until(lambda: (saas.connections() or FULL) < FULL, 5)
    proved = fell and stage.until(lambda: updated(stage, "fix verified"), 30)
    leaks_on = FULL // 2 < (saas.connections() or 0) < FULL
    saas.leak.unlink()
    return proved and leaks_on and stage.until(lambda: resolved(stage, "db_connections"), 90)


def leak_elsewhere(stage: Stage) -> bool:
    """Somebody else takes all connections: lowering does not help, is taken back, and a person is paged."""
    _scaling(stage)
    _exhaust(stage)
    return stage.until(lambda: paged(stage, "the leak is elsewhere"), 90)


def nobody_suffers(stage: Stage) -> bool:
    """The connections are nearly used up and every user is served: nothing is touched."""
    _scaling(stage)
    with stage.clock.paused():
        stage.saas.strangers.take(FULL)
    seen = stage.until(lambda: decided(stage, "and no user sees errors"), 20)
    stage.saas.strangers.give_back()
    return seen and stage.until(lambda: resolved(stage, "db_connections"), 40)


def autoscaling_fights(stage: Stage) -> bool:
    """Autoscaling would start again what is stopped: not lowered, paged."""
    _scaling(stage)
    stage.troubles.autoscale(stage.saas.worker, 4, 8)
    _exhaust(stage)
    return stage.until(lambda: paged(stage, "auto scaling keeps at least 4 tasks"), 40)


def engineer_scales(stage: Stage) -> bool:
    """An engineer sets another count meanwhile: it is not overwritten, and people are told."""
    _scaling(stage)
    saas = stage.saas
    _exhaust(stage)
    lowered = stage.until(lambda: saas.worker.desired == 3, 40)
    stage.aws.client("ecs").update_service(
        cluster=stage.environment.cluster.name,
        service=stage.environment.worker.service,
        desiredCount=2,
    )
    return lowered and stage.until(lambda: decided(stage, "saas-worker has 2 tasks, we left 3"), 60)


CASES = (
    Case(
        "leaking_tasks", "the backend leaks connections", leaking_tasks,
        Expected(
            changes=(
                "scale saas-worker to 3", "scale saas-backend to 3",
                "scale saas-backend to 4", "scale saas-worker to 4",
            ),
            updates=("scale_worker applied", "scale_backend applied", "resolved"),
            others=OTHERS, alarm_ok=True,
            proofs=(_counts(4, 4), _released),
        ),
        parts=PARTS, counts=FOUR, alarm=ALARM,
    ),
    Case(
        "leak_elsewhere", "a stranger takes all connections", leak_elsewhere,
        Expected(
            changes=(
                "scale saas-worker to 3", "scale saas-backend to 3",
                "scale saas-backend to 4", "scale saas-worker to 4",
            ),
            pages=(
                ("the leak is elsewhere", "pg_stat_activity", "do not redeploy", "4 tasks x pool"),
            ),
            others=OTHERS, records=GIVEN_UP, proofs=(_counts(4, 4),),
        ),
        parts=PARTS, counts=FOUR, alarm=ALARM,
    ),
    Case(
        "nobody_suffers", "95 % of the connections are taken", nobody_suffers,
        Expected(
            changes=(), records=("and no user sees errors",), alarm_ok=True,
            proofs=(_counts(1, 3),),
        ),
        parts=PARTS, counts={"backend": 3}, alarm=ALARM,
    ),
    Case(
        "autoscaling_fights", "all connections taken; autoscaling", autoscaling_fights,
        Expected(
            changes=(), pages=(("auto scaling keeps at least 4 tasks",),), others=OTHERS,
            records=GIVEN_UP, proofs=(_counts(4, 2),),
        ),
        parts=PARTS, counts={"worker": 4, "backend": 2}, alarm=ALARM,
    ),
    Case(
        "engineer_scales", "all connections taken; a person scales", engineer_scales,
        Expected(
            changes=("scale saas-worker to 3", "scale saas-backend to 3", "scale saas-backend to 4"),
            pages=(("the leak is elsewhere", "pg_stat_activity"),), others=OTHERS,
            records=GIVEN_UP, proofs=(_counts(2, 4),),
        ),
        parts=PARTS, counts=FOUR, alarm=ALARM,
    ),
)  # fmt: skip
