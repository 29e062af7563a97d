"""Assembles a function's asset without Docker, pip or network: our code and locked pure wheels.

The wheels are copied from the environment that runs this, which holds exactly what the hashed lock names.
A wheel with compiled code is refused, so the same bytes run on arm64 in Lambda and on any machine
here. No .pyc files are shipped: they would be of this interpreter's version, not of Lambda's. Lambda
keeps none of its own, since a function cannot write to its folder: each cold start compiles anew, which
is about a quarter of its instructions (``make bench`` measures them with that).
"""

import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"

PROVIDED = frozenset(
    {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}
)
"""Comes with Lambda's Python runtime; the newest boto3 that we test with is the lock's."""

TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
    "extra": "",
}
"""What requirement markers are evaluated for: the template's runtime, not this machine."""

COMPILED = frozenset({".so", ".pyd", ".dylib", ".dll"})
NOT_SHIPPED = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
"""Files of a distribution that differ between machines, or tell how it was installed."""


class BundleError(Exception):
    """A distribution cannot be shipped; the message says which, and why."""


def closure(names: Sequence[str]) -> list[Distribution]:
    """Return the distributions and all they need on the target, but for what the runtime provides."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found or name in PROVIDED:
            continue
        found[name] = distribution(name)
        for text in found[name].requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(TARGET):
                waiting.append(requirement.name)
    return [found[name] for name in sorted(found)]


def _shipped(one: Distribution) -> Iterator[PackagePath]:
    wheel = one.read_text("WHEEL") or ""
    if "Root-Is-Purelib: true" not in wheel:
        raise BundleError(
            f"{one.name} {one.version} is not a pure wheel: it would not run on another machine"
        )
    for file in one.files or []:
        if ".." in file.parts or "__pycache__" in file.parts or file.name in NOT_SHIPPED:
            continue
        if file.suffix in COMPILED:
            raise BundleError(f"{one.name} {one.version} has compiled code: {file}")
        if file.suffix != ".pyc":
            yield file


def assemble(function: str, requires: Sequence[str], into: Path) -> Path:
    """Write a function's asset.

    Args:
        function: its folder's name; ``runbook`` comes with it, other scenarios do not.
        requires: names of the distributions that it imports at run time, without boto3.
        into: an empty folder.

    Raises:
        BundleError: a distribution is not pure.
    """
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in (function, "runbook"):
        shutil.copytree(FUNCTIONS / folder, into / folder, ignore=ignore)
    for one in closure(requires):
        for file in _shipped(one):
            target = into / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(one.locate_file(file)), target)
    return into
