"""Every command of `wrapup eval`: its help has an example, and it tells where results go."""

from __future__ import annotations

import re

import pytest
import typer.main
from typer.testing import CliRunner

from eval.cli import app

COMMANDS = sorted(typer.main.get_group(app).commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str) -> None:
    told = " ".join(CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert re.search(rf"Example: wrapup eval {name} ", told)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"simulate", "import", "secrets"}))
def test_results_go_into_files(name: str) -> None:
    options = {each for param in typer.main.get_group(app).commands[name].params for each in param.opts}
    assert {"--json", "--csv"} <= options
