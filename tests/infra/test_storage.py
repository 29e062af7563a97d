"""What is kept, and what outlives the stack."""

import pytest

from infra.environment import Modes, load
from reach import settings_class
from runbook.incidents import KEEP_RECORDS
from runbook.settings import Common
from synthesized import Body, Synthesized

RETAINED = {
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
}
"""What tells of incidents outlives the stack; everything else goes with it."""


@pytest.fixture
def table(stack: Synthesized) -> Body:
    (found,) = stack.of_type("AWS::DynamoDB::Table").values()
    return found


def test_the_table_can_be_put_back_to_any_second(table: Body) -> None:
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_table_cannot_be_deleted_by_accident(table: Body) -> None:
    assert table["DeletionProtectionEnabled"] is True


def test_the_table_forgets_by_the_attribute_that_the_code_writes(table: Body) -> None:
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_tables_keys_are_those_that_the_code_writes(table: Body) -> None:
    keys = [(one["AttributeName"], one["KeyType"]) for one in table["KeySchema"]]

    assert keys == [("pk", "HASH"), ("sk", "RANGE")]


def test_patrol_finds_open_incidents_oldest_first_and_whole(table: Body) -> None:
    (index,) = table["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "due"
    assert [one["AttributeName"] for one in index["KeySchema"]] == ["open", "next_look_at"]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_a_busy_night_is_not_throttled_by_a_forgotten_capacity(table: Body) -> None:
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_switch_and_every_mode_start_with_what_the_file_says(stack: Synthesized) -> None:
    loaded = load(stack.environment)

    found = {one["Name"]: one["Value"] for one in stack.of_type("AWS::SSM::Parameter").values()}

    root = f"/nightshift/{loaded.name}"
    modes = {f"{root}/modes/{key}": value for key, value in loaded.modes.model_dump().items()}
    assert found == {f"{root}/switch": loaded.switch.state, **modes}
    assert len(modes) == len(Modes.model_fields)


def test_what_the_gate_reads_is_what_the_stack_made(stack: Synthesized) -> None:
    settings = stack.settings("worker_stuck")
    made = {one["Name"] for one in stack.of_type("AWS::SSM::Parameter").values()}

    assert {settings["switch_parameter"], *settings["mode_parameters"].values()} == made


def test_every_function_that_keeps_incidents_is_told_the_resources_that_were_made(
    stack: Synthesized, table: Body
) -> None:
    account, region = stack.place
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    keeping = [one for one in stack.functions if issubclass(settings_class(one), Common)]

    assert keeping
    for settings in map(stack.settings, keeping):
        assert settings["table"] == table["TableName"]
        assert settings["pages_topic"] == stack.topic("pages")
        assert settings["updates_topic"] == stack.topic("updates")
        assert settings["dead_letters"] == (
            f"https://sqs.{region}.amazonaws.com/{account}/{queue['QueueName']}"
        )
        assert (settings["account"], settings["region"]) == (account, region)


@pytest.fixture
def bucket(stack: Synthesized) -> Body:
    (found,) = stack.of_type("AWS::S3::Bucket").values()
    return found


def test_patrol_is_told_the_bucket_that_was_made(stack: Synthesized, bucket: Body) -> None:
    assert stack.settings("patrol")["bucket"] == bucket["BucketName"]


def test_two_environments_cannot_share_a_bucket_by_accident(
    stack: Synthesized, bucket: Body
) -> None:
    account, region = stack.place

    assert bucket["BucketName"] == f"{stack.prefix}-{account}-{region}"
    assert len(f"nightshift-{'e' * 20}-{account}-ap-southeast-1") <= 63


def test_nobody_outside_reads_a_draft(bucket: Body) -> None:
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}


def test_drafts_are_encrypted_and_every_version_is_kept(bucket: Body) -> None:
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_drafts_are_kept_as_long_as_the_records_that_they_are_made_of(bucket: Body) -> None:
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == KEEP_RECORDS.days
    assert 0 < rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= KEEP_RECORDS.days


def test_the_bucket_is_reached_by_tls_only(stack: Synthesized) -> None:
    (policy,) = stack.of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == {"AWS": "*"}
    assert len(statement["Resource"]) == 2


def test_only_what_tells_of_incidents_outlives_the_stack(stack: Synthesized) -> None:
    retained = {
        resource["Type"]
        for resource in stack.resources.values()
        if resource.get("DeletionPolicy") == "Retain"
    }
    replaced = {
        resource["Type"]
        for resource in stack.resources.values()
        if resource.get("UpdateReplacePolicy") == "Retain"
    }

    assert retained == RETAINED
    assert replaced == RETAINED


def test_every_resource_of_a_kept_type_is_kept(stack: Synthesized) -> None:
    assert not [
        name
        for name, resource in stack.resources.items()
        if resource["Type"] in RETAINED and resource.get("DeletionPolicy") != "Retain"
    ]


def test_the_stack_is_protected_from_deletion(stack: Synthesized) -> None:
    (artifact,) = [
        one
        for one in stack.manifest["artifacts"].values()
        if one["type"] == "aws:cloudformation:stack"
    ]

    assert artifact["properties"]["terminationProtection"] is True


def test_nothing_is_made_by_code_that_runs_during_a_deploy(stack: Synthesized) -> None:
    custom = [
        name
        for name, resource in stack.resources.items()
        if resource["Type"].startswith("Custom::")
        or resource["Type"] == "AWS::CloudFormation::CustomResource"
    ]

    assert custom == []
