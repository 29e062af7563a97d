"""The judge on hand-made evidence: each single piece that is missing or contradicts turns a case red."""

from pathlib import Path
from typing import Any

import pytest

from evidence import NEW, OLD, Night, Spoil, call, repaired, says_only, watched, worker


@pytest.mark.parametrize("night", [repaired, watched])
def test_a_true_night_is_ok(night: Any, tmp_path: Path) -> None:
    evidence = night().judged(tmp_path)

    assert evidence.why == []
    assert evidence.ok


def _redeploy_by(function: str) -> Spoil:
    return lambda night: night.change(
        "aws-calls", {"operation": "UpdateService"}, function=function
    )


NO_REDEPLOY = "0 redeploys reached ECS, expected 1"
REDEPLOYS: dict[str, tuple[str, Spoil]] = {
    "only the records say so": (
        NO_REDEPLOY,
        lambda night: night.drop("aws-calls", operation="UpdateService"),
    ),
    "ECS refused it": (
        NO_REDEPLOY,
        lambda night: night.change("aws-calls", {"operation": "UpdateService"}, status=400),
    ),
    "the rehearsal did it itself": (NO_REDEPLOY, _redeploy_by("driver")),
    "two of them": (
        "2 redeploys reached ECS, expected 1",
        lambda night: night.add("aws-calls", call("03:14", "UpdateService")),
    ),
    "another service": (
        "a redeploy of saas-web, which was not broken",
        lambda night: night.change("aws-calls", {"operation": "UpdateService"}, target="saas-web"),
    ),
    "before the break": (
        "a redeploy before anything was broken",
        lambda night: night.change("aws-calls", {"operation": "UpdateService"}, at="2026-11-23T03"),
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), REDEPLOYS.values(), ids=REDEPLOYS.keys())
def test_a_redeploy_is_counted_in_the_call_log(sentence: str, spoil: Spoil, tmp_path: Path) -> None:
    night = repaired()

    spoil(night)

    says_only(sentence, night, tmp_path)


WORKERS: dict[str, tuple[str, Spoil]] = {
    "never restarted": (
        "no worker process was started after the break",
        lambda night: night.drop("processes", pid=NEW),
    ),
    "started before the break": (
        "no worker process was started after the break",
        lambda night: (
            night.drop("processes", pid=NEW),
            night.add(
                "processes",
                worker("03:07", NEW, "start"),
                worker("03:15", NEW, "signal", signal="SIGTERM"),
            ),
        )[0],
    ),
    "asked to stop before the break only": (
        "1 workers from before the break were never ended",
        lambda night: (
            night.change("processes", {"signal": "SIGTERM"}, at="2026-11-23T03:07"),
            night.change("processes", {"signal": "SIGKILL"}, at="2026-11-23T03:07"),
            night.end(done=list(range(10))),
        )[0],
    ),
    "one more beside the frozen one": (
        "1 workers from before the break were never ended",
        lambda night: (
            night.drop("processes", signal="SIGTERM"),
            night.drop("processes", signal="SIGKILL"),
            night.end(done=list(range(10))),
        )[0],
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), WORKERS.values(), ids=WORKERS.keys())
def test_a_worker_is_replaced_by_processes_that_really_ran(
    sentence: str, spoil: Spoil, tmp_path: Path
) -> None:
    night = repaired()

    spoil(night)

    says_only(sentence, night, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        worker("03:20", NEW, "start"),
        worker("03:20", OLD, "signal", signal="SIGTERM"),
        worker("03:20", OLD, "signal", signal="SIGKILL"),
    ],
    ids=["started", "asked to stop", "killed"],
)
def test_an_untouched_worker_is_neither_started_nor_ended(
    line: dict[str, Any], tmp_path: Path
) -> None:
    night = watched()

    night.add("processes", line)

    says_only("workers were started or killed", night, tmp_path)


def _killed_before_the_break(night: Night) -> None:
    night.change("processes", {"signal": "SIGKILL"}, at="2026-11-23T03:07")


DID_NOT_RING = "worker_stuck/queue-depth did not ring after the break"
WORK: dict[str, tuple[str, Spoil]] = {
    "one more than the killed worker held": (
        "2 tasks never ran, 1 workers were killed",
        lambda night: night.end(sent=11),
    ),
    "numbers that nobody sent": (
        "2 tasks never ran, 1 workers were killed",
        lambda night: night.end(done=[*range(8), 97, 98]),
    ),
    "one task ten times": (
        "9 tasks never ran, 1 workers were killed",
        lambda night: night.end(done=[3] * 10),
    ),
    "killed before the break": (
        "1 tasks never ran, 0 workers were killed",
        _killed_before_the_break,
    ),
    "another process was killed": (
        "1 tasks never ran, 0 workers were killed",
        lambda night: night.change("processes", {"signal": "SIGKILL"}, name="redis"),
    ),
    "messages left": ("3 messages still wait in Redis", lambda night: night.end(depth=3)),
    "alarm left": ("the alarm ended as ALARM", lambda night: night.end(alarm="ALARM")),
    "alarm without an opinion": (
        "the alarm ended as INSUFFICIENT_DATA",
        lambda night: night.end(alarm="INSUFFICIENT_DATA"),
    ),
    "alarm never raised": (
        DID_NOT_RING,
        lambda night: night.drop("alarms", after="ALARM"),
    ),
    "another alarm raised": (
        DID_NOT_RING,
        lambda night: night.change(
            "alarms", {"after": "ALARM"}, name="nightshift-prod/backend_5xx/elb-5xx"
        ),
    ),
    "only its slow twin raised": (
        DID_NOT_RING,
        lambda night: night.change(
            "alarms", {"after": "ALARM"}, name="nightshift-prod/second-path/queue-depth"
        ),
    ),
    "alarm raised before the break": (
        DID_NOT_RING,
        lambda night: night.change("alarms", {"after": "ALARM"}, at="2026-11-23T03:05"),
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), WORK.values(), ids=WORK.keys())
def test_drained_means_that_the_tasks_ran(sentence: str, spoil: Spoil, tmp_path: Path) -> None:
    night = repaired()

    spoil(night)

    says_only(sentence, night, tmp_path)


def test_a_worker_killed_twice_takes_one_task(tmp_path: Path) -> None:
    night = repaired()
    kills = [one for one in night.files["processes"] if one.get("signal") == "SIGKILL"]

    night.end(done=list(range(8)))

    assert len(kills) == 2
    says_only("2 tasks never ran, 1 workers were killed", night, tmp_path)


def test_a_worker_that_was_gone_before_the_break_is_none_of_the_nights(tmp_path: Path) -> None:
    night = repaired()

    night.add("processes", worker("03:01", 33, "start"))
    night.add("processes", worker("03:05", 33, "exit", exit_code=-9))

    assert night.judged(tmp_path).ok


def test_a_worker_that_exited_by_itself_is_ended(tmp_path: Path) -> None:
    night = repaired()

    night.drop("processes", signal="SIGTERM")
    night.drop("processes", signal="SIGKILL")
    night.change("processes", {"event": "exit"}, exit_code=1)
    night.end(done=list(range(10)))

    assert night.judged(tmp_path).ok


def test_a_worker_killed_in_the_moment_of_the_break_is_ended(tmp_path: Path) -> None:
    night = repaired()

    night.drop("processes", signal="SIGTERM")
    night.change("processes", {"signal": "SIGKILL"}, at=night.ended.broke_at)

    assert night.judged(tmp_path).ok
