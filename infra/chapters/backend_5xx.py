"""Runbook scenario A: the backend answers 5xx."""

import backend_5xx.needs
from backend_5xx.limits import Limits
from infra import settings
from infra.alarm import RUNBOOK, Alarm, Math, Series, twin
from infra.environment import Environment
from infra.spec import Spec
from runbook.service_events import DEPLOYMENT, TASK
from runbook.settings import build

NAME = "backend_5xx"
ALB = "AWS/ApplicationELB"


def limits_of(environment: Environment) -> Limits:
    """Return the numbers of the scenario's table: a bad minute is the same for an alarm and a verdict."""
    own = {
        "memory_cap_mib": environment.backend.memory_cap_mib,
        "connection_limit": _connections(environment),
    }
    return build(Limits, {**own, **environment.limits.backend_5xx}, f"limits.{NAME}")


def _connections(environment: Environment) -> int:
    return environment.database.max_connections - environment.database.reserved


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarms and their twins."""
    rate, balancer, targets = _rate(environment), _balancer(environment), _targets(environment)
    outside = _outside(environment)
    end = "and Nightshift has not ended it: look yourself."
    # Nobody asking at night is no outage; targets are counted whether anybody asks or not.
    return [
        rate,
        twin(rate, f"5xx for an hour, {end}", minutes=60, missing="notBreaching"),
        balancer,
        twin(
            balancer,
            f"Errors of the load balancer for an hour, {end}",
            minutes=60,
            missing="notBreaching",
        ),
        targets,
        twin(targets, f"No target of the backend has been healthy for 30 min, {end}"),
        outside,
        twin(outside, f"From outside nobody has got an answer of the backend for 30 min, {end}"),
    ]


def _rate(environment: Environment) -> Alarm:
    limits = limits_of(environment)
    balancer = {"LoadBalancer": environment.load_balancer.name}
    # With few requests one error would be a large part.
    rate = Math(
        expression=(
            f"IF(rq >= {limits.fewest_requests}, 100 * (FILL(e5, 0) + FILL(elb5, 0)) / rq, 0)"
        ),
        series={
            "rq": Series(ALB, "RequestCount", balancer, "Sum"),
            "e5": Series(ALB, "HTTPCode_Target_5XX_Count", balancer, "Sum"),
            "elb5": Series(ALB, "HTTPCode_ELB_5XX_Count", balancer, "Sum"),
        },
    )
    return Alarm(
        id="5xx-rate",
        group=NAME,
        description=(
            f"Runbook scenario A: {limits.rate_percent:g} % or more of the requests are answered with "
            f"5xx, in 3 of 5 min. Nightshift looks at the backend. See {RUNBOOK}."
        ),
        namespace=ALB,
        metric="RequestCount",
        dimensions=balancer,
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.rate_percent,
        datapoints=3,
        of=5,
        missing="notBreaching",
        math=rate,
    )


def _balancer(environment: Environment) -> Alarm:
    limits = limits_of(environment)
    return Alarm(
        id="elb-5xx",
        group=NAME,
        description=(
            f"Runbook scenario A: the load balancer itself answers {limits.elb_errors} or more errors a "
            f"minute, in 3 of 5 min, since no target does. Nightshift looks at the backend. See {RUNBOOK}."
        ),
        namespace=ALB,
        metric="HTTPCode_ELB_5XX_Count",
        dimensions={"LoadBalancer": environment.load_balancer.name},
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.elb_errors,
        datapoints=3,
        of=5,
        missing="notBreaching",
    )


def _targets(environment: Environment) -> Alarm:
    balancer = environment.load_balancer
    return Alarm(
        id="no-healthy-host",
        group=NAME,
        description=(
            "Runbook scenario A: no target of the backend is healthy, or nobody counts them, for 2 min. "
            f"Nightshift looks at the backend. See {RUNBOOK}."
        ),
        namespace=ALB,
        metric="HealthyHostCount",
        dimensions={"LoadBalancer": balancer.name, "TargetGroup": balancer.target_group},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=1,
        datapoints=2,
        of=2,
        missing="breaching",
    )


def _outside(environment: Environment) -> Alarm:
    count = limits_of(environment).outside_minutes
    return Alarm(
        id="unanswered",
        group=NAME,
        description=(
            f"Runbook scenario A: for {count} min the public health endpoint has given no answer of the "
            f"application's own, well or not. Nightshift looks at the backend. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="HealthAnswered",
        dimensions={"environment": environment.name},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=1,
        datapoints=count,
        of=count,
        # A silent probe has an alarm of its own; here it must not keep a 5xx incident from its end.
        missing="notBreaching",
    )


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    backend, worker = environment.backend, environment.worker
    service = environment.arn("ecs", f"service/{environment.cluster.name}/{backend.service}")
    return Spec(
        folder=NAME,
        purpose="Runbook scenario A: the backend answers 5xx",
        settings={
            **settings.chapter(environment, NAME, _ids(environment)),
            "services": [service],
            "cluster": environment.cluster.name,
            **backend.model_dump(
                include={"service", "container", "log_group", "repository", "memory_cap_mib"}
            ),
            "worker": worker.service,
            "worker_log_group": worker.log_group,
            "load_balancer": environment.load_balancer.name,
            "target_group": environment.load_balancer.target_group,
            "health_url": environment.health.url,
            "instance": environment.database.instance,
            "connection_limit": _connections(environment),
            "roles": _roles(environment),
            "limits": environment.limits.backend_5xx,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=backend_5xx.needs.NEEDS,
        memory_mib=1024,
        services=[backend.service, worker.service],
        changes=[backend.service],
        log_groups=[backend.log_group, worker.log_group],
        repositories=[backend.repository],
        more=_more(environment),
        events=_events(environment),
    )


def _roles(environment: Environment) -> list[str]:
    """Return the only roles that may be passed on: those of the backend's own tasks."""
    names = {environment.backend.task_role, environment.backend.execution_role}
    return sorted(environment.role(name) for name in names)


def _more(environment: Environment) -> dict[str, list[str]]:
    backend, arn = environment.backend, environment.arn
    at = f"{environment.cluster.name}/{backend.service}"
    return {
        "database": [arn("rds", f"db:{environment.database.instance}")],
        "passed_roles": _roles(environment),
        "service_deployments": [arn("ecs", f"service-deployment/{at}/*")],
        "service_history": [arn("ecs", f"service/{at}")],
        "service_revisions": [arn("ecs", f"service-revision/{at}/*")],
        "task_family": [arn("ecs", f"task-definition/{backend.task_family}:*")],
    }


def _ids(environment: Environment) -> list[str]:
    return [one.id for one in alarms(environment) if one.group == NAME]


def _events(environment: Environment) -> dict[str, dict[str, object]]:
    """Return what ECS tells before an alarm does: a task out of memory, a deployment that failed."""
    backend, cluster = environment.backend.service, environment.cluster.name
    memory = [
        {"containers": {"exitCode": [137]}},
        {"containers": {"reason": [{"prefix": {"equals-ignore-case": "outofmemory"}}]}},
    ]
    return {
        "memory": {
            "source": ["aws.ecs"],
            "detail-type": [TASK],
            "detail": {
                "clusterArn": [environment.arn("ecs", f"cluster/{cluster}")],
                "group": [f"service:{backend}"],
                "lastStatus": ["STOPPED"],
                "stopCode": ["EssentialContainerExited"],
                "$or": memory,
            },
        },
        "deployment": {
            "source": ["aws.ecs"],
            "detail-type": [DEPLOYMENT],
            "resources": [environment.arn("ecs", f"service/{cluster}/{backend}")],
            "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        },
    }
