"""A synthesized assembly, read back: resources with their references resolved to the ARNs they will have.

Everything of ours has a physical name, so an ARN can be told before anything is deployed. Keys are the
exception: their ids are made by KMS, so their logical names stand in for them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Body = dict[str, Any]
Grant = tuple[str, str, str]
"""Action, resource and conditions (as JSON) of one thing that a policy allows."""

NAMES = {
    "AWS::DynamoDB::Table": ("dynamodb", "TableName", "table/{}"),
    "AWS::Events::Rule": ("events", "Name", "rule/{}"),
    "AWS::Lambda::Function": ("lambda", "FunctionName", "function:{}"),
    "AWS::Logs::LogGroup": ("logs", "LogGroupName", "log-group:{}:*"),
    "AWS::SNS::Topic": ("sns", "TopicName", "{}"),
    "AWS::SQS::Queue": ("sqs", "QueueName", "{}"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "AlarmName", "alarm:{}"),
}
"""Per type: the service in its ARN, the property with its name, the rest of its ARN."""


def listed(value: Any) -> list[Any]:
    """Return a policy's value as the list that it stands for."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Synthesized:
    """The assembly of one environment.

    Attributes:
        folder: where it was written.
        environment: the name of the environment's file.
    """

    folder: Path
    environment: str

    @cached_property
    def manifest(self) -> Body:
        found: Body = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def template(self) -> Body:
        found: Body = json.loads(
            next(self.folder.glob("*.template.json")).read_text(encoding="utf-8")
        )
        return found

    @cached_property
    def _stack(self) -> tuple[str, Body]:
        (found,) = [
            (name, one)
            for name, one in self.manifest["artifacts"].items()
            if one["type"] == "aws:cloudformation:stack"
        ]
        return found

    @property
    def prefix(self) -> str:
        """Return the stack's name: what the name of everything that is ours begins with."""
        return self._stack[0]

    @cached_property
    def place(self) -> tuple[str, str]:
        """Return account and region."""
        account, region = self._stack[1]["environment"].removeprefix("aws://").split("/")
        return account, region

    @cached_property
    def resources(self) -> dict[str, Body]:
        """Return every resource by logical name, references resolved."""
        return {
            name: {**resource, "Properties": self._resolve(resource.get("Properties", {}))}
            for name, resource in self.template["Resources"].items()
        }

    def arn(self, service: str, resource: str) -> str:
        account, region = self.place
        return f"arn:aws:{service}:{region}:{account}:{resource}"

    def of_type(self, kind: str) -> dict[str, Body]:
        """Return the properties of all resources of a type, by logical name."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    @cached_property
    def functions(self) -> dict[str, Body]:
        """Return the functions' properties by the folder that their handler is in."""
        found = self.of_type("AWS::Lambda::Function").values()
        return {one["Handler"].split(".", 1)[0]: one for one in found}

    @cached_property
    def alarms(self) -> dict[str, Body]:
        """Return the alarms' properties by name."""
        return {one["AlarmName"]: one for one in self.of_type("AWS::CloudWatch::Alarm").values()}

    @cached_property
    def rules(self) -> dict[str, Body]:
        """Return the rules' properties by name."""
        return {one["Name"]: one for one in self.of_type("AWS::Events::Rule").values()}

    @cached_property
    def topics(self) -> dict[str, Body]:
        """Return the topics' properties by ARN."""
        found = self.of_type("AWS::SNS::Topic").values()
        return {self.arn("sns", one["TopicName"]): one for one in found}

    def topic(self, name: str) -> str:
        """Return the ARN of pages, updates or second-path."""
        return self.arn("sns", f"{self.prefix}-{name}")

    def topic_policy(self, topic: str) -> Body:
        """Return the policy document of a topic, given its ARN."""
        return self._policy_on("AWS::SNS::TopicPolicy", "Topics", topic)

    def queue_policy(self, queue: str) -> Body:
        """Return the policy document of a queue, given its URL."""
        return self._policy_on("AWS::SQS::QueuePolicy", "Queues", queue)

    def _policy_on(self, kind: str, field: str, target: str) -> Body:
        (found,) = [one for one in self.of_type(kind).values() if target in one[field]]
        document: Body = found["PolicyDocument"]
        return document

    def asset(self, folder: str) -> Path:
        """Return the asset that a function runs from."""
        key = self.functions[folder]["Code"]["S3Key"]
        return self.folder / f"asset.{key.removesuffix('.zip')}"

    def settings(self, folder: str) -> Body:
        """Return what a function is told."""
        variables = self.functions[folder]["Environment"]["Variables"]
        found: Body = json.loads(variables["NIGHTSHIFT_SETTINGS"])
        return found

    def policies(self, folder: str) -> list[Body]:
        """Return the policy documents of a function's role."""
        role = self.functions[folder]["Role"].rsplit("/", 1)[-1]
        return [
            one["PolicyDocument"]
            for one in self.of_type("AWS::IAM::Policy").values()
            if role in one["Roles"]
        ]

    def grants(self, folder: str) -> set[Grant]:
        """Return all that a function's role is allowed, one action on one resource each."""
        return {grant for policy in self.policies(folder) for grant in _grants(policy)}

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        if set(value) == {"Ref"}:
            return self._reference(value["Ref"], "Ref")
        if set(value) == {"Fn::GetAtt"}:
            return self._reference(*value["Fn::GetAtt"])
        if set(value) == {"Fn::Join"}:
            glue, parts = value["Fn::Join"]
            return glue.join(self._resolve(parts))
        if any(name.startswith("Fn::") for name in value):
            raise NotImplementedError(f"{value} is not resolved here")
        return {name: self._resolve(one) for name, one in value.items()}

    def _reference(self, logical: str, attribute: str) -> str:
        resource = self.template["Resources"][logical]
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::KMS::Key":
            return self.arn("kms", f"key/{logical}") if attribute == "Arn" else logical
        if kind == "AWS::IAM::Role":
            name = properties["RoleName"]
            return name if attribute == "Ref" else f"arn:aws:iam::{self.place[0]}:role/{name}"
        if kind == "AWS::S3::Bucket":
            name = properties["BucketName"]
            return name if attribute == "Ref" else f"arn:aws:s3:::{name}"
        service, field, shape = NAMES[kind]
        name = properties[field]
        arn = self.arn(service, shape.format(name))
        if attribute == "Arn":
            return arn
        if attribute != "Ref":
            raise NotImplementedError(f"{kind}.{attribute} is not resolved here")
        account, region = self.place
        by_reference = {
            "AWS::SNS::Topic": arn,
            "AWS::SQS::Queue": f"https://sqs.{region}.amazonaws.com/{account}/{name}",
        }
        return by_reference.get(kind, name)


def _grants(policy: Body) -> Iterator[Grant]:
    for statement in policy["Statement"]:
        if statement["Effect"] != "Allow":
            continue
        conditions = json.dumps(statement.get("Condition", {}), sort_keys=True)
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield action, resource, conditions
