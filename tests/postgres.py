"""A PostgreSQL of its own for the tests: from Debian's package, in a temporary folder, on a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

USER = "postgres"
SETTINGS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=40"


def find_binaries() -> Path | None:
    """The folder of the newest initdb and pg_ctl; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    return Path(on_path).resolve().parent if on_path else None


class Cluster:
    """One server; `stop` and `start` it at will. It does not run as root, so root becomes its user."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        # The path of a socket has 107 characters at most, and the server's user must get at it.
        self.folder = Path(tempfile.mkdtemp(prefix="wrapup-pg-", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-N", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"{SETTINGS} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "start", "-w", "-D", self._data(), "-o", options, "-l", self._log())

    def stop(self) -> None:
        """Stop at once, as a crash would; connections break."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._data())

    def remove(self) -> None:
        """Stop and leave nothing."""
        self.stop()
        shutil.rmtree(self.folder)

    def new_database(self, name: str) -> str:
        """An empty database; gives its URL."""
        with psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def _data(self) -> str:
        return str(self.folder / "data")

    def _log(self) -> str:
        return str(self.folder / "log")

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        command = [str(self._binaries / program), *arguments]
        subprocess.run(
            [*(as_user if os.geteuid() == 0 else []), *command],
            check=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
