"""What cdk-nag finds and we keep, each with its reason."""

import aws_cdk as cdk

from infra import chapters, settings
from infra.environment import Environment
from runbook.postmortem import FOLDER


def reasons(environment: Environment) -> dict[str, str]:
    """Return why each finding is meant so, by the finding's id."""
    arn, cluster = environment.arn, environment.cluster.name
    services = (environment.backend.service, environment.worker.service)
    kept = {
        "*": "reads without a resource level (DescribeTaskDefinition, ListTaskDefinitions, GetMetricData; "
        "DescribeAlarms has none for composite alarms; ListTasks is bound to the cluster by a condition) "
        "and what Lambda needs to enter a VPC",
        **{
            arn("logs", f"log-group:{group}:*"): "a log group's ARN ends so"
            for spec in chapters.specs(environment)
            for group in spec.log_groups
        },
        environment.objects(settings.bucket(environment), FOLDER): (
            "one object an incident, named by its id; one folder, PutObject only"
        ),
        arn("ecs", f"task/{cluster}/*"): "task ids are made by ECS; one cluster",
        **{
            arn("ecs", f"{kind}/{cluster}/{service}/*"): "its ids are made by ECS; one service"
            for kind in ("service-deployment", "service-revision")
            for service in services
        },
        **{
            arn("ecs", f"task-definition/{family}:*"): "revisions are numbered by ECS; one family"
            for family in (environment.backend.task_family, environment.migrations.task_family)
        },
        arn("rds", "snapshot:*"): "a person names the snapshot; it is described, nothing more",
    }
    return {
        **{f"AwsSolutions-IAM5[Resource::{resource}]": why for resource, why in kept.items()},
        "AwsSolutions-S1": "one writer, patrol, whose every pass is logged; who reads a draft is for "
        "the account's CloudTrail to tell, not for a second bucket",
        "AwsSolutions-SQS3": "it is the dead-letter queue, of rules and of failed events",
        "AwsSolutions-L1": "python3.13 is the newest runtime that the rehearsal also runs on",
    }


def acknowledge(stack: cdk.Stack, environment: Environment) -> None:
    """Acknowledge the findings that are meant so."""
    for finding, reason in reasons(environment).items():
        cdk.Validations.of(stack).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
