"""Assets: our code and locked pure wheels, the same bytes on every machine, and they run on their own."""

import json
import re
import subprocess
from collections.abc import Callable
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from infra import bundling
from infra.bundling import BundleError, assemble, closure
from infra.chapters import specs
from infra.environment import load
from runbook.settings import VARIABLE
from synthesized import Synthesized

ROOT = Path(__file__).resolve().parents[2]
LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
FOLDERS = [spec.folder for spec in specs(load("prod"))]
LOGGING = {"aws-lambda-powertools", "typing-extensions"}
BUNDLED = {"redis_probe": {*LOGGING, "redis"}}
"""The distributions of each function's asset that has more than logging and metrics."""


def files(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def bundled(asset: Path) -> dict[str, str]:
    """Return version by name of the distributions in an asset."""
    found = [one.name.removesuffix(".dist-info").split("-") for one in asset.glob("*.dist-info")]
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_asset_has_its_own_code_the_library_and_its_wheels_and_nothing_else(
    prod: Synthesized, folder: str
) -> None:
    wheels = BUNDLED.get(folder, LOGGING)
    of_wheels = {
        file.parts[0]
        for name in wheels
        for file in distribution(name).files or []
        if ".." not in str(file)
    }

    assert set(bundled(prod.asset(folder))) == wheels
    there = {one.name for one in prod.asset(folder).iterdir()}
    assert {folder, "runbook"} <= there
    assert there - {folder, "runbook"} <= of_wheels


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_assets_code_is_the_source_as_it_is(prod: Synthesized, folder: str) -> None:
    for part in (folder, "runbook"):
        source, shipped = ROOT / "functions" / part, prod.asset(folder) / part
        expected = {name for name in files(source) if "__pycache__" not in name}

        assert files(shipped) == expected
        assert not [
            name
            for name in expected
            if (source / name).read_bytes() != (shipped / name).read_bytes()
        ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_asset_has_nothing_that_differs_between_machines(prod: Synthesized, folder: str) -> None:
    names = files(prod.asset(folder))
    made_here = re.compile(
        r"\.(so|pyd|dylib|dll|pyc)$|(^|/)(RECORD|INSTALLER|REQUESTED|bin)$|direct_url"
    )

    assert [name for name in names if made_here.search(name)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_asset_leaves_out_what_lambda_has(prod: Synthesized, folder: str) -> None:
    there = {one.name for one in prod.asset(folder).iterdir()}

    assert there.isdisjoint({"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil"})


def test_the_bytes_of_an_asset_depend_on_neither_the_environment_nor_the_run(
    prod: Synthesized, example: Synthesized, rehearsed: Synthesized
) -> None:
    assets = [{folder: one.asset(folder).name for folder in FOLDERS} for one in (prod, example)]

    assert assets[0] == assets[1]
    assert assets[0] == {folder: rehearsed.asset(folder).name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_asset_has_the_versions_that_the_lock_names(prod: Synthesized, folder: str) -> None:
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", lock))

    found = bundled(prod.asset(folder))

    assert found == {name: locked[name] for name in found}


IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2] + ".handler", fromlist=["handle"])
assert callable(module.handle)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_handler_can_be_imported_with_nothing_but_its_asset_and_boto3(
    prod: Synthesized, folder: str
) -> None:
    told = {VARIABLE: json.dumps(prod.settings(folder))}

    ended = subprocess.run(  # noqa: S603  # the interpreter that the rehearsal's functions run on
        [
            str(LAMBDA_PYTHON),
            "-I",
            "-B",
            "-W",
            "error",
            "-c",
            IMPORT,
            str(prod.asset(folder)),
            folder,
        ],
        env=told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.stderr == ""
    assert ended.returncode == 0
    others = set(FOLDERS) - {folder}
    assert others.isdisjoint(ended.stdout.split())


Wheel = Callable[..., Distribution]


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """Return what installs a distribution of one file that only the bundler can see."""
    installed: dict[str, Distribution] = {}

    def wheel(
        name: str, *, pure: bool = True, file: str = "", requires: tuple[str, ...] = ()
    ) -> Distribution:
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        file = file or f"{name}.py"
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}"
        )
        (folder / "WHEEL").write_text(f"Root-Is-Purelib: {str(pure).lower()}\n")
        (folder / "RECORD").write_text(
            f"{file},,\n{folder.name}/METADATA,,\n{folder.name}/RECORD,,\n"
        )
        (tmp_path / file).write_text("")
        installed[name] = Distribution.at(folder)
        return installed[name]

    monkeypatch.setattr(bundling, "distribution", installed.__getitem__)
    return wheel


def test_a_pure_wheel_is_shipped_without_its_record(wheel: Wheel, tmp_path: Path) -> None:
    wheel("pure")

    asset = assemble("redis_probe", ["pure"], tmp_path / "asset")

    shipped = {name for name in files(asset) if not name.startswith(("redis_probe/", "runbook/"))}
    assert shipped == {"pure.py", "pure-1.0.dist-info/METADATA"}


def test_a_wheel_of_one_platform_is_refused(wheel: Wheel, tmp_path: Path) -> None:
    wheel("native", pure=False)

    with pytest.raises(BundleError, match=r"^native 1\.0 is not a pure wheel"):
        assemble("redis_probe", ["native"], tmp_path / "asset")


@pytest.mark.parametrize("suffix", [".so", ".pyd", ".dylib", ".dll"])
def test_a_wheel_with_compiled_code_is_refused_whatever_it_says(
    wheel: Wheel, tmp_path: Path, suffix: str
) -> None:
    wheel("liar", file=f"fast{suffix}")

    with pytest.raises(BundleError, match=rf"^liar 1\.0 has compiled code: fast\{suffix}$"):
        assemble("redis_probe", ["liar"], tmp_path / "asset")


def test_what_a_wheel_needs_on_lambda_comes_with_it_and_nothing_more(wheel: Wheel) -> None:
    wheel(
        "top",
        requires=(
            "below",
            "boto3>=1",
            'only-on-windows; sys_platform == "win32"',
            'only-on-old-python; python_version < "3.13"',
            'only-as-extra; extra == "fast"',
            'on-lambda; platform_machine == "aarch64"',
        ),
    )
    wheel("below", requires=("top",))
    wheel("on-lambda")

    assert [one.name for one in closure(["top"])] == ["below", "on-lambda", "top"]
