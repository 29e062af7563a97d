"""Evidence: files of JSON lines, written as things happen, read by the judge and by people."""

import json
import threading
from pathlib import Path
from typing import Any

from rehearsal.clock import SharedClock


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

    def write(self, name: str, /, **line: Any) -> None:
        """Append one line to ``<name>.jsonl``."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        text = json.dumps({"at": at, **line}, default=str)
        with self._lock, (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of ``<name>.jsonl``, none where nothing was written."""
        return read(self.folder, name)


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the lines of a case's file, none where nothing was written."""
    path = folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
