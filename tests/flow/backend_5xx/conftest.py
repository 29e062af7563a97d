"""Each flow test plays on a stage that is as it was built."""

from collections.abc import Iterator
from functools import partial

import pytest

from backend_night import BackendNight
from backend_stage import BackendStage, health_endpoint
from stage import Stage, open_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[Stage]:
    with health_endpoint() as url, open_stage(partial(BackendStage, health_url=url)) as stage:
        yield stage


@pytest.fixture
def stage(built_stage: BackendStage) -> BackendStage:
    built_stage.begin()
    return built_stage


@pytest.fixture
def night(stage: BackendStage) -> BackendNight:
    return BackendNight(stage)
