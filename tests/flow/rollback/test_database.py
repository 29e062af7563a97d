"""A migration taken back by hand: read, stated, done once, proved; each test plays on a stage of its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from disturb import refuse
from migrate_stage import INSTANCE, NAME, SETTINGS, SNAPSHOT, STATED, MigrateStage
from seam import Call, LostAnswer
from stage import open_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[Any]:
    with open_stage(MigrateStage) as stage:
        yield stage


@pytest.fixture
def stage(built_stage: MigrateStage) -> MigrateStage:
    built_stage.begin()
    return built_stage


def test_a_dry_run_shows_the_step_and_what_is_to_be_stated(stage: MigrateStage) -> None:
    first = stage.ask()
    stage.step(90)
    second = stage.ask(dry_run=True)

    assert "ask again in a minute" in first["why"]
    assert second["seen"]["step"] == "from b2e4 to a1f0"
    assert "aws ecs run-task" in second["seen"]["command"]
    assert '"snapshot"' in second["seen"]["to state"]
    assert "alembic upgrade head" in second["undone_by"]
    assert second["would_change"] == "nothing"
    assert len(stage.migrate.tasks) == len(stage.migrate.readings()) == 1
    assert stage.incident() == {}


def test_a_dry_run_with_all_stated_shows_the_exact_change(stage: MigrateStage) -> None:
    stage.read()

    answer = stage.ask(**STATED)

    assert '"b2e4", "a1f0"' in answer["would_change"]
    assert '["alembic", "upgrade", "b2e4"]' in answer["undo"]
    assert stage.migrate.downgrades() == []
    assert stage.incident() == {}


def test_takes_it_back_once_and_proves_it(stage: MigrateStage) -> None:
    stage.read()

    answer = stage.ask(dry_run=False, **STATED)
    stage.live(8)

    [ours] = stage.migrate.downgrades()
    assert "changed" in answer
    assert ours.words[-2:] == ["b2e4", "a1f0"]
    assert ours.asked["taskDefinition"].endswith("saas-migrate:7")
    assert stage.migrate.at == "a1f0"
    assert stage.outcomes() == ["VERIFIED"]
    assert stage.incident()["status"] == "resolved"
    assert len(stage.migrate.readings()) == 2
    assert stage.told() == ["downgrade applied", "resolved"]


def test_nothing_is_started_twice_by_asking_again(stage: MigrateStage) -> None:
    stage.read()
    stage.ask(dry_run=False, **STATED)

    again = stage.ask(dry_run=False, **STATED)
    stage.live(8)
    after = stage.ask(dry_run=False, **STATED)

    assert "the downgrade from b2e4 to a1f0" in again["refused"]
    assert "a1f0 is the first revision" in after["refused"]
    assert len(stage.migrate.downgrades()) == 1


@pytest.mark.parametrize("field", sorted(STATED))
def test_refuses_a_request_without_a_statement(stage: MigrateStage, field: str) -> None:
    stage.read()
    stated = {name: value for name, value in STATED.items() if name != field}

    answer = stage.ask(dry_run=False, **stated)

    assert f'does not state "{field}"' in answer["refused"]
    assert stage.migrate.downgrades() == []
    assert stage.incident() == {}


def _unknown_revision(stage: MigrateStage) -> None:
    stage.migrate.known = False


def _two_heads(stage: MigrateStage) -> None:
    stage.migrate.heads = ["b2e4", "c3d0"]


def _first(stage: MigrateStage) -> None:
    stage.migrate.at = "a1f0"


def _elsewhere(stage: MigrateStage) -> None:
    stage.migrate.at = "zz99"
    stage.migrate.known = False


@pytest.mark.parametrize(
    ("world", "why"),
    [
        pytest.param(
            _unknown_revision, "the image does not contain the revision", id="not in the image"
        ),
        pytest.param(_two_heads, "the image has 2 heads (b2e4, c3d0)", id="two heads"),
        pytest.param(_first, "a1f0 is the first revision", id="the first"),
        pytest.param(_elsewhere, "Can't locate revision identified by 'zz99'", id="a foreign one"),
    ],
)
def test_refuses_where_there_is_no_single_step_back(
    stage: MigrateStage, world: Any, why: str
) -> None:
    world(stage)
    stage.read()

    answer = stage.ask(dry_run=False, **STATED)

    assert why in answer["refused"]
    assert stage.migrate.downgrades() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param(
            {"from": "c3d0"}, "says that the database is at c3d0; it is at b2e4", id="from"
        ),
        pytest.param(
            {"snapshot": "none-such"}, "RDS knows none of this name", id="no such snapshot"
        ),
        pytest.param({"backwards_compatible": "yes"}, "expected true or false", id="a text"),
        pytest.param({"from": "-1"}, "expected a revision, written out", id="a step"),
        pytest.param({"to": "base"}, "the request has to", id="a target of its own"),
    ],
)
def test_refuses_a_wrong_statement(stage: MigrateStage, changes: dict[str, Any], why: str) -> None:
    stage.read()

    answer = stage.ask(**{"dry_run": False, **STATED, **changes})

    assert why in answer["refused"]
    assert stage.migrate.downgrades() == []


def test_refuses_a_snapshot_that_is_older_than_a_day(stage: MigrateStage) -> None:
    stage.step(timedelta(hours=23, minutes=30).total_seconds())
    stage.read()

    answer = stage.ask(dry_run=False, **STATED)

    assert f"snapshot {SNAPSHOT} is 24 h old" in answer["refused"]


def test_an_old_reading_is_not_used(stage: MigrateStage) -> None:
    stage.read()
    stage.step(600)

    answer = stage.ask(dry_run=False, **STATED)

    assert "ask again in a minute" in answer["refused"]
    assert len(stage.migrate.readings()) == 2
    assert stage.migrate.downgrades() == []


def test_a_reading_before_somebodys_migration_is_not_used(stage: MigrateStage) -> None:
    stage.read()
    stage.migrate.migrates("pipeline/9")

    running = stage.ask(dry_run=False, **STATED)
    stage.step(90)
    after = stage.ask(dry_run=False, **STATED)

    assert "started by pipeline/9, is PROVISIONING: wait for its end" in running["refused"]
    assert "ask again in a minute" in after["refused"]
    assert len(stage.migrate.readings()) == 2
    assert stage.migrate.downgrades() == []


def test_a_migration_between_the_look_and_the_call_is_noticed_by_the_task(
    stage: MigrateStage,
) -> None:
    stage.read()
    stage.ask(dry_run=False, **STATED)
    stage.migrate.at = "c3d0"

    stage.live(5)

    assert stage.migrate.at == "c3d0"
    assert stage.outcomes() == ["FAILED"]
    assert "nothing was changed" in stage.pages()[0]["Message"]


@pytest.mark.parametrize("state", ["off", None], ids=["off", "missing"])
def test_starts_no_task_at_all_unless_the_switch_is_on(
    stage: MigrateStage, state: str | None
) -> None:
    stage.parameter(SETTINGS.switch_parameter, state)

    answer = stage.ask()

    assert "alembic was not asked" in answer["why"]
    assert stage.migrate.tasks == []


def test_the_switch_stops_a_downgrade_that_was_read_before(stage: MigrateStage) -> None:
    stage.read()
    stage.parameter(SETTINGS.switch_parameter, "off")

    answer = stage.ask(dry_run=False, **STATED)

    assert "switched off" in answer["refused"]
    assert stage.migrate.downgrades() == []


def test_a_failed_downgrade_pages_with_its_last_line(stage: MigrateStage) -> None:
    stage.read()
    stage.migrate.fails = "psycopg.errors.LockNotAvailable: canceling statement"
    stage.ask(dry_run=False, **STATED)

    stage.live(5)

    [page] = stage.pages()
    assert stage.outcomes() == ["FAILED"]
    assert "LockNotAvailable: canceling statement" in page["Message"]
    assert '["alembic", "upgrade", "b2e4"]' in page["Message"]
    assert len(stage.migrate.downgrades()) == 1
    assert len(stage.migrate.readings()) == 1


def test_exit_code_0_is_no_proof(stage: MigrateStage) -> None:
    stage.read()
    stage.migrate.stays = True
    stage.ask(dry_run=False, **STATED)

    stage.live(8)

    assert stage.outcomes() == ["FAILED"]
    assert "ended well, and at b2e4" in stage.pages()[0]["Message"]


def test_a_lost_answer_is_found_by_its_task_and_not_repeated(stage: MigrateStage) -> None:
    stage.read()

    def lose(call: Call) -> None:
        if call.operation == "RunTask" and call.actor == NAME:
            raise LostAnswer

    stage.hooks.sending.append(lose)
    answer = stage.ask(dry_run=False, **STATED)
    stage.calm()
    stage.live(8)

    assert "was lost" in answer["why"]
    assert len(stage.migrate.downgrades()) == 1
    assert stage.migrate.at == "a1f0"
    assert stage.outcomes() == ["VERIFIED"]


def test_a_call_that_never_arrived_is_not_made_by_a_second_look(stage: MigrateStage) -> None:
    stage.read()

    def no_task(call: Call) -> Any:
        if call.operation != "RunTask":
            return stage._answer(call)
        return 500, {"__type": "ServerException"}

    stage.hooks.answer = no_task
    stage.ask(dry_run=False, **STATED)
    stage.calm()
    stage.live(5)

    assert stage.migrate.downgrades() == []
    assert stage.outcomes() == ["REFUSED"]
    assert "did not take effect" in stage.pages()[0]["Message"]


@pytest.mark.parametrize(
    "call", ["ecs.ListTasks", "ecs.DescribeTasks", "logs.GetLogEvents", "rds.DescribeDBSnapshots"]
)
def test_a_read_that_is_denied_is_answered_and_changes_nothing(
    stage: MigrateStage, call: str
) -> None:
    stage.read()
    service, operation = call.split(".")
    name = {"logs": "cloudwatchlogs"}.get(service, service) + f".{operation}"
    stage.hooks.before.append(refuse(name, actor=NAME))

    answer = stage.ask(dry_run=False, **STATED)

    assert f"AccessDeniedException to {operation}" in answer["refused"]
    assert stage.migrate.downgrades() == []


def test_a_downgrade_that_iam_denies_pages_with_the_command(stage: MigrateStage) -> None:
    stage.read()
    stage.hooks.before.append(refuse("ecs.RunTask", actor=NAME))

    stage.ask(dry_run=False, **STATED)

    [page] = stage.pages()
    assert stage.outcomes() == ["FAILED"]
    assert '"b2e4", "a1f0"' in page["Message"]
    assert INSTANCE in page["Subject"]
