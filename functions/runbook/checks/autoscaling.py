"""Application Auto Scaling: what else changes a service's task count."""

from dataclasses import dataclass
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (
    Need("application-autoscaling:DescribeScalableTargets", "any"),
    Need("application-autoscaling:DescribeScalingPolicies", "any"),
)

DIMENSION = "ecs:service:DesiredCount"
MOST_POLICIES = 50
"""A service has a handful; DescribeScalingPolicies gives 50 a page."""


@dataclass(frozen=True)
class Scaling:
    """Who else sets a service's task count.

    Attributes:
        least: tasks below which auto scaling does not let the service stay; 0 where it is not registered.
        policies: names of the policies that scale it out; none where scaling out is suspended.
    """

    least: int
    policies: tuple[str, ...]

    def fights(self, count: int) -> str:
        """Return why auto scaling would undo a lower count, as a sentence; empty when it would not."""
        if count < self.least:
            return f"auto scaling keeps at least {self.least} tasks"
        if self.policies:
            return f"auto scaling may scale out again ({', '.join(self.policies)})"
        return ""


def scaling(autoscaling: Any, cluster: str, service: str) -> Scaling | Unknown:
    """Read a service's scalable target and its policies."""
    resource = f"service/{cluster}/{service}"
    targets = autoscaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource], ScalableDimension=DIMENSION
    )["ScalableTargets"]
    if not targets:
        return Scaling(0, ())
    suspended = targets[0].get("SuspendedState", {}).get("DynamicScalingOutSuspended", False)
    answer = autoscaling.describe_scaling_policies(
        ServiceNamespace="ecs",
        ResourceId=resource,
        ScalableDimension=DIMENSION,
        MaxResults=MOST_POLICIES,
    )
    if "NextToken" in answer:
        return Unknown(f"auto scaling of {service}: more than {MOST_POLICIES} policies")
    names = tuple(one["PolicyName"] for one in answer["ScalingPolicies"])
    return Scaling(int(targets[0]["MinCapacity"]), () if suspended else names)
