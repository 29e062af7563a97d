"""Synthesizes an environment into a cloud assembly: no credentials, no network, no Docker."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.environment import Environment, load
from infra.node import ensure_node

ROOT = Path(__file__).resolve().parent.parent


def context() -> dict[str, Any]:
    """Return cdk.json's feature flags: without the CLI nobody else would apply them."""
    found: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return found


def synthesize(
    environment: str, outdir: Path | None, overlay: Mapping[str, Mapping[str, Any]] | None = None
) -> Path:
    """Write the cloud assembly of one environment.

    Args:
        environment: a name in ``environments/``, or a path to a TOML file.
        outdir: where to; None leaves it to the ``cdk`` CLI.
        overlay: addresses that a rehearsal replaces.

    Returns:
        The assembly's folder.

    Raises:
        EnvironmentFileError: the file is wrong, or names too much for a function's environment.
    """
    return build(load(environment, overlay), outdir)


def build(environment: Environment, outdir: Path | None) -> Path:
    """Write the cloud assembly of an environment that is loaded already."""
    ensure_node()
    import aws_cdk as cdk  # noqa: PLC0415  # after ensure_node: the import starts Node
    import cdk_nag  # noqa: PLC0415

    from infra.nag import acknowledge  # noqa: PLC0415
    from infra.stack import NightshiftStack, alarms_of  # noqa: PLC0415

    app = cdk.App(outdir=str(outdir) if outdir else None, context=context())
    with tempfile.TemporaryDirectory(prefix="nightshift-build-") as folder:
        stack = NightshiftStack(app, environment, Path(folder), alarms_of(environment))
        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app, verbose=True))
        acknowledge(stack, environment)
        return Path(app.synth().directory)
