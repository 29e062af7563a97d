"""What can be rolled back is told apart by name: its incidents are kept by it."""

import pytest

from infra.chapters import rollback
from infra.environment import EnvironmentFileError, load

PROD = load("prod")


def test_two_parts_of_one_name_are_refused() -> None:
    backend = PROD.backend.model_copy(update={"service": PROD.database.instance})
    environment = PROD.model_copy(update={"backend": backend})

    with pytest.raises(EnvironmentFileError, match="expected three different names"):
        rollback.spec(environment)


def test_the_function_is_told_no_role_and_no_token() -> None:
    told = str(rollback.spec(PROD).settings)

    assert PROD.frontend.secret in told
    assert PROD.migrations.task_role not in told
