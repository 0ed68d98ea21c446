"""`wrapup compare`: on the terminal, and as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli import app
from tests.llm_server import LanguageServer, Refused, Reply, Said, Seen, note

SAID = (
    "Agent: Thank you for calling Northwind Bank, how can I help you today?\n"
    "Customer: I would like to dispute a fee of 35 dollars. <script>alert(1)</script> & more\n"
    "Agent: I have refunded the fee of 35 dollars to your account.\n"
)
VOID = {"meta"}


class Page(HTMLParser):
    """What is open, what was there, and whether all was closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("call.txt").write_text(SAID)
    return tmp_path


def compared(script: dict[str, Reply], *options: str) -> Result:
    def by_model(seen: Seen) -> Reply:
        return script[seen.body["model"]]

    with LanguageServer(by_model) as server:
        names = [part for model in script for part in ("--summarizer", f"openai:{model}@{server.url}")]
        return CliRunner().invoke(app, ["compare", "call.txt", *names, *options])


def test_side_by_side_and_where_they_differ() -> None:
    script: dict[str, Reply] = {
        "a": Said(note(("reason", "Customer disputed a fee of 35 dollars.", [2]))),
        "b": Said(note(("reason", "Customer disputed a fee of 53 dollars. <b onload=x>", [2]))),
        "c": Refused(401),
    }
    result = compared(script, "--html", "page.html")
    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert "differs in money: openai:a@" in told
    page = Page(Path("page.html").read_text())
    assert not page.open
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "img", "link", "iframe", "b"} & set(tags)
    assert not any(name.startswith("on") or name == "src" for _, found in page.tags for name in found)
    assert tags.count("h1") == tags.count("main") == tags.count("title") == tags.count("caption") == 1
    assert ("html", {"lang": "en"}) in page.tags
    ids = {found["id"] for _, found in page.tags if "id" in found}
    assert {found["href"] for tag, found in page.tags if tag == "a"} == {"#line-2"}
    assert ids == {"line-1", "line-2", "line-3"}
    scopes = [found.get("scope") for tag, found in page.tags if tag == "th"]
    assert scopes.count("col") == 5
    assert None not in scopes
    assert "<script>alert(1)</script> & more" in page.text
    assert "53 dollars" in page.text
    assert "does not take the key" in page.text
    versions = page.text[page.text.index("Version") : page.text.index("Told differently")]
    # The cells follow each other without a space.
    assert len(set(re.findall(r"[0-9a-f]{12}", versions))) == 4


def test_a_call_that_only_the_embedded_one_could_note() -> None:
    result = compared({"a": Refused(401), "b": Refused(401)}, "--html", "page.html")
    assert result.exit_code == 0, result.output
    assert "embedded, standing in" in Page(Path("page.html").read_text()).text


def test_our_own_json_too() -> None:
    assert CliRunner().invoke(app, ["summarize", "call.txt", "--out", "notes"]).exit_code == 0
    names = ["--summarizer", "extractive", "--summarizer", "scripted"]
    result = CliRunner().invoke(app, ["compare", "notes/call.json", *names])
    assert result.exit_code == 0, result.output
    assert "Notes of call" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["call.txt", "--summarizer", "extractive"], "twice at least"),
        (["none.txt", "--summarizer", "extractive", "--summarizer", "scripted"], "none.txt"),
        (
            [
                "call.txt",
                "--summarizer",
                "extractive",
                "--summarizer",
                "scripted",
                "--html",
                "call.txt/x.html",
            ],
            "cannot be written",
        ),
    ],
)
def test_what_cannot_be_is_one_line(options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["compare", *options])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
