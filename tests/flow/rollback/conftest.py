"""Each flow test plays on a stage that is as it was built."""

from collections.abc import Iterator

import pytest

from rollback_stage import RollbackStage, open_rollback_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[RollbackStage]:
    with open_rollback_stage() as stage:
        yield stage


@pytest.fixture
def stage(built_stage: RollbackStage) -> RollbackStage:
    built_stage.begin()
    return built_stage
