"""What ai_provider_outage looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ai_provider_outage.settings import Settings
from runbook.aws import Aws, Calls
from runbook.checks import alarms, ecs, metrics, ssm, status_page
from runbook.checks.metrics import Samples, Series, beside
from runbook.checks.reading import ask
from runbook.checks.status_page import Page
from runbook.model import Unknown

WINDOW = timedelta(minutes=30)
"""Of the gateway's requests and errors."""
STOPPED_WINDOW = timedelta(minutes=60)
"""ECS itself forgets stopped tasks after about an hour."""


@dataclass(frozen=True)
class Facts:
    """What is known about the AI gateway at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        requests: of the gateway, per minute, 30 min.
        errors: of those, the ones that failed; a minute without any has no datapoint.
        provider: the parameter with the provider's name.
        pages: what each provider says of itself, by name.
        service, running, stopped, definition: the backend, as a redeploy needs it.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    requests: Samples | Unknown
    errors: Samples | Unknown
    provider: ssm.Parameter | Unknown
    pages: Mapping[str, Page | Unknown]
    service: ecs.Service | Unknown
    running: tuple[str, ...] | Unknown
    stopped: tuple[ecs.Stopped, ...] | Unknown
    definition: ecs.Definition | Unknown

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "provider": ssm.line(self.provider),
            "requests": metrics.line(self.requests, 5, "of the gateway, last 5 min"),
            "errors": metrics.line(beside(self.errors, self.requests), 5, "of those"),
            **{f"{name} page": status_page.line(page) for name, page in self.pages.items()},
            "backend": ecs.line(self.service),
            "alarms": alarms.line(self.alarms),
        }

    def page(self, provider: str) -> Page | Unknown:
        """Return what a provider says of itself."""
        return self.pages.get(provider, Unknown(f"no status page is configured for {provider!r}"))


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    reader, cluster, service = aws.reader, settings.cluster, settings.service
    # Metric filters cannot add a dimension with a constant value: the namespace tells environments apart.
    namespace = f"Nightshift/{settings.environment}"
    series = {
        "requests": Series(namespace, "AiRequests", {}, "Sum"),
        "errors": Series(namespace, "AiErrors", {}, "Sum"),
    }
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, reader("cloudwatch"), settings.alarms),
        "metrics": partial(metrics.read, reader("cloudwatch"), series, now, WINDOW),
        "provider": partial(ssm.parameter, reader("ssm"), settings.provider_parameter),
        "service": partial(ecs.service, reader("ecs"), cluster, service),
        "running": partial(ecs.running_tasks, reader("ecs"), cluster, service),
        "stopped": partial(
            ecs.stopped_tasks,
            reader("ecs"),
            cluster,
            service,
            now,
            STOPPED_WINDOW,
            aws.side_by_side,
        ),
        "definition": partial(
            ecs.definition, reader("ecs"), settings.task_family, settings.container
        ),
        **{
            f"page {name}": partial(status_page.read, url)
            for name, url in settings.status_pages.items()
        },
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    rest = dict(answers)
    measured = rest.pop("metrics")
    if isinstance(measured, Unknown):
        measured = dict.fromkeys(("requests", "errors"), measured)
    pages = {
        name.removeprefix("page "): rest.pop(name)
        for name in list(rest)
        if name.startswith("page ")
    }
    return Facts(at=now, pages=pages, **measured, **rest)
