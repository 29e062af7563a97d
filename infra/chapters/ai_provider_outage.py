"""Runbook scenario E: the AI provider is out."""

import ai_provider_outage.needs
from ai_provider_outage.decide import Limits
from infra import settings
from infra.alarm import RUNBOOK, Alarm, Math, Series, twin
from infra.environment import Environment
from infra.spec import MetricFilter, Spec
from runbook.settings import build

NAME = "ai_provider_outage"


def limits_of(environment: Environment) -> Limits:
    """Return the numbers of the scenario's table: the alarm asks for the same ones."""
    return build(Limits, environment.limits.ai_provider_outage, f"limits.{NAME}")


def namespace(environment: Environment) -> str:
    """Return where the filters count: they cannot add a dimension for the environment."""
    return f"Nightshift/{environment.name}"


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    where, limits = namespace(environment), limits_of(environment)
    rate = Math(
        expression=f"IF(requests >= {limits.fewest_requests}, 100 * FILL(errors, 0) / requests, 0)",
        series={
            "requests": Series(where, "AiRequests", {}, "Sum"),
            "errors": Series(where, "AiErrors", {}, "Sum"),
        },
    )
    critical = Alarm(
        id="ai-errors",
        group=NAME,
        description=(
            f"Runbook scenario E: {limits.alarm_percent:g} % or more of the AI gateway's requests fail, in "
            f"3 of 5 min. Nightshift looks at the provider. See {RUNBOOK}."
        ),
        namespace=where,
        metric="AiErrors",
        dimensions={},
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.alarm_percent,
        datapoints=3,
        of=5,
        missing="notBreaching",
        math=rate,
    )
    why = "The AI gateway has failed for an hour, and Nightshift has not ended it: look yourself."
    # Nobody asking the AI at night is no outage: here, unlike elsewhere, silence is good.
    return [critical, twin(critical, why, minutes=60, missing="notBreaching")]


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    ai, backend = environment.ai, environment.backend
    parameter = environment.arn("ssm", f"parameter{ai.provider_parameter}")
    ids = [one.id for one in alarms(environment) if one.group == NAME]
    where = namespace(environment)
    return Spec(
        folder=NAME,
        purpose="Runbook scenario E: the AI provider is out",
        settings={
            **settings.chapter(environment, NAME, ids),
            "provider_parameter": ai.provider_parameter,
            "status_pages": ai.status_pages,
            "alternate": ai.alternate,
            "cluster": environment.cluster.name,
            "service": backend.service,
            "task_family": backend.task_family,
            "container": backend.container,
            "repository": backend.repository,
            "limits": environment.limits.ai_provider_outage,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=ai_provider_outage.needs.NEEDS,
        memory_mib=1024,
        services=[backend.service],
        changes=[backend.service],
        repositories=[backend.repository],
        more={"parameter": [parameter], "changed_parameter": [parameter]},
        filters=[
            MetricFilter(backend.log_group, ai.request_filter, where, "AiRequests"),
            MetricFilter(backend.log_group, ai.error_filter, where, "AiErrors"),
        ],
    )
