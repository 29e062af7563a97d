"""The database's rollback by hand: a real migration, applied and taken back by the real Alembic."""

from typing import Any

from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import resolved
from rehearsal.saas.saas import DATABASE
from rehearsal.stage import Stage
from rehearsal.world import World

HEAD, PARENT = "b2e4", "a1f0"
SNAPSHOT = "before-seats"
STATED = {
    "from": HEAD,
    "backwards_compatible": True,
    "no_data_in_new_columns": True,
    "snapshot": SNAPSHOT,
}


def _back(world: World) -> str:
    if world.schema != PARENT:
        return f"the database ended at {world.schema or 'no revision'}, expected {PARENT}"
    if world.plans != ("id", "name"):
        return f"the table of plans has the columns {', '.join(world.plans) or 'none'}"
    return ""


def _migrate(stage: Stage) -> bool:
    """Apply every migration, as the team's pipeline does; say whether that worked."""
    named, cluster = stage.environment.migrations, stage.environment.cluster.name
    ecs = stage.aws.client("ecs")
    command = ["alembic", "upgrade", "head"]
    [task] = ecs.run_task(
        cluster=cluster,
        taskDefinition=named.task_family,
        overrides={"containerOverrides": [{"name": named.container, "command": command}]},
        startedBy="pipeline/1",
    )["tasks"]

    def shown() -> Any:
        return ecs.describe_tasks(cluster=cluster, tasks=[task["taskArn"]])["tasks"][0]

    over = stage.until(lambda: shown()["lastStatus"] == "STOPPED", 30)
    return bool(over and shown()["containers"][0]["exitCode"] == 0)


def _ask(stage: Stage, **fields: Any) -> dict[str, Any]:
    """Ask for the rollback, as a person does."""
    request = {"part": "database", "reason": "seats break the export", **fields}
    answer = stage.aws.invoke(f"{stage.environment.prefix}-rollback", request)
    return answer.payload if answer.ok and isinstance(answer.payload, dict) else {}


def database(stage: Stage) -> bool:
    """A person takes the newest migration back: asks, states what is needed, and has it done."""
    stage.aws.client("rds").create_db_snapshot(
        DBSnapshotIdentifier=SNAPSHOT, DBInstanceIdentifier=stage.environment.database.instance
    )
    if not _migrate(stage) or stage.saas.schema() != HEAD:
        return False

    def read() -> bool:
        stage.until(lambda: False, 1)
        return bool(_ask(stage).get("seen", {}).get("step") == f"from {HEAD} to {PARENT}")

    if not stage.until(read, 10):
        return False
    bare = _ask(stage, dry_run=False)
    dry = _ask(stage, **STATED)
    if "does not state" not in bare.get("refused", "") or stage.saas.schema() != HEAD:
        return False
    if f'"{HEAD}", "{PARENT}"' not in dry.get("would_change", ""):
        return False
    done = _ask(stage, dry_run=False, **STATED)
    return "changed" in done and stage.until(lambda: resolved(stage, "rollback"), 20)


CASES = (
    Case(
        "database", "nothing; a person asks", database,
        Expected(
            changes=(
                "ask alembic in a task of saas-migrate",
                f"run alembic downgrade to {PARENT} in a task of saas-migrate",
                "ask alembic in a task of saas-migrate",
            ),
            updates=("downgrade applied", f"says that the database is at {PARENT}"),
            proofs=(_back,),
        ),
        parts=frozenset({DATABASE}),
    ),
)  # fmt: skip
