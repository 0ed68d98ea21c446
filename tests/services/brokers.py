"""Apache Kafka's own brokers on the loopback (KRaft): from the jars that `make kafka` fetched.

`python -m tests.services.brokers` starts one and says where it listens, until it is interrupted.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

JARS = Path(__file__).resolve().parents[2] / ".kafka" / "lib"
PATIENCE_S = 60.0
HEAP = "-Xmx384m"


def is_here() -> bool:
    """Whether the jars and a Java are on this machine."""
    return shutil.which("java") is not None and any(JARS.glob("kafka_*.jar"))


@dataclass(frozen=True, slots=True)
class Secured:
    """Clients come by TLS, to a certificate in PEM with its key (PKCS 8), and with this user's password."""

    key: str
    certificate: str
    user: str
    password: str

    @property
    def scram(self) -> str:
        """The user, as the storage's tool takes it."""
        return f"SCRAM-SHA-512=[name={self.user},password={self.password}]"

    def settings(self) -> dict[str, str]:
        """Of a server.properties, where a line goes on after a backslash."""
        return {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.client.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.key": self.key.strip().replace("\n", "\\n"),
            "ssl.keystore.certificate.chain": self.certificate.strip().replace("\n", "\\n"),
        }


class Brokers:
    """A cluster of one to three, each broker and controller in one; `kill` and `start` them at will."""

    def __init__(self, count: int = 1, secured: Secured | None = None) -> None:
        """Format the storage and start all."""
        self.folder = Path(tempfile.mkdtemp(prefix="wrapup-kafka-"))
        ports = free_ports(3 * count)
        self._ports = [tuple(ports[3 * node : 3 * node + 3]) for node in range(count)]
        self._secured = secured
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        try:
            self._format()
            for node in range(count):
                self.start(node)
            self.wait()
        except BaseException:
            self.remove()
            raise

    @property
    def bootstrap(self) -> list[str]:
        """Where they listen: "127.0.0.1:PORT"."""
        return [f"127.0.0.1:{port}" for port, *_ in self._ports]

    def start(self, node: int = 0) -> None:
        """Start one; `wait` says when it answers."""
        log = (self.folder / f"{node}.log").open("ab")
        with closing(log):
            self._running[node] = subprocess.Popen(
                ["java", HEAP, *_QUIET, "-cp", _class_path(), "kafka.Kafka", str(self._properties(node))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Wait until all that were started take connections; `RuntimeError` with the end of the log else."""
        deadline_s = time.monotonic() + PATIENCE_S
        for node, process in self._running.items():
            while not _answers(self._ports[node][0]):
                if process.poll() is not None or time.monotonic() > deadline_s:
                    told = (self.folder / f"{node}.log").read_text("utf-8", errors="replace")
                    raise RuntimeError(f"broker {node} does not answer: {told[-2_000:]}")
                time.sleep(0.1)

    def kill(self, node: int = 0) -> None:
        """Stop one as a power failure would."""
        process = self._running.pop(node)
        process.kill()
        process.wait()

    def remove(self) -> None:
        """Stop all and leave nothing."""
        for node in list(self._running):
            self.kill(node)
        shutil.rmtree(self.folder)

    def _format(self) -> None:
        cluster = _java("kafka.tools.StorageTool", "random-uuid").strip().splitlines()[-1]
        users = [] if self._secured is None else ["--add-scram", self._secured.scram]
        for node in range(len(self._ports)):
            path = self._properties(node)
            path.write_text(self._told(node), encoding="utf-8")
            _java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(path), *users)

    def _properties(self, node: int) -> Path:
        return self.folder / f"{node}.properties"

    def _told(self, node: int) -> str:
        port, controller_port, inner_port = self._ports[node]
        voters = ",".join(f"{place}@127.0.0.1:{other}" for place, (_, other, _) in enumerate(self._ports))
        protocol = "PLAINTEXT" if self._secured is None else "SASL_SSL"
        open_to = f"CLIENT://127.0.0.1:{port},INNER://127.0.0.1:{inner_port}"
        copies = str(min(3, len(self._ports)))
        told = {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{open_to},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": open_to,
            "inter.broker.listener.name": "INNER",
            "listener.security.protocol.map": f"CLIENT:{protocol},INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / f"data-{node}"),
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # How soon a broker that died is noticed, and others lead its partitions; 9 s by default.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "auto.create.topics.enable": "false",
            **({} if self._secured is None else self._secured.settings()),
        }
        return "".join(f"{name}={value}\n" for name, value in told.items())


@contextmanager
def brokers(count: int = 1, secured: Secured | None = None) -> Iterator[Brokers]:
    """A cluster that is gone afterwards."""
    running = Brokers(count, secured)
    try:
        yield running
    finally:
        running.remove()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


_QUIET: Sequence[str] = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)


def _class_path() -> str:
    return str(JARS / "*")


def _java(*words: str) -> str:
    done = subprocess.run(
        ["java", *_QUIET, "-cp", _class_path(), *words],
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def _answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1.0)
        return one.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Run from the command line, until interrupted."""
    parser = argparse.ArgumentParser(description="Apache Kafka on the loopback, for trying things out.")
    parser.add_argument("--brokers", type=int, choices=(1, 2, 3), default=1)
    given = parser.parse_args()
    if not is_here():
        raise SystemExit("Kafka's jars or Java are not here: `make kafka` fetches the jars")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), brokers(given.brokers) as running:
        sys.stdout.write(f"Kafka listens on {','.join(running.bootstrap)}; Ctrl-C stops it\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
