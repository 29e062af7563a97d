"""Calls of a scenario's function whose answer is lost, or that never arrive, for as long as a test says."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ReadTimeoutError

from chapter_stage import ChapterStage
from seam import Call, LostAnswer


@contextmanager
def lost(stage: ChapterStage, name: str) -> Iterator[None]:
    """Let calls with this name take effect, and their answers never arrive."""

    def sending(call: Call) -> None:
        if call.actor == stage.name and call.name == name:
            raise LostAnswer

    stage.hooks.sending.append(sending)
    yield
    stage.hooks.sending.remove(sending)


@contextmanager
def silent(stage: ChapterStage, name: str) -> Iterator[None]:
    """Let no call with this name arrive: each runs into its time-out."""

    def sending(call: Call) -> None:
        if call.actor == stage.name and call.name == name:
            raise ReadTimeoutError(endpoint_url=name)

    stage.hooks.sending.append(sending)
    yield
    stage.hooks.sending.remove(sending)
