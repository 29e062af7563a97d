"""Writes the cloud assembly: `python app.py --environment prod`, or through the `cdk` CLI.

With the CLI (`aws-cdk@2.1148.1`; npm's `latest` is an older one that cannot read this assembly):
`cdk diff -c environment=prod`.
"""

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent / "functions")]

from infra.environment import EnvironmentFileError, path_of  # noqa: E402  # after the path is set
from infra.synth import synthesize  # noqa: E402


def _overlay(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EnvironmentFileError(f"the overlay {path} cannot be read: {error}") from error


def main() -> int:
    """Synthesize, or say in one message what is wrong with the environment file."""
    asked = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}")).get("environment", "prod")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default=asked, help="a name in environments/, or a file")
    parser.add_argument("--out", type=Path, help="the assembly's folder (default: cdk.out)")
    parser.add_argument("--overlay", type=Path, help="a TOML file of rehearsal addresses")
    arguments = parser.parse_args()
    by_cli = "CDK_OUTDIR" in os.environ
    out = arguments.out or (None if by_cli else Path("cdk.out"))
    try:
        assembly = synthesize(arguments.environment, out, _overlay(arguments.overlay))
    except EnvironmentFileError as error:
        print(error, file=sys.stderr)  # noqa: T201  # this is a command line
        return 2
    if not by_cli:
        print(f"{path_of(arguments.environment)} -> {assembly}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
