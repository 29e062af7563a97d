"""The rehearsal's IAM, as a table: what AWS would permit and what it would not."""

from typing import Any

import botocore.session
import pytest

from rehearsal.aws.iam import NEEDED, Demand, Place, allowed, may_use_key

WORKER = "arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"
WEB = "arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-web"
PLACE = Place("me-south-1", "111122223333")


def _statement(effect: str = "Allow", **fields: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "ecs:UpdateService", "Resource": WORKER, **fields}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ALLOW = _policy(_statement())
DENY = _policy(_statement("Deny"))
UPDATE = Demand("ecs:UpdateService", WORKER)


@pytest.mark.parametrize(
    ("policies", "demand", "may"),
    [
        ([], UPDATE, False),
        ([ALLOW], UPDATE, True),
        ([ALLOW], Demand("ecs:UpdateService", WEB), False),
        ([ALLOW], Demand("ecs:StopTask", WORKER), False),
        ([DENY], UPDATE, False),
        ([ALLOW, DENY], UPDATE, False),
        ([DENY, ALLOW], UPDATE, False),
        ([_policy(_statement("Deny"), _statement())], UPDATE, False),
        ([ALLOW, _policy(_statement("Deny", Resource="*"))], UPDATE, False),
        ([ALLOW, _policy(_statement("Deny", Resource=WEB))], UPDATE, True),
        ([_policy(_statement("Deny", Resource=WEB)), ALLOW], UPDATE, True),
    ],
    ids=[
        "silence is no",
        "allowed",
        "another resource",
        "another action",
        "denied",
        "deny after allow",
        "deny before allow",
        "deny in the same policy",
        "deny of everything",
        "deny of another resource",
        "deny of another resource first",
    ],
)
def test_an_explicit_deny_wins_and_silence_is_no(
    policies: list[Any], demand: Demand, may: bool
) -> None:
    assert allowed(policies, demand) is may


@pytest.mark.parametrize(
    ("actions", "resources", "may"),
    [
        ("ecs:*", WORKER, True),
        ("ecs:Update*", WORKER, True),
        ("ecs:Update?ervice", WORKER, True),
        ("ecs:Update?rvice", WORKER, False),
        ("*", "*", True),
        ("ecs:UpdateServicePrimaryTaskSet", WORKER, False),
        ("ecs:Update", WORKER, False),
        (["ecs:StopTask", "ecs:UpdateService"], WORKER, True),
        (["ecs:StopTask", "ecs:RunTask"], WORKER, False),
        ("ecs:UpdateService", [WEB, WORKER], True),
        ("ecs:UpdateService", "arn:aws:ecs:*:*:service/saas-prod/*", True),
        ("ecs:UpdateService", "arn:aws:ecs:*:*:service/saas-dev/*", False),
        ("ecs:UpdateService", f"{WORKER}-2", False),
        ("ecs:UpdateService", WORKER.replace("worker", "w.rker"), False),
        ("ecs:UpdateService", WORKER.removesuffix("r"), False),
    ],
    ids=str,
)
def test_stars_and_question_marks_match_whole_names_and_nothing_else_is_special(
    actions: Any, resources: Any, may: bool
) -> None:
    policy = _policy(_statement(Action=actions, Resource=resources))

    assert allowed([policy], UPDATE) is may


@pytest.mark.parametrize("action", ["ECS:updateservice", "ecs:UPDATESERVICE", "Ecs:update*"])
def test_actions_have_no_case(action: str) -> None:
    assert allowed([_policy(_statement(Action=action))], UPDATE)


def test_resources_have_a_case() -> None:
    policy = _policy(_statement(Resource=WORKER.replace("saas-worker", "SaaS-Worker")))

    assert not allowed([policy], UPDATE)


def test_a_single_statement_needs_no_list() -> None:
    assert allowed([{"Statement": _statement()}], UPDATE)


@pytest.mark.parametrize(
    ("condition", "context", "may"),
    [
        ({"StringEquals": {"a:key": "x"}}, {"a:key": "x"}, True),
        ({"StringEquals": {"a:key": "x"}}, {"a:key": "y"}, False),
        ({"StringEquals": {"a:key": "x"}}, {"a:key": "X"}, False),
        ({"StringEquals": {"a:key": "x"}}, {}, False),
        ({"StringEquals": {"A:Key": "x"}}, {"a:key": "x"}, True),
        ({"StringEquals": {"a:key": ["w", "x"]}}, {"a:key": "x"}, True),
        ({"StringEquals": {"a:key": ["w", "x"]}}, {"a:key": "v"}, False),
        ({"StringEquals": {"a:key": "*"}}, {"a:key": "x"}, False),
        ({"StringLike": {"a:key": "sa*"}}, {"a:key": "saas"}, True),
        ({"StringLike": {"a:key": "sa*"}}, {"a:key": "a saas"}, False),
        ({"ArnEquals": {"ecs:cluster": WORKER}}, {"ecs:cluster": WORKER}, True),
        ({"ArnEquals": {"ecs:cluster": WORKER}}, {"ecs:cluster": WEB}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:*"}}, {"aws:SourceArn": WEB}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "True"}, True),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws:SecureTransport": "true"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"}, False),
        (
            {"StringEquals": {"a:key": "x", "a:other": "y"}},
            {"a:key": "x", "a:other": "z"},
            False,
        ),
        (
            {"StringEquals": {"a:key": "x"}, "ArnLike": {"a:arn": "arn:*"}},
            {"a:key": "x", "a:arn": "none"},
            False,
        ),
        (
            {"StringEquals": {"a:key": "x"}, "ArnLike": {"a:arn": "arn:*"}},
            {"a:key": "x", "a:arn": "arn:one"},
            True,
        ),
    ],
    ids=str,
)
def test_every_condition_must_hold_for_one_of_its_values(
    condition: dict[str, Any], context: dict[str, str], may: bool
) -> None:
    policy = _policy(_statement(Condition=condition))

    assert allowed([policy], Demand("ecs:UpdateService", WORKER, context)) is may


def test_a_deny_whose_condition_does_not_hold_denies_nothing() -> None:
    deny = _statement("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})
    demand = Demand("ecs:UpdateService", WORKER, {"aws:SecureTransport": "true"})

    assert allowed([_policy(_statement(), deny)], demand)


@pytest.mark.parametrize(
    "statement",
    [
        _statement(Condition={"StringNotEquals": {"a:key": "x"}}),
        _statement(Condition={"StringEqualsIfExists": {"a:key": "x"}}),
        _statement(Condition={"NumericLessThan": {"a:key": "1"}}),
        _statement(NotAction="ecs:StopTask"),
        _statement(NotResource=WEB),
        _statement(NotPrincipal={"AWS": "*"}),
    ],
    ids=lambda one: str(next(reversed(one))),
)
def test_what_is_not_understood_is_refused_loudly(statement: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match="is not rehearsed"):
        allowed([_policy(statement)], Demand("ecs:UpdateService", WORKER, {"a:key": "x"}))


@pytest.mark.parametrize(
    ("principal", "may"),
    [
        ({"Service": "events.amazonaws.com"}, True),
        ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, True),
        ({"Service": "sns.amazonaws.com"}, False),
        ({"Service": "events.amazonaws.com.evil.example"}, False),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ({"AWS": "*"}, True),
        ("*", True),
    ],
    ids=str,
)
def test_a_resource_policy_asks_who_it_is(principal: Any, may: bool) -> None:
    policy = _policy(_statement(Principal=principal))

    assert allowed([policy], UPDATE, "events.amazonaws.com") is may


ROLE = "arn:aws:iam::111122223333:role/worker-stuck"
ROOT = "arn:aws:iam::111122223333:root"
DECRYPT = Demand("kms:Decrypt", "arn:aws:kms:me-south-1:111122223333:key/1")


def _key(effect: str, principal: str) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"AWS": principal},
        "Action": "kms:*",
        "Resource": "*",
    }


GRANT = _policy({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": DECRYPT.resource})
FORBID = _policy({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})


@pytest.mark.parametrize(
    ("policies", "key_policy", "may"),
    [
        ([GRANT], _policy(_key("Allow", ROOT)), True),
        ([], _policy(_key("Allow", ROOT)), False),
        ([GRANT], _policy(), False),
        ([], _policy(_key("Allow", ROLE)), True),
        ([FORBID], _policy(_key("Allow", ROLE)), False),
        ([GRANT, FORBID], _policy(_key("Allow", ROOT)), False),
        ([GRANT], _policy(_key("Allow", ROOT), _key("Deny", ROLE)), False),
        ([GRANT], _policy(_key("Allow", ROLE), _key("Deny", ROOT)), False),
        ([GRANT], _policy(_key("Allow", f"{ROLE}-2")), False),
    ],
    ids=[
        "left to IAM, which permits it",
        "left to IAM, which is silent",
        "nobody is named",
        "the role is named",
        "the role is named, and IAM denies",
        "left to IAM, which denies",
        "the key denies the role",
        "the key denies the account",
        "another role is named",
    ],
)
def test_a_keys_own_policy_comes_before_the_roles(
    policies: list[Any], key_policy: Any, may: bool
) -> None:
    assert may_use_key(policies, DECRYPT, ROLE, key_policy, "111122223333") is may


@pytest.mark.parametrize("operation", sorted(NEEDED))
def test_every_operation_in_the_table_is_one_of_aws(operation: str) -> None:
    service, name = operation.split(".")

    model = botocore.session.Session().get_service_model(service)

    assert name in model.operation_names


@pytest.mark.parametrize(
    ("operation", "params", "demands"),
    [
        (
            "ecs.UpdateService",
            {"cluster": "saas-prod", "service": "saas-worker"},
            [("ecs:UpdateService", WORKER)],
        ),
        (
            "ecs.DescribeServices",
            {"cluster": "saas-prod", "services": ["saas-worker", "saas-web"]},
            [("ecs:DescribeServices", WORKER), ("ecs:DescribeServices", WEB)],
        ),
        (
            "dynamodb.Query",
            {"TableName": "t", "IndexName": "due"},
            [("dynamodb:Query", PLACE.arn("dynamodb", "table/t/index/due"))],
        ),
        (
            "dynamodb.TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t"}}, {"Update": {"TableName": "u"}}]},
            [
                ("dynamodb:PutItem", PLACE.arn("dynamodb", "table/t")),
                ("dynamodb:UpdateItem", PLACE.arn("dynamodb", "table/u")),
            ],
        ),
        (
            "ssm.GetParameters",
            {"Names": ["/a", "/b"]},
            [
                ("ssm:GetParameters", PLACE.arn("ssm", "parameter/a")),
                ("ssm:GetParameters", PLACE.arn("ssm", "parameter/b")),
            ],
        ),
        (
            "sqs.SendMessage",
            {"QueueUrl": "http://127.0.0.1:1/111122223333/letters"},
            [("sqs:SendMessage", PLACE.arn("sqs", "letters"))],
        ),
        (
            "events.PutEvents",
            {"Entries": [{}, {"EventBusName": "other"}, {}]},
            [
                ("events:PutEvents", PLACE.arn("events", "event-bus/default")),
                ("events:PutEvents", PLACE.arn("events", "event-bus/other")),
            ],
        ),
        (
            "ecs.RunTask",
            {"cluster": "saas-prod", "taskDefinition": PLACE.arn("ecs", "task-definition/m:7")},
            [
                ("ecs:RunTask", PLACE.arn("ecs", "task-definition/m:7")),
                ("iam:PassRole", "arn:aws:iam::111122223333:role/m-execution"),
                ("iam:PassRole", "arn:aws:iam::111122223333:role/m-task"),
            ],
        ),
        (
            "logs.GetLogEvents",
            {"logGroupName": "/prod/migrate", "logStreamName": "ecs/migrate/0123"},
            [
                (
                    "logs:GetLogEvents",
                    PLACE.arn("logs", "log-group:/prod/migrate:log-stream:ecs/migrate/0123"),
                )
            ],
        ),
        (
            "rds.DescribeDBSnapshots",
            {"DBSnapshotIdentifier": "rds:db-1"},
            [("rds:DescribeDBSnapshots", PLACE.arn("rds", "snapshot:rds:db-1"))],
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_call_needs_a_permission_for_each_thing_that_it_is_about(
    operation: str, params: dict[str, Any], demands: list[tuple[str, str]]
) -> None:
    roles = [f"arn:aws:iam::111122223333:role/m-{one}" for one in ("task", "execution")]
    place = Place(PLACE.region, PLACE.account, {"m": roles})

    needed = NEEDED[operation](params, place)

    assert sorted(demands) == sorted((one.action, one.resource) for one in needed)


@pytest.mark.parametrize(
    ("kinds", "resource"),
    [
        (["MetricAlarm", "CompositeAlarm"], "*"),
        (["MetricAlarm"], "arn:aws:cloudwatch:me-south-1:111122223333:alarm:*"),
    ],
    ids=["composite ones too", "metric alarms only"],
)
def test_who_asks_for_composite_alarms_needs_the_permission_on_everything(
    kinds: list[str], resource: str
) -> None:
    needed = NEEDED["cloudwatch.DescribeAlarms"]({"AlarmTypes": kinds}, PLACE)

    assert needed == [Demand("cloudwatch:DescribeAlarms", resource)]
