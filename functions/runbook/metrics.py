"""Nightshift's own metrics, as log lines in CloudWatch's embedded metric format: no call, no permission."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

NAMESPACE = "Nightshift"


def emit(values: Mapping[str, float], **dimensions: str) -> None:
    """Write one line with all values under one set of dimensions.

    Args:
        values: value by metric name; nothing is written when there is none.
        dimensions: for example ``environment="prod"``.
    """
    if not values:
        return
    # An empty service keeps Powertools from adding a dimension that the alarms do not name.
    line = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service="")
    for dimension, text in dimensions.items():
        line.add_dimension(dimension, text)
    for name, value in values.items():
        line.add_metric(name, MetricUnit.Count, value)
    line.flush_metrics()
