"""Each flow test plays on a stage that is as it was built; building one takes as long as ten looks."""

from collections.abc import Iterator

import pytest

from night import Night
from stage import Stage, open_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


@pytest.fixture
def stage(built_stage: Stage) -> Stage:
    built_stage.begin()
    return built_stage


@pytest.fixture
def night(stage: Stage) -> Night:
    return Night(stage)
