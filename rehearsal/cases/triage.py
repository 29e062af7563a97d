"""Triage: an alarm of nobody's scenario that opted in, and what must come of it."""

from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import paged, updated
from rehearsal.saas.saas import BACKEND, DATABASE, WORKER
from rehearsal.stage import Stage
from triage.rang import prefix

FOREIGN = "disk-of-the-search"
EVERYTHING = frozenset({WORKER, BACKEND, DATABASE})


def foreign_alarm(stage: Stage) -> bool:
    """An alarm of the team's own, which opted in by its name, rings: one page with what can be seen."""
    stage.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=prefix(stage.environment.name) + FOREIGN,
        AlarmDescription="The disk of the search is nearly full.",
        Namespace="Search",
        MetricName="DiskUsedPercent",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=90,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )

    def fills() -> bool:
        stage.aws.put_metric("Search", "DiskUsedPercent", {}, 97, stage.clock.now())
        return paged(stage, "There is no scenario for this alarm", FOREIGN)

    return stage.until(fills, 20)


def diagnose(stage: Stage) -> bool:
    """A person asks for the quick diagnostics while the workers stand still: one report, nothing touched."""
    name = f"{stage.environment.prefix}-diagnose"
    answer = stage.aws.invoke(name, {"reason": "is it me or production?", "send": True})
    return answer.ok and stage.until(lambda: updated(stage, "is it me or production?"), 5)


CASES = (
    Case(
        "foreign_alarm", "an alarm that has no scenario", foreign_alarm,
        Expected(
            changes=(), pages=(("There is no scenario for this alarm", FOREIGN),), tasks=BACKEND,
            untouched=True,
        ),
        parts=EVERYTHING, staged=True,
    ),
    Case(
        "diagnose", "nothing; a person asks", diagnose,
        Expected(
            changes=(), updates=("is it me or production?",), tasks=BACKEND,
            untouched=True,
        ),
        parts=EVERYTHING, staged=True,
    ),
)  # fmt: skip
