"""Rollbacks by hand of backend, worker and front end: a person asks first, then has it done."""

from typing import Any

from rehearsal.cases.case import Case, Expected, Proof
from rehearsal.cases.watching import resolved
from rehearsal.saas.saas import BACKEND, DATABASE, WORKER
from rehearsal.saas.service import Service
from rehearsal.stage import Stage
from rehearsal.world import World

PRODUCTION = "dpl_2"


def _no_errors(world: World) -> str:
    if world.recent_errors or world.recent_requests < 20:
        return f"{world.recent_errors:g} errors in {world.recent_requests:g} requests at the end"
    return ""


def _runs(kind: str, revision: str) -> Proof:
    def proof(world: World) -> str:
        found = world.revisions[kind]
        return "" if found == revision else f"the {kind} ended as {found}, expected {revision}"

    return proof


def _serves(world: World) -> str:
    found = world.production
    return "" if found == PRODUCTION else f"production shows {found}, expected {PRODUCTION}"


def _release(stage: Stage, service: Service, tag: str) -> bool:
    """Build, push and deploy a new version, as the team's pipeline does; say whether it is complete."""
    pipeline = stage.saas.pipeline
    pipeline.push_image(service, tag, tag)
    service.deploy(pipeline.new_revision(service, tag))
    return stage.until(lambda: len(service.deployments) == 1, 20)


def _ask(stage: Stage, part: str, **fields: Any) -> dict[str, Any]:
    """Ask for the rollback, as a person does."""
    request = {"part": part, "reason": "users complain of the release", **fields}
    answer = stage.aws.invoke(f"{stage.environment.prefix}-rollback", request)
    return answer.payload if answer.ok and isinstance(answer.payload, dict) else {}


def _left_a_trace(stage: Stage) -> bool:
    """Say whether anything of a rollback is in the table."""
    return any("#rollback" in str(item["pk"]) for item in stage.table())


def _rolls_back(stage: Stage, part: str, would: str, **fields: Any) -> bool:
    """Ask what it would do, which leaves no trace; then have it done, and wait for the proof."""
    dry = _ask(stage, part, **fields)
    asked_only = would in dry.get("would_change", "") and not _left_a_trace(stage)
    stage.until(lambda: False, 2)
    done = _ask(stage, part, dry_run=False, **fields)
    ended = stage.until(lambda: resolved(stage, "rollback"), 40)
    return asked_only and "changed" in done and ended


def backend(stage: Stage) -> bool:
    """A release that no alarm tells of is taken back to the version of before."""
    complete = _release(stage, stage.saas.backend, "build-2")
    return complete and _rolls_back(stage, "backend", "--task-definition saas-backend:1")


def worker(stage: Stage) -> bool:
    """The second release of this hour is bad: a person names the first, which has not yet run for an hour."""
    service = stage.saas.worker
    complete = _release(stage, service, "prod-2") and _release(stage, service, "prod-3")
    stage.send(20)
    named = "saas-worker:2"
    return complete and _rolls_back(stage, "worker", f"--task-definition {named}", to=named)


def frontend(stage: Stage) -> bool:
    """A release of the front end is broken: production is pointed at the one before."""
    return _rolls_back(stage, "frontend", f"/rollback/{PRODUCTION}")


CASES = (
    Case(
        "backend", "nothing; a person asks", backend,
        Expected(
            changes=("deploy saas-backend:1 to saas-backend",),
            updates=("rollback applied", "2 of 2 tasks run saas-backend:1"),
            proofs=(_no_errors, _runs("backend", "saas-backend:1")), tasks=BACKEND, new_workers=True,
        ),
        parts=frozenset({BACKEND, DATABASE}), counts={"backend": 2},
    ),
    Case(
        "worker", "nothing; a person asks by revision", worker,
        Expected(
            changes=("deploy saas-worker:2 to saas-worker",),
            updates=("no record that it ran for 60 min", "tasks run saas-worker:2"),
            proofs=(_runs("worker", "saas-worker:2"),), new_workers=True, drained=True,
        ),
        parts=frozenset({WORKER}),
    ),
    Case(
        "frontend", "nothing; a person asks", frontend,
        Expected(
            changes=(f"POST /vercel/v1/projects/prj_saas/rollback/{PRODUCTION}",),
            updates=("rollback_frontend applied", "production shows it"),
            proofs=(_serves,), untouched=True,
        ),
    ),
)  # fmt: skip
