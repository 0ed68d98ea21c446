"""Where a server listens and to whom; TLS with a real pair of files."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect

from models.errors import ConfigError
from pipeline.sections import ServerSection
from pipeline.web.keys import KeyRing
from pipeline.web.listening import _is_news, check_reach, listen
from tests.conftest import ROOT
from tests.pipeline.live_server import STEREO, hang_up, run, served
from tests.pipeline.web.test_server_process import COMMAND


def certified(folder: Path, password: bytes | None = None) -> ServerSection:
    """A certificate for 127.0.0.1 that signs itself, and its key, in PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wrapup")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    cert = built.sign(key, hashes.SHA256())
    locked = (
        serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(cert.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, locked))
    return ServerSection(tls_cert=folder / "cert.pem", tls_key=folder / "key.pem")


def test_a_call_over_tls_is_not_compressed_even_if_the_client_offers_it(tmp_path: Path) -> None:
    section = certified(tmp_path)
    trusting = ssl.create_default_context(cafile=str(section.tls_cert))

    async def talk() -> tuple[str, str, str | None]:
        url = f"wss://{address}/v1/calls/secret/audio"
        async with connect(url, ssl=trusting, compression="deflate") as socket:
            assert socket.request is not None
            assert socket.response is not None
            offered = socket.request.headers["Sec-WebSocket-Extensions"]
            await socket.send(json.dumps(STEREO))
            assert json.loads(await socket.recv())["type"] == "welcome"
            return await hang_up(socket), offered, socket.response.headers.get("Sec-WebSocket-Extensions")

    async def stranger() -> None:
        await connect(f"wss://{address}/v1/events", ssl=ssl.create_default_context())

    files = {"tls_cert": section.tls_cert, "tls_key": section.tls_key}
    with served(tmp_path, server=files) as (address, _):
        code, offered, agreed = run(talk)
        with pytest.raises(ssl.SSLCertVerificationError):
            run(stranger)
    assert (code, agreed) == ("hangup", None)
    assert "permessage-deflate" in offered


def test_files_that_are_no_pair_are_one_line(tmp_path: Path) -> None:
    good = certified(tmp_path)
    check_reach(good, KeyRing([]))
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "other").mkdir()
    (tmp_path / "locked").mkdir()
    wrong = [
        {"tls_cert": tmp_path / "text.pem"},
        {"tls_key": tmp_path / "text.pem"},
        {"tls_key": certified(tmp_path / "other").tls_key},
        certified(tmp_path / "locked", b"password").model_dump(include={"tls_cert", "tls_key"}),
    ]
    for files in wrong:
        with pytest.raises(ConfigError, match=r"^server\.tls_cert .*: expected a PEM certificate [^\n]*$"):
            check_reach(good.model_copy(update=files), KeyRing([]))


def test_the_sockets_of_a_host() -> None:
    for host in ("127.0.0.1", "localhost"):
        sockets = listen(ServerSection(host=host, port=0))
        assert all(one.getsockname()[1] > 0 for one in sockets)
        assert "127.0.0.1" in {one.getsockname()[0] for one in sockets}
        for one in sockets:
            one.close()


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"^port {port} of 127\.0\.0\.1 is taken; "):
            listen(ServerSection(port=port))


@pytest.mark.parametrize(
    ("host", "line"),
    [
        ("192.0.2.1", r"^port 8080 of 192\.0\.2\.1: cannot listen there \("),
        ("a" * 70, "no such host"),
    ],
)
def test_a_host_that_is_not_here_is_one_line(host: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        listen(ServerSection(host=host))


def test_the_command_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = subprocess.run(
            [*COMMAND, "--port", str(port)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == f"wrapup: port {port} of 127.0.0.1 is taken; choose another one with server.port\n"


@pytest.mark.parametrize(
    ("message", "news"),
    [(OSError(98, "in use"), True), ("refused without completing handshake", False), ("started", True)],
)
def test_what_uvicorn_says_is_told_unless_it_is_a_refusal(message: object, news: bool) -> None:
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, message, None, None)
    assert _is_news(record) == news
