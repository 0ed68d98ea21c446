"""Who is let in by a real broker, and what is said to who is not."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kafka.admin import KafkaAdminClient

from models.errors import WrapupError
from pipeline.kafka.connection import Connection, KafkaAwayError, KafkaError
from pipeline.kafka.records import (
    AUDIO_TOPIC,
    DEAD_TOPIC,
    EVENTS_TOPIC,
    NOTES_TOPIC,
    PARTIALS_TOPIC,
    REVIEWS_TOPIC,
)
from pipeline.kafka.topics import TopicSettings, make_topics
from tests.conftest import ROOT
from tests.services.brokers import Brokers, Secured, brokers, free_ports
from tests.services.marks import SERVICES
from tests.services.site import COMMAND

pytestmark = SERVICES

USER, PASSWORD = "wrapup", "only-of-this-test"


def test_topics_are_made_once_and_kept_by_time(broker: Brokers) -> None:
    connection = Connection(tuple(broker.bootstrap))
    settings = TopicSettings(partitions=3, audio_minutes=20)
    all_of_them = [AUDIO_TOPIC, EVENTS_TOPIC, PARTIALS_TOPIC, NOTES_TOPIC, REVIEWS_TOPIC, DEAD_TOPIC]
    assert make_topics(connection, settings) == all_of_them
    assert make_topics(connection, settings) == []
    admin = connection.open(KafkaAdminClient)
    told = {one["name"]: one for one in admin.describe_topics([AUDIO_TOPIC, EVENTS_TOPIC])}
    admin.close()
    assert {name: len(one["partitions"]) for name, one in told.items()} == {AUDIO_TOPIC: 3, EVENTS_TOPIC: 3}


def test_where_nobody_answers_is_said(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with pytest.raises(KafkaAwayError, match=f"Kafka at 127.0.0.1:{port}: "):
        make_topics(Connection((f"127.0.0.1:{port}",)), TopicSettings())


def certificate(
    issuer: ec.EllipticCurvePrivateKey, own: ec.EllipticCurvePrivateKey, ca: bool
) -> x509.Certificate:
    """Of the authority itself, or of a broker on the loopback."""
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's authority")])
    subject = name if ca else x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False
        )
        .sign(issuer, hashes.SHA256())
    )


def pem(one: x509.Certificate) -> str:
    return one.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Brokers, Path]]:
    """A broker that wants TLS and SCRAM, and a folder with the authority's certificate and a password."""
    folder = tmp_path_factory.mktemp("secured")
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "ca.pem").write_text(pem(certificate(authority, authority, ca=True)))
    other = ec.generate_private_key(ec.SECP256R1())
    (folder / "other.pem").write_text(pem(certificate(other, other, ca=True)))
    (folder / "password").write_text(PASSWORD + "\n")
    (folder / "wrong").write_text("another")
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = pem(certificate(authority, own, ca=False))
    with brokers(secured=Secured(key.decode(), chain, USER, PASSWORD)) as running:
        yield running, folder


def connection(running: Brokers, folder: Path, ca: str = "ca.pem", **changed: object) -> Connection:
    settings: dict[str, object] = {"user": USER, "password_file": folder / "password", **changed}
    return Connection(tuple(running.bootstrap), tls=True, ca_file=folder / ca, **settings)  # type: ignore[arg-type]


def test_who_has_the_password_and_trusts_the_authority_is_let_in(secured: tuple[Brokers, Path]) -> None:
    assert AUDIO_TOPIC in make_topics(connection(*secured), TopicSettings(partitions=1))


def test_a_wrong_password_is_one_line(secured: tuple[Brokers, Path]) -> None:
    running, folder = secured
    with pytest.raises(WrapupError, match=r"(refuses|hangs up on) user wrapup") as refused:
        make_topics(connection(running, folder, password_file=folder / "wrong"), TopicSettings())
    assert "\n" not in str(refused.value)
    assert "another" not in str(refused.value)


@pytest.mark.parametrize("command", [["worker", "--asr", "scripted"], ["serve", "--to", "kafka"]])
def test_a_command_with_a_wrong_password_says_so_and_ends(
    secured: tuple[Brokers, Path], tmp_path: Path, command: list[str]
) -> None:
    running, folder = secured
    done = subprocess.run(
        [*COMMAND, *command],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "WRAPUP_KAFKA__BROKERS": ",".join(running.bootstrap),
            "WRAPUP_KAFKA__TLS": "true",
            "WRAPUP_KAFKA__CA_FILE": str(folder / "ca.pem"),
            "WRAPUP_KAFKA__USER": USER,
            "WRAPUP_KAFKA__PASSWORD_FILE": str(folder / "wrong"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"wrapup: Kafka at \S+ (refuses|hangs up on) user wrapup: .+", line)


def test_another_mechanism_is_one_line(secured: tuple[Brokers, Path]) -> None:
    running, folder = secured
    with pytest.raises(WrapupError, match=r"(refuses|hangs up on) user wrapup") as refused:
        make_topics(connection(running, folder, mechanism="SCRAM-SHA-256"), TopicSettings())
    assert "\n" not in str(refused.value)


def test_an_authority_that_did_not_sign_is_one_line(secured: tuple[Brokers, Path]) -> None:
    with pytest.raises(KafkaError, match="certificate") as refused:
        make_topics(connection(*secured, ca="other.pem"), TopicSettings())
    assert "\n" not in str(refused.value)
