"""What patrol does after an incident: the draft, the temporary changes, and a switch that is off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from building import PATROL
from night import Night
from runbook.clock import to_text
from seam import Call, Killed, Refusal
from stage import SETTINGS, Stage

ID = "worker_stuck-20261123-0216-0001"
KEY = f"post-mortems/{ID}.md"
SWITCH = SETTINGS.switch_parameter


def at(name: str, act: Callable[[], Any]) -> Callable[[Call], Any]:
    """Return a hook that acts at the first call of patrol with this name."""
    left = [name]

    def hook(call: Call) -> Any:
        if call.actor == "patrol" and call.name in left:
            left.remove(call.name)
            return act()
        return None

    return hook


def end() -> None:
    raise Killed("patrol ended here")


def written(stage: Stage) -> list[str]:
    """Return the keys of the objects that patrol asked S3 to keep."""
    return [call.params["Key"] for call in stage.calls if call.name == "s3.PutObject"]


def drafts_told(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.updates() if one["Subject"].endswith("post-mortem draft")]


@pytest.fixture
def ended(stage: Stage, night: Night) -> Stage:
    """Return a stage whose incident has just ended: its draft is asked for."""
    night.to("the end")
    night.minute()
    return stage


def test_an_incident_that_ended_gets_one_draft_and_people_are_told_where(ended: Stage) -> None:
    done = ended.patrol()
    ended.step(60)
    again = ended.patrol()

    assert (done.drafts, done.problems, again.drafts) == (1, [], 0)
    assert written(ended) == [KEY]
    kept = ended.admin("s3").get_object(Bucket=PATROL.bucket, Key=KEY)
    text = kept["Body"].read().decode()
    assert "redeploy of ecs:saas-prod/saas-worker: VERIFIED" in text
    assert "request id-of-ecs.UpdateService (record 000017)" in text
    (told,) = drafts_told(ended)
    assert f"Place    s3://{PATROL.bucket}/{KEY}\n" in told["Message"]
    assert ended.item("postmortem", ID) == {}


@pytest.mark.parametrize("after", [False, True], ids=["before it is told", "after it is told"])
def test_a_pass_that_dies_after_the_object_is_written_repeats_harmlessly(
    ended: Stage, *, after: bool
) -> None:
    hook = at("dynamodb.TransactWriteItems", end)
    (ended.hooks.after if after else ended.hooks.before).append(hook)

    with pytest.raises(Killed):
        ended.patrol()
    ended.step(120)
    ended.patrol()

    assert written(ended) == [KEY] * (1 if after else 2)
    assert len(drafts_told(ended)) == 1
    assert ended.item("postmortem", ID) == {}


def test_an_incident_that_ends_anew_while_its_draft_is_written_gets_another_draft(
    ended: Stage,
) -> None:
    later = to_text(ended.now() + timedelta(minutes=1))
    anew = at("s3.PutObject", lambda: ended.change("postmortem", ID, resolved_at=later))
    ended.hooks.before.append(anew)

    first, second = ended.patrol(), ended.patrol()

    assert (first.drafts, second.drafts) == (0, 1)
    assert len(drafts_told(ended)) == 1


def test_a_draft_that_s3_refuses_stays_asked_for_and_holds_up_nothing_else(ended: Stage) -> None:
    ended.put("postmortem", "another", scenario="worker_stuck", target="x", resolved_at="2026")
    ended.hooks.before.append(at("s3.PutObject", lambda: Refusal("AccessDenied", 403)))

    done = ended.patrol()

    assert (done.drafts, len(done.problems)) == (1, 1)
    assert done.problems[0].startswith("a post-mortem draft: AccessDenied")
    assert [ended.item("postmortem", name) != {} for name in ("another", ID)] == [True, False]


def test_a_row_of_another_version_holds_up_no_other_draft(ended: Stage) -> None:
    ended.put("postmortem", "another", scenario="worker_stuck", schema=2)

    done = ended.patrol()

    assert done.drafts == 1
    assert "schema 2" in done.problems[0]


def lend(stage: Stage, name: str = "i-1", *, minutes: int, **more: Any) -> None:
    """Leave a temporary change in the ledger that is due in some minutes."""
    values = {
        "scenario": "db_connections",
        "target": "saas-prod-db",
        "incident": "db_connections-1",
        "fix": "scale_down",
        "resource": "ecs:saas-prod/saas-worker",
        "applied_at": to_text(stage.now()),
        "due_at": to_text(stage.now() + timedelta(minutes=minutes)),
        "command": f"aws ecs update-service --desired-count 3  # {name}",
        "revert": f"aws ecs update-service --desired-count 4  # {name}\nand look",
    }
    stage.put("ledger", name, **{**values, **more})


def subjects(stage: Stage) -> list[str]:
    return [page["Subject"] for page in stage.pages()]


DUE = "[prod] db_connections saas-prod-db: PAGE scale_down is due: adopt or revert"


def test_a_temporary_change_is_paged_when_it_is_due_and_then_once_a_day(stage: Stage) -> None:
    lend(stage, minutes=2)

    counts = []
    for minutes in (1, 1, 1, 24 * 60 - 2, 1, 1):
        stage.step(minutes * 60)
        stage.patrol()
        counts.append(len(stage.pages()))

    assert counts == [0, 1, 1, 1, 2, 2]
    assert subjects(stage) == [DUE, DUE]
    (first, _) = stage.pages()
    assert "Did      aws ecs update-service --desired-count 3  # i-1\n" in first["Message"]
    assert (
        "Revert   aws ecs update-service --desired-count 4  # i-1\n         and look\n"
        in first["Message"]
    )
    assert """--key '{"pk":{"S":"ledger"},"sk":{"S":"i-1"}}'""" in first["Message"]


def test_two_changes_that_are_due_in_one_pass_are_both_paged(stage: Stage) -> None:
    lend(stage, "i-1", minutes=0)
    lend(stage, "i-2", minutes=0)

    done = stage.patrol()

    assert (done.paged, done.problems, len(stage.pages())) == (2, [], 2)


def test_a_change_that_was_taken_back_meanwhile_is_not_reminded_of(stage: Stage) -> None:
    lend(stage, minutes=0)
    remove = {"TableName": SETTINGS.table, "Key": {"pk": {"S": "ledger"}, "sk": {"S": "i-1"}}}
    gone = at(
        "dynamodb.TransactWriteItems",
        lambda: stage.admin("dynamodb").delete_item(**remove) and None,
    )
    stage.hooks.before.append(gone)

    done = stage.patrol()

    assert (done.paged, done.problems, stage.pages()) == (0, [], [])


def test_an_entry_of_another_version_keeps_no_other_one_from_being_paged(stage: Stage) -> None:
    lend(stage, "i-0", minutes=0, schema=2)
    lend(stage, "i-1", minutes=0)

    done = stage.patrol()

    assert (done.paged, len(done.problems), subjects(stage)) == (1, 1, [DUE])


def test_switching_off_pages_once_with_every_revert_command(stage: Stage) -> None:
    lend(stage, "i-1", minutes=60)
    lend(stage, "i-2", minutes=60)
    stage.patrol()
    stage.parameter(SWITCH, "off")

    for _ in range(3):
        stage.step(60)
        stage.patrol()

    assert subjects(stage) == ["[prod] PAGE switched off with 2 temporary change(s)"]
    (page,) = stage.pages()
    for name in ("i-1", "i-2"):
        assert f"Revert   aws ecs update-service --desired-count 4  # {name}\n" in page["Message"]
    assert f"--name {SWITCH} --value on --overwrite" in page["Message"]


def test_each_switching_off_and_each_change_that_came_late_is_paged(stage: Stage) -> None:
    lend(stage, "i-1", minutes=60)
    told = []
    for act in (
        lambda: stage.parameter(SWITCH, "off"),
        lambda: lend(stage, "i-2", minutes=60),
        lambda: stage.parameter(SWITCH, "on"),
        lambda: stage.parameter(SWITCH, "off"),
    ):
        act()
        stage.step(60)
        stage.patrol()
        told.append(len(stage.pages()))

    assert told == [1, 2, 2, 3]


def test_switching_off_with_nothing_in_the_ledger_pages_nobody(stage: Stage) -> None:
    stage.parameter(SWITCH, "off")

    done = stage.patrol()

    assert (done.problems, stage.pages()) == ([], [])
    assert "ssm.GetParameters" not in {call.name for call in stage.calls}


@pytest.mark.parametrize(
    ("state", "shown"), [(None, "missing"), ("perhaps", "perhaps")], ids=["missing", "odd"]
)
def test_a_switch_that_is_neither_on_nor_off_takes_the_heartbeat_away(
    stage: Stage, state: str | None, shown: str
) -> None:
    lend(stage, minutes=60)
    stage.parameter(SWITCH, state)

    done = stage.patrol()

    assert done.problems == [
        f"the switch: NightshiftError: {SWITCH} is {shown!r}, expected on or off: nothing is taken back"
    ]
    assert stage.heartbeats == 0
