"""Holds what is answered in moto's place against botocore's model: a shape of ours must be one of AWS's."""

from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


class ShapeError(Exception):
    """An answer has a field that AWS's has not, or one of another type."""


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def conform(service: str, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer as it is.

    Raises:
        ShapeError: it is not what the operation answers.
    """
    shape = _model(service).operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape)
    if report.has_errors():
        raise ShapeError(f"{service} {operation}: {report.generate_report()}")
    return answer
