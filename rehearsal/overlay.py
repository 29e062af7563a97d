"""The addresses that a rehearsal puts in place of the environment file's: all of them on this machine.

Nothing that is rehearsed may reach the users' real SaaS, so every address of the file is replaced.
"""

from typing import Any

from rehearsal.parts import LOOPBACK


def addresses(redis_port: int, web_port: int) -> dict[str, dict[str, Any]]:
    """Return the overlay of one case.

    Args:
        redis_port: where its Redis listens.
        web_port: where its SaaS, and what that talks to, listens, each under a path of its own.
    """
    web = f"http://{LOOPBACK}:{web_port}"
    return {
        "redis": {"host": LOOPBACK, "port": redis_port, "tls": False, "secret": ""},
        "health": {"url": f"{web}/api/v1/health"},
        "reconcile": {"url": f"{web}/api/v1/admin/tasks/reconcile-ai-quotas"},
        "ai": {
            "status_pages": {
                "anthropic": f"{web}/status/anthropic/api/v2/summary.json",
                "openai": f"{web}/status/openai/api/v2/summary.json",
            }
        },
        "frontend": {"api": f"{web}/vercel/"},
    }
