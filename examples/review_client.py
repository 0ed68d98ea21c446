"""A desktop in one file: show the draft of a call, let the associate edit it, and post what became of it.

    python examples/review_client.py http://127.0.0.1:8080 CALL_ID [LEG]

WRAPUP_KEY holds an API key with the scopes read and review. The draft is edited in $EDITOR; an empty text
discards it. Posting is tried again under the same review id, which is kept once.
"""

# ruff: noqa: T201
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path


def ask(url: str, body: dict | None = None, wait_s: float = 1) -> dict:
    key = os.environ.get("WRAPUP_KEY", "none")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
            return json.load(answer)
    except urllib.request.HTTPError as error:
        if error.code != 503 or wait_s > 8:
            sys.exit(f"{error.code}: {json.load(error)['detail']}")
    time.sleep(wait_s)
    return ask(url, body, 2 * wait_s)


def edited(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "note.txt")
        file.write_text(text, encoding="utf-8")
        subprocess.run([*os.environ.get("EDITOR", "vi").split(), str(file)], check=True)
        return file.read_text(encoding="utf-8")


def main(server: str, call_id: str, leg: str = "1") -> None:
    call = f"{server}/api/v1/calls/{call_id}"
    drafts = ask(f"{call}/note")["drafts"] or sys.exit("there is no draft yet")
    shown = ask(f"{call}/note/opened", {"leg": int(leg), "revision": drafts[0]["revision"]})
    draft = next(one for one in drafts if one["revision"] == shown["revision"])
    began_s = time.monotonic()
    final = edited(draft["text"])
    review = {"review_id": str(uuid.uuid4()), "leg": int(leg), "final": final, "used": bool(final.strip())}
    times = {"focus_s": time.monotonic() - began_s, "saved_at": datetime.now(UTC).isoformat()}
    print(json.dumps(ask(f"{server}/api/v1/notes/{draft['note_id']}/reviews", review | times)))


if __name__ == "__main__":
    main(*sys.argv[1:])
