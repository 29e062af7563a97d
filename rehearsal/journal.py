"""Evidence: files of JSON lines, written as things happen, read by the judge and by people."""

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearsal.clock import SharedClock

if TYPE_CHECKING:
    from collections.abc import Callable


class Journal:
    """The evidence of one case.

    Args:
        folder: where the files are.
        clock: gives each line its virtual moment.
    """

    def __init__(self, folder: Path, clock: SharedClock) -> None:
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []

    def write(self, name: str, /, **line: Any) -> None:
        """Append one line to ``<name>.jsonl``."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        entry = {"at": at, **line}
        text = json.dumps(entry, default=str)
        with self._lock, (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(text + "\n")
        for listener in self.listeners:
            listener(name, entry)

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of ``<name>.jsonl``, none where nothing was written."""
        return read(self.folder, name)


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the lines of a case's file, none where nothing was written."""
    path = folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
