"""Rollback: by hand only, of backend, worker, database and front end. No alarm wakes it."""

import rollback.needs
from infra import settings
from infra.environment import Environment, EnvironmentFileError
from infra.spec import Spec
from runbook.bus import LOOK_SOURCE, LOOK_TYPE

NAME = "rollback"


def spec(environment: Environment) -> Spec:
    """Return the function that answers a person; over the bus it gets second looks alone."""
    tiers = {"backend": environment.backend, "worker": environment.worker}
    services = [one.service for one in tiers.values()]
    _tell_apart([*services, environment.database.instance])
    return Spec(
        folder=NAME,
        purpose="By hand: rolls backend, worker, database or front end back",
        settings={
            **settings.chapter(environment, NAME, []),
            "cluster": environment.cluster.name,
            "tiers": {
                name: one.model_dump(include={"service", "task_family", "container", "repository"})
                for name, one in tiers.items()
            },
            "instance": environment.database.instance,
            "migrations": environment.migrations.model_dump(exclude=set(_ROLES)),
            "vercel_api": environment.frontend.api,
            "frontend": environment.frontend.model_dump(exclude={"api"}),
            "limits": environment.limits.rollback,
        },
        needs=rollback.needs.NEEDS,
        memory_mib=1024,
        services=services,
        changes=services,
        log_groups=[environment.migrations.log_group],
        repositories=[one.repository for one in tiers.values()],
        more=_more(environment, services),
        events={
            "look": {
                "source": [LOOK_SOURCE],
                "detail-type": [LOOK_TYPE],
                "detail": {"environment": [environment.name], "scenario": [NAME]},
            }
        },
    )


def _tell_apart(targets: list[str]) -> None:
    """Refuse names that two parts share: their incidents are kept by them."""
    if len(set(targets)) < len(targets):
        raise EnvironmentFileError(
            f"backend.service, worker.service and database.instance are {', '.join(targets)}; "
            "expected three different names"
        )


_ROLES = ("task_role", "execution_role")
"""Named for IAM alone; the function does not hand them on by name."""


def _more(environment: Environment, services: list[str]) -> dict[str, list[str]]:
    arn, cluster = environment.arn, environment.cluster.name
    migrations = environment.migrations

    def of_services(shape: str) -> list[str]:
        return [arn("ecs", shape.format(f"{cluster}/{name}")) for name in services]

    return {
        # Secrets Manager puts a dash and six characters behind a secret's name.
        "frontend_secret": [arn("secretsmanager", f"secret:{environment.frontend.secret}-??????")],
        "one_off_family": [arn("ecs", f"task-definition/{migrations.task_family}:*")],
        "passed_roles": sorted({environment.role(getattr(migrations, role)) for role in _ROLES}),
        "snapshots": [arn("rds", "snapshot:*")],
        "service_deployments": of_services("service-deployment/{}/*"),
        "service_history": of_services("service/{}"),
        "service_revisions": of_services("service-revision/{}/*"),
    }
