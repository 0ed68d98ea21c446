"""Nothing leaves the machine, and nothing is left on it, unasked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OPEN_ALL = """
import numpy as np
from models import registry
registry.engine("voice", "silero").open().score(np.zeros((2, 512), np.float32))
registry.engine("asr", "moonshine").transcribe([np.full(16_000, 0.01, np.float32)])
stream = registry.engine("diarizer", "moonshine").open()
stream.push(np.zeros(16_000, np.float32))
stream.end()
"""


def test_opening_the_embedded_engines_leaves_the_home_folder_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    subprocess.run([sys.executable, "-c", OPEN_ALL], check=True, env=kept | {"HOME": str(home)}, cwd=tmp_path)
    assert list(home.rglob("*")) == []
