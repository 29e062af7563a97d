"""A function's process that stays: it looks each time that it is asked, as a warm function does."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.child import LOOKED


class LabError(Exception):
    """Something did not run as it must, so there is nothing to compare."""


@dataclass(frozen=True)
class Looked:
    """One look of a warm function.

    Attributes:
        seconds: from the event to the answer.
        answer: the function's.
    """

    seconds: float
    answer: Mapping[str, Any]


@contextmanager
def started(
    words: Sequence[str], environ: Mapping[str, str], folder: Path
) -> Iterator[Callable[[], Looked]]:
    """Start a process of ``child.py`` until the block ends, and yield what lets it look once.

    Args:
        words: of its command.
        environ: its environment.
        folder: where it runs, and where its errors are kept.
    """
    with (
        (folder / "staying.log").open("w+") as said,
        subprocess.Popen(
            words,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=folder,
        ) as process,
    ):
        try:
            yield lambda: _ask(process, said)
        finally:
            process.kill()


def _ask(process: "subprocess.Popen[str]", said: IO[str]) -> Looked:
    """Let a process that stays look once.

    Raises:
        LabError: it ended.
    """
    if process.stdin is None or process.stdout is None:
        raise LabError("the process was started without pipes")
    process.stdin.write("look\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith(LOOKED):
            told = json.loads(line.removeprefix(LOOKED))
            return Looked(told["seconds"], told["answer"])
    said.seek(0)
    raise LabError(f"a function's process ended:\n{said.read()[-2000:]}")
