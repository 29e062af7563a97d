"""Least privilege, proved both ways: what a function's code can call, its role grants, and nothing else.

Three lists are compared for every function: what the code declares (``needs.py``), what the template
grants (by exact ARN), and what its source can call (``demands``, found by reading the source). The
proof is itself proved: one grant more or less is noticed.
"""

import importlib
import json

import pytest

from demands import calls, demanded, missing, platform, roles_of_migrations, unused
from infra.chapters import specs
from infra.environment import load
from reach import reached, sites
from redis_probe.needs import LOGIN
from rehearsal.aws.iam import NEEDED, Demand, allowed
from runbook.permissions import Need
from synthesized import Grant, Synthesized

FOLDERS = [spec.folder for spec in specs(load("prod"))]

WITHOUT_RESOURCE_LEVEL = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:DescribeAlarms",  # of composite alarms
    "cloudwatch:GetMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "elasticache:DescribeEvents",
    "rds:DescribeEvents",
}
"""The only actions granted on everything: AWS gives them no resource, or Lambda itself needs them so."""
KEY_USE = {"kms:Decrypt", "kms:GenerateDataKey"}
"""No call of ours: SNS asks for them when somebody publishes to an encrypted topic."""
READS = ("BatchGet", "Describe", "Filter", "Get", "List", "Query")


def needs(folder: str) -> tuple[Need, ...]:
    found: tuple[Need, ...] = importlib.import_module(f"{folder}.needs").NEEDS
    return found


def needed(stack: Synthesized, folder: str) -> tuple[Need, ...]:
    """Return what a function needs in this environment: the probe reads a login where there is one."""
    return (*needs(folder), *(LOGIN if stack.settings(folder).get("redis_secret") else ()))


def declared(stack: Synthesized, folder: str) -> set[Grant]:
    """Return what a function's needs come to, by the ARNs that its own settings name."""
    told, arn = stack.settings(folder), stack.arn
    cluster, service = told.get("cluster"), arn("ecs", f"service/{told.get('cluster')}/")
    switches = [told.get("switch_parameter"), *told.get("mode_parameters", {}).values()]
    tiers = [tier["service"] for tier in told.get("tiers", {}).values()]
    services = [f"{service}{name}" for name in tiers or [told.get("service")]]
    others = [f"{service}{told['worker']}"] if "worker" in told else []
    groups = [told.get("log_group"), *([told["worker_log_group"]] if others else [])]
    groups = [tier.get("log_group") for tier in told.get("tiers", {}).values()] or groups
    migrations = told.get("migrations", {})
    groups = [migrations["log_group"]] if migrations else groups
    names = tiers or [told.get("service")]
    repositories = [tier.get("repository") for tier in told.get("tiers", {}).values()]
    on = {
        "any": ["*"],
        "bus": [arn("events", "event-bus/default")],
        "changed_service": services,
        "cluster_tasks": ["*"],
        "database": [arn("rds", f"db:{told.get('instance')}")],
        "dead_letters": [arn("sqs", f"{stack.prefix}-dead-letters")],
        "due_index": [arn("dynamodb", f"table/{told.get('table')}/index/due")],
        "frontend_secret": [
            arn("secretsmanager", f"secret:{told.get('frontend', {}).get('secret')}-??????")
        ],
        "log_group": [arn("logs", f"log-group:{group}:*") for group in groups],
        "message_key": [stack.topics[stack.topic("pages")]["KmsMasterKeyId"]],
        "pages": [told.get("pages_topic")],
        "post_mortems": [f"arn:aws:s3:::{told.get('bucket')}/post-mortems/*"],
        "one_off_family": [arn("ecs", f"task-definition/{migrations.get('task_family')}:*")],
        "passed_roles": told.get("roles")
        or roles_of_migrations(stack).get(migrations.get("task_family", ""), []),
        "redis_probe": [arn("lambda", f"function:{told.get('probe')}")],
        "replication_group": [
            arn("elasticache", f"replicationgroup:{told.get('replication_group')}")
        ],
        "secret": [
            arn("secretsmanager", f"secret:{told.get(name)}-??????")
            for name in ("reconcile_secret", "redis_secret")
            if told.get(name)
        ],
        "parameter": [arn("ssm", f"parameter{told.get('provider_parameter')}")],
        "changed_parameter": [arn("ssm", f"parameter{told.get('provider_parameter')}")],
        "repository": [
            arn("ecr", f"repository/{name}") for name in repositories or [told.get("repository")]
        ],
        "service": [*services, *others],
        "snapshots": [arn("rds", "snapshot:*")],
        "service_deployments": [
            arn("ecs", f"service-deployment/{cluster}/{name}/*") for name in names
        ],
        "service_history": services,
        "service_revisions": [arn("ecs", f"service-revision/{cluster}/{name}/*") for name in names],
        "task_family": [arn("ecs", f"task-definition/{told.get('service')}:*")],
        "switch": [arn("ssm", f"parameter{told.get('switch_parameter')}")],
        "switches": [arn("ssm", f"parameter{name}") for name in switches],
        "table": [arn("dynamodb", f"table/{told.get('table')}")],
        "tasks": [arn("ecs", f"task/{cluster}/*")],
        "updates": [told.get("updates_topic")],
    }
    conditions = {
        "cluster_tasks": {"ArnEquals": {"ecs:cluster": arn("ecs", f"cluster/{cluster}")}},
        "one_off_family": {"ArnEquals": {"ecs:cluster": arn("ecs", f"cluster/{cluster}")}},
        "passed_roles": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    return {
        (need.action, resource, json.dumps(conditions.get(need.on, {})))
        for need in needed(stack, folder)
        for resource in on[need.on]
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_role_has_exactly_what_the_code_declares_and_lambda_needs(
    stack: Synthesized, folder: str
) -> None:
    expected = declared(stack, folder) | platform(stack, folder)

    assert stack.grants(folder) == expected


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_call_that_the_code_can_make_is_granted(stack: Synthesized, folder: str) -> None:
    assert missing(demanded(stack, folder), stack.policies(folder)) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_grant_is_needed_by_a_call_that_the_code_can_make(
    stack: Synthesized, folder: str
) -> None:
    not_lambdas = stack.grants(folder) - platform(stack, folder)

    assert unused(demanded(stack, folder), not_lambdas) == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_declared_action_is_unknown_to_the_operations(stack: Synthesized, folder: str) -> None:
    known = {demand.action for demand in demanded(stack, folder)} | KEY_USE

    assert {need.action for need in needed(stack, folder)} <= known


def test_no_declaration_is_left_out_of_a_functions_needs() -> None:
    modules = {site.where.split(".py")[0].replace("/", ".") for site in sites()}
    declaring = {
        name: set(importlib.import_module(name).NEEDS)
        for name in modules
        if hasattr(importlib.import_module(name), "NEEDS")
    }

    for folder in FOLDERS:
        used = {site.where.split(".py")[0].replace("/", ".") for site in calls(folder)}
        for name in used & declaring.keys():
            assert declaring[name] <= set(needs(folder)), (folder, name)


def test_every_aws_call_in_the_source_is_followed_from_some_function() -> None:
    followed = {site for folder in FOLDERS for site in reached(folder)}

    assert sites() - followed == set()


def test_the_rehearsal_judges_every_call() -> None:
    assert {site.operation for site in sites()} <= set(NEEDED)


def test_no_action_is_granted_by_a_pattern(stack: Synthesized) -> None:
    actions = {action for folder in FOLDERS for action, _, _ in stack.grants(folder)}

    assert [action for action in actions if "*" in action or "?" in action] == []


def test_only_what_has_no_resource_level_is_granted_on_everything(stack: Synthesized) -> None:
    on_everything = {
        action
        for folder in FOLDERS
        for action, resource, _ in stack.grants(folder)
        if resource == "*"
    }

    assert on_everything == WITHOUT_RESOURCE_LEVEL


def test_nothing_is_written_to_a_resource_that_is_named_by_a_pattern(stack: Synthesized) -> None:
    patterns = {
        (action, resource)
        for folder in FOLDERS
        for action, resource, _ in stack.grants(folder) - platform(stack, folder)
        if "*" in resource and not action.split(":")[1].startswith(READS)
    }

    cluster, service = (stack.settings("backend_5xx")[name] for name in ("cluster", "service"))
    tiers = stack.settings("rollback")["tiers"].values()
    family = stack.settings("rollback")["migrations"]["task_family"]
    made_by_ecs = {
        ("ecs:RunTask", stack.arn("ecs", f"task-definition/{family}:*")),
        ("ecs:RegisterTaskDefinition", stack.arn("ecs", f"task-definition/{service}:*")),
        *(
            (
                "ecs:StopServiceDeployment",
                stack.arn("ecs", f"service-deployment/{cluster}/{tier['service']}/*"),
            )
            for tier in tiers
        ),
    }
    # One object an incident, named by its id; nobody's data is in that folder but our drafts.
    drafts = f"arn:aws:s3:::{stack.settings('patrol')['bucket']}/post-mortems/*"
    assert patterns == {*made_by_ecs, ("s3:PutObject", drafts)}


def test_patrol_can_write_drafts_and_neither_read_nor_remove_them(stack: Synthesized) -> None:
    bucket = f"arn:aws:s3:::{stack.settings('patrol')['bucket']}"
    can = {
        (folder, action, place)
        for folder in FOLDERS
        for action in ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
        for place in (f"{bucket}/post-mortems/one.md", f"{bucket}/elsewhere/one.md", bucket)
        if allowed(stack.policies(folder), Demand(action, place))
    }

    assert can == {("patrol", "s3:PutObject", f"{bucket}/post-mortems/one.md")}


FORBIDDEN = [
    ("dynamodb:DeleteTable", "dynamodb", "table/{prefix}"),
    ("ecs:DeleteService", "ecs", "service/{cluster}/{service}"),
    ("ecs:RunTask", "ecs", "task-definition/{service}:1"),
    ("ecs:StopTask", "ecs", "task/{cluster}/0123"),
    ("ecs:UpdateService", "ecs", "service/{cluster}/another"),
    ("ecs:UpdateService", "ecs", "service/another/{service}"),
    ("ecs:RegisterTaskDefinition", "ecs", "task-definition/{service}:1"),
    ("events:DisableRule", "events", "rule/{prefix}-rule-patrol"),
    ("iam:CreateUser", "iam", "user/someone"),
    ("ecs:StopServiceDeployment", "ecs", "service-deployment/{cluster}/another/1"),
    ("iam:PassRole", "iam", "role/{prefix}-patrol"),
    ("kms:ScheduleKeyDeletion", "kms", "key/one"),
    ("lambda:InvokeFunction", "lambda", "function:{prefix}-worker-stuck"),
    ("logs:DeleteLogGroup", "logs", "log-group:/nightshift"),
    ("rds:DeleteDBInstance", "rds", "db:one"),
    ("rds:ModifyDBInstance", "rds", "db:one"),
    ("rds:RebootDBInstance", "rds", "db:one"),
    ("sns:Publish", "sns", "{prefix}-second-path"),
    ("sqs:DeleteMessage", "sqs", "{prefix}-dead-letters"),
    ("ssm:PutParameter", "ssm", "parameter{switch}"),
]


@pytest.mark.parametrize(
    ("action", "service", "resource"),
    [pytest.param(*one, id=f"{one[0]}-{number}") for number, one in enumerate(FORBIDDEN)],
)
def test_no_function_may_do_what_no_runbook_asks_for(
    stack: Synthesized, action: str, service: str, resource: str
) -> None:
    told = stack.settings("worker_stuck")
    names = {
        "prefix": stack.prefix,
        "cluster": told["cluster"],
        "service": told["service"],
        "switch": told["switch_parameter"],
    }
    demand = Demand(action, stack.arn(service, resource.format(**names)))

    able = [folder for folder in FOLDERS if allowed(stack.policies(folder), demand)]

    assert able == []


def test_only_the_scenarios_that_change_the_worker_may_update_it(stack: Synthesized) -> None:
    told = stack.settings("worker_stuck")
    worker = stack.arn("ecs", f"service/{told['cluster']}/{told['service']}")
    demand = Demand("ecs:UpdateService", worker)

    able = [folder for folder in FOLDERS if allowed(stack.policies(folder), demand)]

    # IAM cannot tell a count from a redeploy: scenario B lowers the worker's count.
    assert sorted(able) == ["db_connections", "rollback", "worker_stuck"]


def test_no_function_that_an_alarm_wakes_may_take_the_workers_deployment_back(
    stack: Synthesized,
) -> None:
    told = stack.settings("worker_stuck")
    deployment = f"service-deployment/{told['cluster']}/{told['service']}/1"
    demand = Demand("ecs:StopServiceDeployment", stack.arn("ecs", deployment))

    able = [folder for folder in FOLDERS if allowed(stack.policies(folder), demand)]

    assert able == ["rollback"]


def test_only_a_rollback_runs_tasks_and_only_on_its_cluster(stack: Synthesized) -> None:
    told = stack.settings("rollback")
    revision = stack.arn("ecs", f"task-definition/{told['migrations']['task_family']}:7")

    def able(cluster: str) -> list[str]:
        on = {"ecs:cluster": stack.arn("ecs", f"cluster/{cluster}")}
        demand = Demand("ecs:RunTask", revision, on)
        return [folder for folder in FOLDERS if allowed(stack.policies(folder), demand)]

    assert able(told["cluster"]) == ["rollback"]
    assert able("another") == []


def test_the_probes_code_cannot_use_what_lambda_needs_to_enter_the_network(
    stack: Synthesized,
) -> None:
    probe = stack.functions["redis_probe"]["FunctionName"]
    by_code = {"lambda:SourceFunctionArn": stack.arn("lambda", f"function:{probe}")}
    policies = stack.policies("redis_probe")
    actions = {one for one in WITHOUT_RESOURCE_LEVEL if one.startswith("ec2:")}

    assert all(allowed(policies, Demand(action, "*")) for action in actions)
    assert not [one for one in actions if allowed(policies, Demand(one, "*", by_code))]


def test_the_proof_notices_one_grant_too_many(prod: Synthesized) -> None:
    demands = demanded(prod, "worker_stuck")
    told = prod.settings("worker_stuck")
    extra = ("ecs:StopTask", prod.arn("ecs", f"task/{told['cluster']}/*"), "{}")
    too_wide = ("ecs:UpdateService", prod.arn("ecs", f"service/{told['cluster']}/another"), "{}")

    assert unused(demands, {*prod.grants("patrol"), extra, too_wide}) >= {extra, too_wide}


@pytest.mark.parametrize("folder", ["patrol", "worker_stuck"])
def test_the_proof_notices_one_grant_too_few(prod: Synthesized, folder: str) -> None:
    demands = demanded(prod, folder)
    grants = prod.grants(folder)
    needed = grants - unused(demands, grants)

    assert needed
    for one in needed:
        rest = [
            {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
            for action, resource, _ in grants - {one}
        ]
        assert missing(demands, rest), one
