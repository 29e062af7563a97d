"""Shows that what is rehearsed is what ``make synth`` writes, but for the rehearsal's own addresses."""

import json
from pathlib import Path
from typing import Any

REPLACED = (
    "redis_host", "redis_port", "redis_tls",
    "health_url", "reconcile_url", "status_pages", "vercel_api",
)  # fmt: skip


def _template(assembly: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        next(assembly.glob("*.template.json")).read_text(encoding="utf-8")
    )
    for resource in found["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            variables = resource["Properties"]["Environment"]["Variables"]
            settings = json.loads(variables["NIGHTSHIFT_SETTINGS"])
            variables["NIGHTSHIFT_SETTINGS"] = {
                key: value for key, value in settings.items() if key not in REPLACED
            }
    return found


def differences(assembly: Path, plain: Path) -> list[str]:
    """Return a sentence for each difference that an address does not explain."""
    found = []
    if _template(assembly) != _template(plain):
        found.append("the rehearsed template is not the one that make synth writes")
    ours = {one.name for one in assembly.glob("asset.*")}
    theirs = {one.name for one in plain.glob("asset.*")}
    if ours != theirs:
        found.append(f"the rehearsed assets differ from make synth's: {sorted(ours ^ theirs)}")
    return found
