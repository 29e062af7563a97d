"""IAM refuses one kind of call: no fix unless ECS itself made it, and people or the Errors alarm know."""

import pytest

from disturb import refuse
from night import Night
from stage import Stage, event

FIXED_ANYWAY = {
    "cloudwatch.DescribeAlarms",  # asked for the end only
    "dynamodb.DeleteItem",  # a message that stays in the outbox is told twice
    "sns.Publish",  # patrol has a role of its own, and sends it
}
NOT_FIXED = {
    "cloudwatch.GetMetricData",
    "cloudwatchlogs.FilterLogEvents",
    "dynamodb.BatchGetItem",
    "dynamodb.TransactWriteItems",
    "dynamodb.UpdateItem",
    "ecr.DescribeImages",
    "ecs.DescribeServices",
    "ecs.DescribeTaskDefinition",
    "ecs.DescribeTasks",
    "ecs.ListTasks",
    "ecs.UpdateService",
    "ssm.GetParameters",
}
BY_HAND_OR_REFUSED = {"dynamodb.GetItem", "sqs.SendMessage"}


def test_every_kind_of_call_that_the_function_makes_is_denied_below(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.worker_stuck(event("worker_stuck_by_hand"))
    stage.worker_stuck({})

    night.until("resolved")

    made = {call.name for call in stage.calls if call.actor == "worker_stuck"}
    assert made == FIXED_ANYWAY | NOT_FIXED | BY_HAND_OR_REFUSED


@pytest.mark.parametrize("name", sorted(NOT_FIXED))
def test_without_a_permission_that_the_fix_needs_nothing_is_changed_and_nothing_is_silent(
    stage: Stage, night: Night, name: str
) -> None:
    night.to("the fix")
    stage.hooks.before.append(refuse(name))

    night.minutes(4)

    assert stage.redeploys() == 0
    assert stage.pages()
    assert stage.outbox() == []
    assert stage.incident()["open"] == "open"


@pytest.mark.parametrize("name", sorted(FIXED_ANYWAY))
def test_a_permission_that_the_fix_does_not_need_delays_no_fix_and_loses_no_message(
    stage: Stage, night: Night, name: str
) -> None:
    night.to("the fix")
    stage.hooks.before.append(refuse(name))

    night.minutes(4)

    assert stage.redeploys() == 1
    assert set(stage.told()) == {"redeploy applied"}
    assert stage.outbox() == []


def test_a_refused_update_service_is_failed_and_paged_with_the_command(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.hooks.before.append(refuse("ecs.UpdateService"))

    night.minute()

    [attempt] = stage.incident()["attempts"]
    assert (attempt["outcome"], stage.incident()["status"]) == ("FAILED", "escalated")
    [page] = stage.pages()
    assert (
        "AWS refused redeploy of ecs:saas-prod/saas-worker: AccessDeniedException\n"
        in (page["Message"])
    )
    assert (
        "Next     aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-worker"
        in (page["Message"])
    )
    assert stage.item("occupancy#ecs:saas-prod/saas-worker") == {}


@pytest.mark.parametrize(
    "name", ["dynamodb.UpdateItem", "dynamodb.TransactWriteItems", "dynamodb.BatchGetItem"]
)
def test_without_the_table_each_look_is_an_error_that_lambda_counts(
    stage: Stage, night: Night, name: str
) -> None:
    night.to("the fix")
    stage.hooks.before.append(refuse(name))

    night.minute()

    assert len(night.errors) == 1
    assert len(night.again) == 1
