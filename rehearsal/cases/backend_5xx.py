"""Runbook scenario A: what makes the backend answer 5xx, and which of it is Nightshift's to mend."""

from rehearsal.cases.case import Case, Expected, Proof
from rehearsal.cases.watching import act, decided, paged, resolved
from rehearsal.saas.saas import BACKEND, DATABASE, WORKER
from rehearsal.stage import Stage
from rehearsal.world import World

PARTS = frozenset({BACKEND, DATABASE})
BACKENDS = {"backend": 2}
ALARM = "backend_5xx/5xx-rate"
NOBODY_THERE = "backend_5xx/elb-5xx"
"""Rings where no task is left to answer: the errors are the load balancer's own."""


def _no_errors(world: World) -> str:
    if world.recent_errors or world.recent_requests < 20:
        return f"{world.recent_errors:g} errors in {world.recent_requests:g} requests at the end"
    return ""


def _runs(revision: str, memory_mib: int) -> Proof:
    def proof(world: World) -> str:
        found = (world.revisions["backend"], world.memory_mib["backend"])
        wanted = (f"saas-backend:{revision}", memory_mib)
        return "" if found == wanted else f"the backend ended as {found}, expected {wanted}"

    return proof


def _deploy(stage: Stage, **variables: str) -> None:
    """Build, push and deploy a new version, as the team's pipeline does."""
    saas = stage.saas
    saas.pipeline.push_image(saas.backend, "build-2", "second build")
    saas.backend.deploy(saas.pipeline.new_revision(saas.backend, "build-2", **variables))


def _deployed(stage: Stage) -> bool:
    return stage.until(lambda: len(stage.saas.backend.deployments) == 1, 20)


def out_of_memory(stage: Stage) -> bool:
    """Users begin to ask for reports: tasks run out of memory until they have more of it."""
    act(stage, "raise_memory")
    stage.saas.users.reports = 12
    return stage.until(lambda: resolved(stage, "backend_5xx"), 90)


def bad_deployment(stage: Stage) -> bool:
    """A new version that is complete and then crashes, again and again, is rolled back."""
    act(stage, "rollback_backend")
    crash = stage.folder / "crash-new"
    _deploy(stage, SAAS_CRASH_WHEN=str(crash))
    complete = _deployed(stage)
    stage.broke()
    crash.touch()
    return complete and stage.until(lambda: resolved(stage, "backend_5xx"), 90)


def proposed(stage: Stage) -> bool:
    """The same with the mode as it ships: a person gets the rollback as a command, nothing is changed."""
    crash = stage.folder / "crash-new"
    _deploy(stage, SAAS_CRASH_WHEN=str(crash))
    complete = _deployed(stage)
    stage.broke()
    crash.touch()
    told = stage.until(lambda: paged(stage, "mode of rollback_backend is propose"), 60)
    return complete and told


def bad_rollout(stage: Stage) -> bool:
    """A new version fails and crashes while it is rolled out: the deployment is stopped with rollback."""
    act(stage, "rollback_backend")
    crash = stage.folder / "crash-new"
    crash.touch()
    _deploy(stage, SAAS_CRASH_WHEN=str(crash), SAAS_DB=stage.saas.address("a-typo"))
    return stage.until(lambda: resolved(stage, "backend_5xx"), 90)


def crash_loop(stage: Stage) -> bool:
    """The version of three days ago begins to crash: no deployment to roll back, a person is paged."""
    act(stage, "rollback_backend", "raise_memory")
    stage.saas.crash.touch()
    return stage.until(lambda: paged(stage, "crash-loops, and no fresh deployment"), 60)


def database_at_fault(stage: Stage) -> bool:
    """Postgres dies: scenario C has it, and the backend is left alone."""
    act(stage, "rollback_backend", "raise_memory")
    stage.troubles.fail_over()
    handed_over = stage.until(lambda: decided(stage, "the database is at fault"), 20)
    stage.troubles.failed_over()
    ended = stage.until(
        lambda: resolved(stage, "backend_5xx") and resolved(stage, "db_unavailable"), 60
    )
    return handed_over and ended


def wrong_password(stage: Stage) -> bool:
    """A new version has the wrong database password: rolled back, not handed over to scenario C."""
    act(stage, "rollback_backend")
    _deploy(stage, SAAS_DB=stage.saas.address("a-typo"))
    return stage.until(lambda: resolved(stage, "backend_5xx"), 90)


def unreachable(stage: Stage) -> bool:
    """Nobody gets through to the load balancer, which sees no trouble: a person is paged."""
    act(stage, "rollback_backend", "raise_memory")
    stage.saas.front.away.set()
    told = stage.until(lambda: paged(stage, "from outside the backend has not answered"), 20)
    stage.saas.front.away.clear()
    return told and stage.until(lambda: resolved(stage, "backend_5xx"), 40)


CASES = (
    Case(
        "out_of_memory", "reports fill the memory", out_of_memory,
        Expected(
            changes=(
                "register saas-backend with 1024 MiB",
                "deploy saas-backend:2 to saas-backend",
            ),
            updates=("raise_memory applied", "fix verified", "resolved"),
            proofs=(_no_errors, _runs("2", 1024)), tasks=BACKEND, new_workers=True,
        ),
        parts=PARTS, counts={**BACKENDS, "backend_mib": 512}, alarm=NOBODY_THERE,
    ),
    Case(
        "bad_deployment", "a new version crashes", bad_deployment,
        Expected(
            changes=("deploy saas-backend:1 to saas-backend",),
            updates=("rollback applied", "fix verified", "resolved"),
            proofs=(_no_errors, _runs("1", 1024)), tasks=BACKEND, new_workers=True, alarm_ok=True,
        ),
        parts=PARTS, counts=BACKENDS, alarm=NOBODY_THERE, says_when=True,
    ),
    Case(
        "proposed", "a new version crashes; mode propose", proposed,
        Expected(
            changes=(),
            pages=(
                ("mode of rollback_backend is propose", "update-service", "--task-definition saas-backend:1"),
            ),
            proofs=(_runs("2", 1024),), tasks=BACKEND,
        ),
        parts=PARTS, counts=BACKENDS, alarm=NOBODY_THERE, says_when=True,
    ),
    Case(
        "bad_rollout", "a version crashes in its rollout", bad_rollout,
        Expected(
            changes=("stop the deployment of saas-backend",),
            updates=("rollback applied", "fix verified", "resolved"),
            proofs=(_no_errors, _runs("1", 1024)),
        ),
        parts=PARTS, counts=BACKENDS, alarm=ALARM,
    ),
    Case(
        "crash_loop", "an old version crashes", crash_loop,
        Expected(changes=(), pages=(("crash-loops, and no fresh deployment", "exit codes [1]"),)),
        parts=PARTS, counts=BACKENDS, alarm=NOBODY_THERE,
    ),
    Case(
        "database_at_fault", "Postgres is killed", database_at_fault,
        Expected(
            changes=(), records=("the database is at fault",), others=("db_unavailable",),
            proofs=(_no_errors, _runs("1", 1024)), tasks=BACKEND,
            untouched=True,
        ),
        parts=PARTS, counts=BACKENDS, alarm=ALARM,
    ),
    Case(
        "wrong_password", "a version has a wrong password", wrong_password,
        Expected(
            changes=("deploy saas-backend:1 to saas-backend",),
            updates=("rollback applied", "fix verified", "resolved"),
            others=("db_unavailable",),
            proofs=(_no_errors, _runs("1", 1024)), tasks=BACKEND, new_workers=True, alarm_ok=True,
        ),
        parts=frozenset({*PARTS, WORKER}), counts=BACKENDS, alarm=ALARM,
    ),
    Case(
        "unreachable", "no user gets through to the balancer", unreachable,
        Expected(
            changes=(), pages=(("from outside the backend has not answered", "openssl s_client"),),
            updates=("resolved",), proofs=(_no_errors, _runs("1", 1024)), tasks=BACKEND,
            untouched=True, alarm_ok=True,
        ),
        parts=PARTS, counts=BACKENDS, alarm="backend_5xx/unanswered",
    ),
)  # fmt: skip
