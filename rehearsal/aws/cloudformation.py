"""Teaches moto's CloudFormation the types that it would silently ignore, and refuses the rest.

moto finds its types by ``CloudFormationModel.__subclasses__()``: later ones win, only direct subclasses
count, and they must be kept alive, so they live in this module.
"""

import json
from collections.abc import Mapping
from typing import Any

import moto.backends
import moto.cloudformation.parsing  # moto's own types come first, ours after them
from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

for _service in ("dynamodb", "events", "iam", "kms", "logs", "s3", "ssm"):
    moto.backends.get_backend(_service)  # its types register on import


class UnsupportedTypeError(Exception):
    """The template has a type that nothing here creates; going on would rehearse something else."""


def _type(name: str, create: Any) -> type:
    """Return a direct subclass of moto's base that creates one type of resource."""

    def create_from_cloudformation_json(
        cls: Any,
        /,
        resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Any:
        resource = cls()
        resource.physical_resource_id = create(
            cloudformation_json.get("Properties", {}), account_id, region_name, resource_name
        )
        return resource

    return type(
        name.replace("::", ""),
        (CloudFormationModel,),
        {
            "physical_resource_id": "",
            "cloudformation_name_type": staticmethod(lambda: ""),
            "cloudformation_type": staticmethod(lambda: name),
            "has_cfn_attr": classmethod(lambda _cls, _attr: False),
            "create_from_cloudformation_json": classmethod(create_from_cloudformation_json),
        },
    )


def _alarm(properties: Mapping[str, Any], account: str, region: str, _name: str) -> str:
    backend = cloudwatch_backends[account][region]
    queries = properties.get("Metrics", [])
    if queries:
        EXPRESSIONS[properties["AlarmName"]] = queries
    # moto wants one metric; that of an expression is evaluated from EXPRESSIONS instead.
    first: dict[str, Any] = next((one["MetricStat"] for one in queries if "MetricStat" in one), {})
    single = {**properties, **first, **first.get("Metric", {}), "Statistic": first.get("Stat")}
    measured = single if queries else properties
    alarm = backend.put_metric_alarm(
        name=properties["AlarmName"],
        namespace=measured["Namespace"],
        metric_name=measured["MetricName"],
        comparison_operator=properties["ComparisonOperator"],
        evaluation_periods=int(properties["EvaluationPeriods"]),
        datapoints_to_alarm=int(properties["DatapointsToAlarm"]),
        period=int(measured["Period"]),
        threshold=float(properties["Threshold"]),
        statistic=measured["Statistic"],
        description=properties["AlarmDescription"],
        dimensions=measured.get("Dimensions", []),
        alarm_actions=properties.get("AlarmActions", []),
        ok_actions=properties.get("OKActions", []),
        insufficient_data_actions=[],
        treat_missing_data=properties["TreatMissingData"],
    )
    # AWS starts an alarm without an opinion; moto starts it as OK. A warm-up is over before anybody watches.
    alarm.state_value = "INSUFFICIENT_DATA"
    return str(alarm.name)


EXPRESSIONS: dict[str, list[dict[str, Any]]] = {}
"""The metric queries of alarms on an expression, by alarm name; moto does not evaluate them."""
FILTERS: list[dict[str, str]] = []
"""Metric filters: log group, pattern, namespace and metric; moto's make no metric."""


def _metric_filter(properties: Mapping[str, Any], _account: str, _region: str, name: str) -> str:
    for one in properties["MetricTransformations"]:
        if one["MetricValue"] != "1":
            raise NotImplementedError(f"metric value {one['MetricValue']} is not rehearsed")
        FILTERS.append(
            {
                "group": properties["LogGroupName"],
                "pattern": properties["FilterPattern"],
                "namespace": one["MetricNamespace"],
                "metric": one["MetricName"],
            }
        )
    return name


ASYNC: dict[str, dict[str, Any]] = {}
"""EventInvokeConfig by function name; moto has nowhere to keep it."""


def _async(properties: Mapping[str, Any], account: str, region: str, _name: str) -> str:
    function = lambda_backends[account][region].get_function(properties["FunctionName"])
    ASYNC[function.function_name] = {
        "age": int(properties["MaximumEventAgeInSeconds"]),
        "retries": int(properties["MaximumRetryAttempts"]),
        "on_failure": properties["DestinationConfig"]["OnFailure"]["Destination"],
    }
    return f"{function.function_name}-async"


def _subscription(properties: Mapping[str, Any], account: str, region: str, _name: str) -> str:
    backend, topic = sns_backends[account][region], properties["TopicArn"]
    if topic not in backend.topics:
        backend.create_topic(topic.rsplit(":", 1)[-1])  # the team's own, there before us
    subscription = backend.subscribe(topic, properties["Endpoint"], properties["Protocol"])
    for name in ("FilterPolicyScope", "FilterPolicy", "RedrivePolicy"):
        if name in properties:
            value = properties[name]
            text = value if isinstance(value, str) else json.dumps(value)
            backend.set_subscription_attributes(subscription.arn, name, text)
    return str(subscription.arn)


def _topic_policy(properties: Mapping[str, Any], account: str, region: str, name: str) -> str:
    for arn in properties["Topics"]:
        topic = sns_backends[account][region].get_topic(arn)
        topic.policy = json.dumps(properties["PolicyDocument"])
    return name


QUEUE_POLICIES: dict[str, Any] = {}
"""Queue policy by queue ARN."""


def _queue_policy(properties: Mapping[str, Any], account: str, region: str, name: str) -> str:
    for url in properties["Queues"]:
        queue = sqs_backends[account][region].get_queue(url.rsplit("/", 1)[-1])
        QUEUE_POLICIES[queue.queue_arn] = properties["PolicyDocument"]
    return name


def _bucket_policy(_properties: Mapping[str, Any], _account: str, _region: str, name: str) -> str:
    """Take it and judge nobody by it: moto would take its Deny without the condition, and refuse all."""
    return name


OURS = {
    name: _type(name, create)
    for name, create in {
        "AWS::CloudWatch::Alarm": _alarm,
        "AWS::Lambda::EventInvokeConfig": _async,
        "AWS::Logs::MetricFilter": _metric_filter,
        "AWS::S3::BucketPolicy": _bucket_policy,
        "AWS::SNS::Subscription": _subscription,
        "AWS::SNS::TopicPolicy": _topic_policy,
        "AWS::SQS::QueuePolicy": _queue_policy,
    }.items()
}


def check(template: Mapping[str, Any]) -> None:
    """Refuse a template with a type that would be ignored.

    Raises:
        UnsupportedTypeError: naming every such type.
    """
    known = {one.cloudformation_type() for one in CloudFormationModel.__subclasses__()}
    wanted = {resource["Type"] for resource in template["Resources"].values()}
    unknown = sorted(wanted - known)
    if unknown:
        raise UnsupportedTypeError(
            f"the embedded AWS has no {', '.join(unknown)}: add it to rehearsal/aws/cloudformation.py"
        )
