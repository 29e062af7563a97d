"""Starts what is measured, each time in a fresh process, and says how long it took.

Functions run as in Lambda: from the asset that the stack ships, on the runtime's packages, and from a
folder where Python keeps no byte code of them.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.nights import FROZEN_WORKER, Night
from benchmarks.server import Call, Server, serve
from benchmarks.staying import LabError, Looked, started
from benchmarks.world import World
from infra import chapters, environment, settings
from infra.bundling import assemble
from infra.environment import Environment
from infra.spec import Spec

ROOT = Path(__file__).resolve().parent.parent
CHILD = Path(__file__).with_name("child.py")
EVENTS = ROOT / "events"
RUNTIME = ROOT / ".venv-lambda" / "bin" / "python"
SCENARIO = FROZEN_WORKER.folder
PROCESS_SECONDS = 60
"""Longer than any process here takes on a busy machine; one that hangs ends the run."""


@dataclass(frozen=True)
class Ran:
    """A process that ended well.

    Attributes:
        began_at: when it was started, on the monotonic clock.
        wall_seconds: from its start to its end.
        cpu_seconds: user and system time, with that of its own children.
        said: its last line, for processes of ``child.py``.
    """

    began_at: float
    wall_seconds: float
    cpu_seconds: float
    said: Mapping[str, Any]


@dataclass
class Lab:
    """Where things are run.

    Attributes:
        server: the AWS that all processes speak to.
        environment: the names.
        specs: each function, by folder.
        work: a temporary folder.
        python: the functions' interpreter.
    """

    server: Server
    environment: Environment
    specs: Mapping[str, Spec]
    work: Path
    python: str
    _assets: dict[str, Path] = field(default_factory=dict)

    def look(self, folder: str = SCENARIO, count: int = 1) -> Ran:
        """Start a function's process and let it look ``count`` times; 0 only initializes it."""
        event = str(EVENTS / FROZEN_WORKER.event)
        return self._child(["look", folder, event, str(count)], self._of_function(folder))

    @contextmanager
    def stay(self, night: Night) -> Iterator[Callable[[], Looked]]:
        """Start a function's process that stays until the block ends, and yield what lets it look."""
        words = [self.python, "-P", str(CHILD), "stay", night.folder, str(EVENTS / night.event)]
        environ = {**self._environ(), **self._of_function(night.folder)}
        with started(words, environ, self.work) as look:
            yield look

    def _of_function(self, folder: str) -> dict[str, str]:
        """Return what a function's process gets besides what all get."""
        web = f"http://127.0.0.1:{self.server.port}"
        told = dict(self.specs[folder].settings)
        here = {
            "health_url": f"{web}/health",
            "reconcile_url": f"{web}/reconcile",
            "status_pages": dict.fromkeys(told.get("status_pages", ()), f"{web}/status"),
        }
        told |= {name: value for name, value in here.items() if name in told}
        return {**settings.variables(folder, told), "PYTHONPATH": str(self._asset(folder))}

    def calls(self, wanted: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Ran:
        """Make boto3 calls one after another in one process."""
        return self._child(["calls", json.dumps(wanted)], {})

    def one_client(self) -> Ran:
        """Import boto3 and make one client."""
        return self._child(["boto3"], {})

    def fill_caches(self) -> None:
        """Let Python keep the byte code of boto3, as Lambda's own runtime has it."""
        self.look()
        self.server.take()

    def python_version(self) -> str:
        """Return the functions' interpreter, for example ``Python 3.13.0``."""
        _, output = self._run([self.python, "--version"], {})
        return output.strip()

    def command(self, words: Sequence[str]) -> Ran:
        """Run any program to its end; what it prints is thrown away."""
        ran, _ = self._run(words, {})
        return ran

    def _child(self, words: Sequence[str], extra: Mapping[str, str]) -> Ran:
        ran, output = self._run([self.python, "-P", str(CHILD), *words], extra)
        said = json.loads(output.splitlines()[-1])
        return Ran(ran.began_at, ran.wall_seconds, ran.cpu_seconds, said)

    def _run(self, words: Sequence[str], extra: Mapping[str, str]) -> tuple[Ran, str]:
        environ = {**self._environ(), **extra}
        cpu, began = _cpu_seconds(), time.monotonic()
        try:
            done = subprocess.run(
                words,
                env=environ,
                capture_output=True,
                text=True,
                timeout=PROCESS_SECONDS,
                check=True,
                cwd=self.work,
            )
        except subprocess.CalledProcessError as error:
            raise LabError(f"{' '.join(words)[:200]} failed:\n{error.stderr[-2000:]}") from error
        except subprocess.TimeoutExpired as error:
            raise LabError(
                f"{' '.join(words)[:200]} ran for more than {PROCESS_SECONDS} s"
            ) from error
        wall = time.monotonic() - began
        return Ran(began, wall, _cpu_seconds() - cpu, {}), done.stdout

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.work),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.port}",
            "AWS_REGION": str(self.specs[SCENARIO].settings["region"]),
            "AWS_DEFAULT_REGION": str(self.specs[SCENARIO].settings["region"]),
            "AWS_ACCESS_KEY_ID": "AKIABENCH",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "NO_PROXY": "127.0.0.1",
        }

    def _asset(self, folder: str) -> Path:
        if folder not in self._assets:
            into = self.work / folder
            into.mkdir()
            assemble(folder, self.specs[folder].requires, into)
            _forbid_byte_code(into)
            self._assets[folder] = into
        return self._assets[folder]


def fix_at(calls: Sequence[Call], ran: Ran, number: int = 0) -> float:
    """Return when a process's fix was answered, by the server's clock.

    Raises:
        LabError: there was none: the look decided something else than the incident asks for.
    """
    fixes = [call.answered_at for call in calls if call.operation == "UpdateService"]
    if len(fixes) <= number:
        raise LabError(f"no UpdateService was called: {ran.said.get('answers')}")
    return fixes[number]


def _forbid_byte_code(asset: Path) -> None:
    """Keep byte code out of an asset as Lambda's read-only file system does, for root as well."""
    for folder in [asset, *(one for one in asset.rglob("*") if one.is_dir())]:
        (folder / "__pycache__").write_text("not a folder, so nothing can be kept in it\n")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Set up a server, the assets' folder and the interpreter, for as long as the block runs."""
    prod = environment.load("prod")
    found = {spec.folder: spec for spec in chapters.specs(prod)}
    python = str(RUNTIME) if RUNTIME.exists() else sys.executable
    with (
        tempfile.TemporaryDirectory(prefix="nightshift-bench-") as folder,
        serve(World(prod, FROZEN_WORKER)) as server,
    ):
        yield Lab(server, prod, found, Path(folder), python)
