"""A folder to import reviews in, for tests."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from eval.cli import app
from eval.reviews.columns import open_reviews, review_of
from eval.reviews.review import Review

HEADER = "Id,Agent,Start,Draft,Opened,Saved,Text"
MAPPING = """
zone = "Europe/London"
[columns]
call_id = "Id"
associate = "Agent"
started_at = "Start"
draft = "Draft"
opened_at = "Opened"
saved_at = "Saved"
final = "Text"
"""
GOOD = "c1,ann,2026-01-05 09:00:00,Fee waived.,2026-01-05 09:08:00,2026-01-05 09:09:00,Fee waived."


class Desk:
    """A folder to import in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "reviews"
        (folder / "mapping.toml").write_text(MAPPING)

    def map(self, text: str) -> None:
        (self.folder / "mapping.toml").write_text(text)

    def csv(self, *lines: str, header: str = HEADER) -> Path:
        path = self.folder / "rows.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    def run(self, *files: Path, options: tuple[str, ...] = ()) -> Result:
        arguments = [*map(str, files), "--map", str(self.folder / "mapping.toml"), "--out", str(self.out)]
        bad = ["--bad", str(self.folder / "bad.csv"), "--json", str(self.folder / "counts.json")]
        return CliRunner().invoke(app, ["import", *arguments, *bad, *options])

    def reviews(self) -> list[Review]:
        with open_reviews([self.out]) as found:
            rows = found.connection.execute("SELECT * FROM reviews").fetchall()
        return [review_of(row) for row in rows]

    def edits(self) -> list[tuple[str, ...]]:
        with open_reviews([self.out]) as found:
            return found.connection.execute("SELECT edit, edit_mature FROM reviews").fetchall()

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads((self.folder / "counts.json").read_text())
        assert counts["given"] == counts["written"] + counts["joined"] + counts["bad"]
        return counts

    def told(self) -> list[tuple[str, str, str]]:
        with (self.folder / "bad.csv").open(newline="") as file:
            return [(row["line"], row["reason"], row["kept"]) for row in csv.DictReader(file)]
