"""Each flow test plays on a stage that is as it was built."""

from collections.abc import Iterator
from functools import partial

import pytest

from outside import outside
from redis_unavailable_stage import RedisNight, RedisStage
from stage import Stage, open_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[Stage]:
    with outside() as web, open_stage(partial(RedisStage, outside=web)) as stage:
        yield stage


@pytest.fixture
def stage(built_stage: RedisStage) -> RedisStage:
    built_stage.begin()
    return built_stage


@pytest.fixture
def night(stage: RedisStage) -> RedisNight:
    return RedisNight(stage)
