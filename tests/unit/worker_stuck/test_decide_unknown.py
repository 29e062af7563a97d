"""Unknown is not a value: whatever is not read, nothing is changed, ended or proved by it."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.checks.metrics import Sample, Samples
from runbook.model import Apply, Decision, Incident, Outcome, Resolve, Status, Unknown
from worker_facts import (
    ALARM,
    COMMANDS,
    LIMITS,
    NOW,
    REVISION,
    UNKNOWN,
    ago,
    attempt,
    crashes,
    decided,
    deployment,
    facts,
    incident,
    kind,
    series,
    service,
    stopped,
)
from worker_stuck.checks import Facts
from worker_stuck.decide import decide

FACTS = tuple(field.name for field in fields(Facts) if field.name != "at")
OFTEN = settings(
    deadline=None,
    database=None,
    print_blob=True,
    max_examples=500,
    suppress_health_check=[HealthCheck.too_slow],
)

# What each bold row reads; all other facts may be unknown. Written down from the table, not from the code.
QUEUE = {"redis_up", "depth", "redis_run"}
ROWS: dict[str, tuple[Facts, Incident, str, set[str]]] = {
    "stuck": (facts(), incident(), "Apply", QUEUE | {"service", "stopped", "quiet", "cpu"}),
    "crash loop": (
        facts(stopped=crashes(1, 4, 7)), incident(), "Apply", QUEUE | {"service", "stopped"},
    ),
    "end": (
        facts(depth=series(5, 5, 5, 5, 5), alarms={ALARM: "OK"}),
        incident(),
        "Resolve",
        QUEUE | {"alarms"},
    ),
    "proof": (
        facts(depth=series(9, 9, 9)),
        incident(attempt()),
        "Wait VERIFIED",
        QUEUE | {"service", "stopped"},
    ),
}  # fmt: skip


def bold(decision: Decision) -> bool:
    """Say whether a decision changes, ends or proves something."""
    verdict = getattr(decision, "verdict", None)
    proved = verdict is not None and verdict.outcome is Outcome.VERIFIED
    return isinstance(decision, Apply | Resolve) or proved


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("row", ROWS)
def test_a_bold_row_is_blind_without_a_fact_that_it_reads_and_needs_no_other(
    row: str, name: str
) -> None:
    seen, about, known, read = ROWS[row]

    decision = decided(replace(seen, **{name: UNKNOWN}), about)

    assert ("Wait blind" if name in read else known) == kind(decision)


@pytest.mark.parametrize("row", ROWS)
def test_a_bold_row_is_blind_when_its_probes_have_fallen_silent(row: str) -> None:
    seen, about, _, _ = ROWS[row]

    decision = decided(replace(seen, at=NOW + timedelta(minutes=5)), about)

    assert kind(decision) == "Wait blind"


def mostly(usual: list[Any], odd: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Any]:
    """Return one of the usual values, now and then an odd one, now and then nothing."""
    strange = st.just(UNKNOWN) if odd is None else odd
    return st.integers(0, 19).flatmap(
        lambda dice: (
            st.just(UNKNOWN) if dice == 0 else strange if dice < 4 else st.sampled_from(usual)
        )
    )


def gaps(values: list[float]) -> st.SearchStrategy[Samples]:
    """Return series with gaps, of which the newest may be old."""

    def made(found: list[float | None], newest: float) -> Samples:
        oldest = newest + len(found) - 1
        return tuple(
            Sample(ago(oldest - number), value)
            for number, value in enumerate(found)
            if value is not None
        )

    return st.builds(
        made,
        st.lists(st.sampled_from([*values, *values, None]), max_size=16),
        st.sampled_from([0.0, 1.0, 5.0, 6.0]),
    )


MINUTES = st.floats(0, 70)
MOMENTS = st.one_of(st.sampled_from([ago(1500), ago(12)]), MINUTES.map(ago))
DEPLOYMENTS = st.builds(
    deployment,
    id=st.sampled_from(["ecs-svc/1"] * 5 + ["ecs-svc/2"]),
    rollout_state=st.sampled_from(["COMPLETED"] * 5 + ["IN_PROGRESS", "FAILED"]),
    created_at=MOMENTS,
    updated_at=MOMENTS,
    failed_tasks=st.sampled_from([0] * 9 + [2, 3]),
)
SERVICES = st.builds(
    service,
    DEPLOYMENTS,
    running=st.sampled_from([2, 2, 2, 2, 2, 1, 0]),
    desired=st.sampled_from([2, 2, 2, 2, 2, 2, 0]),
)
TASKS = st.lists(
    st.builds(
        stopped,
        st.floats(0, 20),
        st.sampled_from(["EssentialContainerExited"] * 5 + ["TaskFailedToStart", "UserInitiated"]),
        exit_codes=st.sampled_from([(1,), (0, 137), (0,), ()]),
        deployment=st.sampled_from(["ecs-svc/1"] * 5 + ["ecs-svc/0", ""]),
    ),
    max_size=6,
).map(lambda found: tuple(sorted(found, key=lambda one: one.stopped_at, reverse=True)))
QUEUES = [
    series(*[300] * 12),
    series(200, 240, 280, 320, 360),
    series(380, 360, 340, 320, 300),
    series(*[5] * 12),
    series(*[0] * 12),
    series(300, 200, 100, 50, 5, 5),
]
STATES = [
    {ALARM: "ALARM"},
    {ALARM: "OK"},
    {ALARM: "INSUFFICIENT_DATA"},
    {ALARM: "OK", "b": "ALARM"},
]
ANYTHING = st.builds(
    facts,
    alarms=mostly([*STATES, STATES[1], STATES[1]]),
    depth=mostly(QUEUES, gaps([0, 5, 99, 100, 300])),
    unacked=mostly([series(8)]),
    redis_up=mostly([series(*[1] * 12)], gaps([1, 1, 0])),
    redis_run=mostly([series(*[4242] * 12)], gaps([4242, 4242, 99])),
    cpu=mostly([series(*[0] * 9), series(*[1.99] * 9), series(*[2] * 9)], gaps([0, 50])),
    service=mostly([service()], SERVICES),
    running=mostly([("a",)]),
    stopped=mostly([(), (), crashes(1, 4, 7)], TASKS),
    definition=mostly([facts().definition]),
    quiet=mostly([True, True, False]),
)
ATTEMPTS = st.builds(
    attempt,
    st.sampled_from([*Outcome, Outcome.APPLIED, Outcome.APPLIED, None]),
    MINUTES,
    prior=st.fixed_dictionaries(
        {"depth": st.integers(0, 500), "deployment": st.just("ecs-svc/0")},
        optional={"redis_run": st.sampled_from([4242, 99])},
    ),
    left=st.just({"deployment": "ecs-svc/1", "task_definition": REVISION}),
)
INCIDENTS = st.builds(
    lambda attempts, opened, status: incident(*attempts, opened=opened, status=status),
    st.one_of(st.just([]), st.lists(ATTEMPTS, max_size=2)),
    MINUTES,
    st.sampled_from(Status),
)


@OFTEN
@given(seen=ANYTHING, about=INCIDENTS)
def test_always_decides_with_a_sentence_for_a_reason(seen: Facts, about: Incident) -> None:
    decision = decide(seen, about, LIMITS, COMMANDS)

    assert decision.reason.strip() == decision.reason
    assert len(decision.reason.split()) >= 2


@OFTEN
@given(seen=ANYTHING, about=INCIDENTS)
def test_is_bold_only_about_a_queue_that_it_sees(seen: Facts, about: Incident) -> None:
    decision = decide(seen, about, LIMITS, COMMANDS)

    if bold(decision):
        assert not [name for name in QUEUE if isinstance(getattr(seen, name), Unknown)]
    if isinstance(decision, Apply):
        assert about.unverified is None
        assert decision.remember["depth"] >= LIMITS.queue_depth_good


@OFTEN
@given(seen=ANYTHING, about=INCIDENTS, gone=st.sets(st.sampled_from(FACTS), min_size=1))
def test_never_grows_bolder_by_seeing_less(seen: Facts, about: Incident, gone: set[str]) -> None:
    less = replace(seen, **dict.fromkeys(gone, UNKNOWN))

    before, after = (decide(each, about, LIMITS, COMMANDS) for each in (seen, less))

    assert bold(before) or not bold(after)
