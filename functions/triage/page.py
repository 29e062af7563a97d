"""The page about an alarm that no scenario claims, as plain text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from runbook import report
from runbook.checks import metrics
from runbook.checks.alarms import Described
from runbook.checks.metrics import Samples
from runbook.model import Unknown
from runbook.outbox import Message
from runbook.tell import quote
from triage.rang import prefix

OVER = "OK"
"""The state of an alarm that has ended before anybody could look."""


def write(
    environment: str,
    name: str,
    alarm: Described | Unknown,
    measured: Samples | Unknown,
    seen: report.Sections,
    joined: int,
    now: datetime,
) -> Message:
    """Return what is told of one alarm: a page, or an update where the alarm is over by now.

    Args:
        environment: for example ``prod``.
        name: the alarm's.
        alarm: as CloudWatch describes it now.
        measured: what it measures, for the last 30 min.
        seen: the quick diagnostics.
        joined: how often it rang after its last page.
        now: the time.
    """
    over = isinstance(alarm, Described) and alarm.state == OVER
    kind: Literal["page", "update"] = "update" if over else "page"
    subject = "rang and is over" if over else "PAGE no scenario for this"
    wanted = "it rang, and is over" if over else "a person is needed"
    body = [
        f"{quote(name)}: {wanted}. There is no scenario for this alarm; here is what I saw.",
        "",
        *(f"{label:<8} {quote(said)}" for label, said in _about(alarm, measured, joined).items()),
        "Done     nothing was changed: triage has no permission to",
        "Next     look at what the alarm measures. What helps belongs into the runbook: name the alarm in",
        "         existing_alarms of the scenario that should answer it, or write one",
        "",
        report.text(seen),
        "",
        f"This alarm is told of since its name begins with {prefix(environment)} or stands in [triage]",
        f"alarms of environments/{environment}.toml; it is told once in 60 min.",
        f"Seen at {now:%Y-%m-%d %H:%M} UTC.",
        "",
    ]
    return Message(
        kind=kind,
        subject=f"[{environment}] triage {name}: {subject}",
        body="\n".join(body),
        scenario="triage",
        incident="none",
        dedup=f"triage-{now:%Y%m%d%H%M}-{name}-{kind}",
    )


def _about(
    alarm: Described | Unknown, measured: Samples | Unknown, joined: int
) -> Mapping[str, str]:
    again = {"Again": f"it rang {joined} more time(s) after its last page"} if joined else {}
    if isinstance(alarm, Unknown):
        return {"Why": f"it rang; unknown: {alarm.why}", **again}
    series = alarm.series
    found = {
        "Why": alarm.reason or "CloudWatch gives no reason",
        "Means": alarm.meaning or "the alarm has no description",
        "Now": f"{alarm.state} since {alarm.since:%Y-%m-%d %H:%M} UTC",
    }
    if series is not None:
        dimensions = ", ".join(f"{key}={value}" for key, value in series.dimensions.items())
        found["Measures"] = (
            f"{series.stat} of {series.namespace} {series.name} ({dimensions or 'no dimension'}); "
            f"bad is {alarm.bad}"
        )
        found["Values"] = metrics.summary(measured, "")
    return {**found, **again}
