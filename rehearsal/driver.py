"""Runs cases two at a time, each in a process of its own, and shows what happens."""

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from infra.environment import load
from infra.synth import build
from rehearsal.cases import SCENARIOS
from rehearsal.overlay import addresses
from rehearsal.ports import free_port
from rehearsal.sabotage import Control, ControlError, sabotaged

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".rehearsal"
AT_ONCE = 2
"""Cases side by side: each keeps about one core busy."""
CASE_SECONDS = 900.0
"""Real seconds after which a case is stuck: the longest takes about 150."""


@dataclass(frozen=True)
class Job:
    """One case to run.

    Attributes:
        scenario, case: which.
        folder: for its evidence.
        control: what is broken in Nightshift, if anything.
    """

    scenario: str
    case: str
    folder: Path
    control: Control | None = None

    @property
    def label(self) -> str:
        """Return how the timeline calls it."""
        name = f"{self.scenario}/{self.case}"
        return f"{name} [{self.control.what}]" if self.control else name


@dataclass(frozen=True)
class Slot:
    """One of the places where a case can run: its ports, and the assembly that names them."""

    port: int
    web_port: int
    assembly: Path


class Driver:
    """Runs jobs and collects their results.

    Args:
        environment: a name or a file, the users' own.
        console: where to show.
        folder: for assemblies; the jobs name folders of their own.
    """

    def __init__(self, environment: str, console: Console, folder: Path = FOLDER) -> None:
        self._environment = environment
        self._console = console
        self._folder = folder
        self._children: set[subprocess.Popen[str]] = set()

    def synthesize(self, count: int) -> tuple[Path, list[Slot]]:
        """Write what ``make synth`` writes, and once more per slot with the rehearsal's addresses."""
        assemblies = self._folder / "assemblies"
        shutil.rmtree(assemblies, ignore_errors=True)
        plain = build(load(self._environment), assemblies / "plain")
        slots = []
        for number in range(count):
            port, web_port = free_port(), free_port()
            environment = load(self._environment, addresses(port, web_port))
            made = build(environment, assemblies / f"slot{number}")
            slots.append(Slot(port, web_port, made))
        return plain, slots

    def run(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """Run all jobs; return their results in the order of the jobs."""
        with self._console.status("synthesizing the app"):
            plain, slots = self.synthesize(min(AT_ONCE, len(jobs)))
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            waiting.put(job)
        results: dict[Path, dict[str, Any]] = {}

        def work(slot: Slot) -> None:
            while True:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    results[job.folder] = self._one(job, slot, plain)
                except ControlError as error:
                    results[job.folder] = _died(job, str(error))
                except Exception as error:  # noqa: BLE001  # it must not take the other cases with it
                    results[job.folder] = _died(job, f"{type(error).__name__}: {error}")
                self._console.print(
                    f"[bold]{len(results)} of {len(jobs)}[/bold] cases done", highlight=False
                )

        threads = [threading.Thread(target=work, args=(slot,), daemon=True) for slot in slots]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            for child in list(self._children):
                child.kill()
        return [results[job.folder] for job in jobs]

    def _one(self, job: Job, slot: Slot, plain: Path) -> dict[str, Any]:
        shutil.rmtree(job.folder, ignore_errors=True)
        job.folder.parent.mkdir(parents=True, exist_ok=True)
        assembly = slot.assembly
        checked = ["--plain", str(plain)]
        if job.control:
            copy = self._folder / "assemblies" / f"control-{job.scenario}-{job.folder.name}"
            assembly, checked = sabotaged(job.control, slot.assembly, copy), []
        child = subprocess.Popen(
            [
                sys.executable, "-m", "rehearsal.run_case", job.scenario, job.case,
                "--environment", self._environment, "--assembly", str(assembly), *checked,
                "--folder", str(job.folder), "--port", str(slot.port), "--web-port", str(slot.web_port),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=ROOT,
        )  # fmt: skip
        self._children.add(child)
        timer = threading.Timer(CASE_SECONDS, child.kill)
        timer.start()
        try:
            last = self._follow(job, child)
        finally:
            timer.cancel()
        self._children.discard(child)
        if child.wait() != 0 or not last.startswith("{"):
            return _died(job, f"the case's process ended with {child.returncode}: {last}")
        result: dict[str, Any] = json.loads(last)
        return result

    def _follow(self, job: Job, child: subprocess.Popen[str]) -> str:
        last = ""
        log = job.folder.parent / f"{job.folder.name}.log"
        with log.open("w", encoding="utf-8") as file:
            for line in child.stdout or ():
                last = line.rstrip("\n")
                file.write(line)
                if last[2:3] == ":" and last[5:6] == " ":
                    self._console.print(
                        f"{job.label:<32} {last}", highlight=False, markup=False, soft_wrap=True
                    )
        return last


def _died(job: Job, why: str) -> dict[str, Any]:
    return {"scenario": job.scenario, "case": job.case, "ok": False, "why": [why]}


def jobs_of(scenario: str | None, case: str | None, folder: Path = FOLDER) -> list[Job]:
    """Return the cases that are asked for."""
    return [
        Job(name, one.name, folder / name / one.name)
        for name, cases in SCENARIOS.items()
        for one in cases
        if scenario in (None, name) and case in (None, one.name)
    ]


def table(results: Sequence[dict[str, Any]], title: str, verdict: Callable[[Any], str]) -> Table:
    """Return the closing table."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        shown.add_column(
            column,
            no_wrap=column != "broke",
            min_width=20 if column == "broke" else None,
            max_width=34 if column == "broke" else None,
        )
    for scenario, cases in groupby(results, lambda one: one["scenario"]):
        shown.add_row(f"[bold]{scenario}[/bold]")
        for one in cases:
            cells = _cells(one) if "broke" in one else ("",) * (len(_COLUMNS) - 2)
            shown.add_row(f" {one['case']}", *cells, verdict(one))
        shown.add_section()
    return shown


_COLUMNS = (
    "case", "broke", "alarm", "ended as", "fixes", "proved", "pages", "tasks", "fix after", "verdict",
)  # fmt: skip


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    after = one["seconds_to_fix"]
    return (
        one["broke"],
        "yes" if one["alarms"] else "",
        one["ended"],
        str(one["fixes"]),
        "yes" if one["verified"] else "",
        str(len(one["pages"])),
        one["tasks"],
        f"{after} s" if after is not None else "",
    )
