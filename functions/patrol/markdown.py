"""Text of the world in Markdown: shown as it is, never as a link, a heading, an image or HTML."""

import re

from runbook.tell import quote

_SPECIAL = re.compile(r"([\\`*\[\]<>|~&#!$]|(?<!\w)_|_(?!\w))")


def shown(text: object) -> str:
    """Return text as one line of at most 300 characters in which nothing is Markdown."""
    return _SPECIAL.sub(r"\\\1", quote(str(text))).replace("://", ":\\//").replace("www.", "www\\.")


def code(text: object) -> str:
    """Return an id or a command of ours as code; it has no backtick that could end it early."""
    return "`" + " ".join(str(text).replace("`", "'").split()) + "`"


def block(text: str) -> list[str]:
    """Return commands of ours as an indented block within a list item."""
    return [f"      {line}" for line in text.splitlines()]
