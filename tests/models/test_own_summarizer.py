"""An installed package adds a summarizer by its entry point, as the README says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import registry
from models.ports import SummarizerOptions
from pipeline.cli import app
from pipeline.formats.call_json import read_call

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_summarizer.py"
SAID = (
    "Agent: Thank you for calling Northwind Bank, how can I help you today?\n"
    "Customer: Hello.\n"
    "Customer: I would like to know why the branch was closed on Monday.\n"
)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with one whose metadata names the example."""
    site = tmp_path / "site"
    metadata = site / "own_summarizer-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "own_summarizer.py").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: own-summarizer\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[wrapup.summarizer]\nlongest = own_summarizer:open_engine\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_found_opened_and_writes_notes(installed: Path) -> None:
    assert "longest" in registry.names("summarizer")
    assert registry.engine("summarizer", "longest:3", SummarizerOptions()).version == "longest@1"
    (installed / "call.txt").write_text(SAID)
    result = CliRunner().invoke(app, ["summarize", "call.txt", "--summarizer", "longest", "--out", "out"])
    assert result.exit_code == 0, result.output
    document = read_call(Path("out") / "call.json")
    assert document.provenance.summarizer == "longest@1"
    assert document.summary.statements[0].text.endswith("why the branch was closed on Monday.")
    sys.modules.pop("own_summarizer", None)


def test_it_has_twenty_lines() -> None:
    code = EXAMPLE.read_text(encoding="utf-8").split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
