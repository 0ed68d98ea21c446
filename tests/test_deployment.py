"""The image, the compose file and what stands about them, as far as no container engine is needed to tell."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import OTHER_VARIABLES, setting_names, variable_of
from tests.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
GUIDE = ROOT / "docs" / "deployment.md"
INSTRUCTIONS = {
    *("ARG", "FROM", "SHELL", "RUN", "WORKDIR", "COPY", "ENV", "USER"),
    *("VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ]+)", re.MULTILINE)


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


COMPOSE = read_yaml("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = sorted(name for name, service in SERVICES.items() if "profiles" not in service)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, in order, with their arguments on one line."""
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    words = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(word[0], word[1]) for word in words]


def arguments(name: str) -> list[str]:
    return [value for instruction, value in instructions() if instruction == name]


def built_with(name: str) -> str:
    """The default of a build argument."""
    (value,) = [words for words in map(shlex.split, arguments("ARG")) if words[0].startswith(f"{name}=")]
    return value[0].partition("=")[2]


def locks() -> list[list[Path]]:
    """The locks of an image, of each of the two."""
    cuda = read_yaml("deploy/cuda.yaml")["services"]["worker-1"]["build"]["args"]["LOCKS"]
    return [[ROOT / name for name in names.split()] for names in (built_with("LOCKS"), cuda)]


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(PIN.findall(lock.read_text(encoding="utf-8")))


def test_the_dockerfile_has_instructions_that_there_are() -> None:
    assert {name for name, _ in instructions()} <= INSTRUCTIONS
    assert instructions()[0][0] == "ARG"
    assert arguments("ENTRYPOINT") == ['["wrapup"]']
    assert len(arguments("HEALTHCHECK")) == 1


def test_base_images_are_pinned() -> None:
    cuda = read_yaml("deploy/cuda.yaml")["services"]["worker-1"]["build"]["args"]["BASE"]
    for image in (built_with("BASE"), cuda):
        assert re.search(r":\d+\.\d+\.\d+-", image)
        assert "-devel" not in image
    stages = {"${BASE}", *re.findall(r" AS (\w+)", "\n".join(arguments("FROM")))}
    assert {value.split()[0] for value in arguments("FROM")} <= stages


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for value in arguments("COPY"):
        *sources, target = value.split()
        if sources[0].startswith("--from="):
            continue
        for source in sources:
            assert (ROOT / source).exists()
            let_in = [line[1:] for line in ignored if line.startswith("!")]
            assert any(name.startswith(source) or name == source.rstrip("/") for name in let_in), source
        assert len(sources) == 1 or target.endswith("/")
    assert "*" in ignored


def test_nothing_is_installed_without_hashes() -> None:
    commands = [command for value in arguments("RUN") for command in value.split(";")]
    fetching = [command for command in commands if re.search(r"pip (install|wheel)", command)]
    assert len(fetching) == 3
    assert [one for one in fetching if "--require-hashes" not in one and "--no-index" not in one] == []


@pytest.mark.parametrize("together", locks(), ids=["cpu", "cuda"])
def test_locks_of_an_image_hold_hashes_agree_and_have_the_base(together: list[Path]) -> None:
    found = set[tuple[str, str]]().union(*map(pins, together))
    assert pins(ROOT / "requirements" / "base.txt") <= found
    names = [name for name, _ in found]
    assert {"kafka-python", "psycopg", "pydantic-ai-slim"} <= set(names)
    for lock in together:
        text = lock.read_text(encoding="utf-8")
        assert text.count("--hash=sha256:") >= len(pins(lock)) > 0
    # One lock may have two versions of a package for different Pythons; two locks must have the same.
    versions = {
        name: {frozenset(v for n, v in pins(lock) if n == name) for lock in together} for name in names
    }
    assert [name for name, found in versions.items() if len(found - {frozenset()}) > 1] == []


def test_the_lock_for_cuda_has_what_was_tested_with_torch() -> None:
    assert pins(ROOT / "deploy" / "cuda.txt") <= pins(ROOT / "requirements" / "torch.txt")


def test_the_image_runs_as_nobody_in_particular() -> None:
    user = arguments("USER")[-1].split(":")[0]
    assert user not in ("root", "0")
    last_stage = [name for name, _ in instructions()][::-1].index("FROM")
    assert "USER" in [name for name, _ in instructions()][-last_stage:]
    assert f"chown {user}:{user} store.key" in (ROOT / "deploy" / "setup.sh").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_bounded_and_off_the_network(name: str) -> None:
    service = SERVICES[name]
    assert "image" in service or "build" in service
    assert re.search(r":\w", service["image"]) and not service["image"].endswith(":latest")
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == []
    assert service.get("network_mode") in (None, "none")


@pytest.mark.parametrize("name", LASTING)
def test_every_service_that_lasts_is_looked_at(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    for other, condition in service.get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert other in LASTING


@pytest.mark.parametrize("name", LASTING)
def test_volumes_and_secrets_are_named(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        else:
            assert (ROOT / volume["source"]).is_file()


def test_servers_of_ours_do_not_share_a_working_folder() -> None:
    folders = [v for service in SERVICES.values() for v in service.get("volumes", []) if ":/data" in v]
    assert len(folders) == len(set(folders)) == 3


def test_secrets_are_files_that_git_does_not_keep() -> None:
    made = (ROOT / "deploy" / "setup.sh").read_text(encoding="utf-8")
    for secret in COMPOSE["secrets"].values():
        path = Path(secret["file"])
        assert path.parent == Path("deploy/secrets")
        assert re.search(rf"\b{path.name}\b", made)
    kept = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "deploy/secrets"], capture_output=True, text=True, check=True
    )
    assert set(kept.stdout.split()) <= {"deploy/secrets/.gitignore"}
    ignored = (ROOT / "deploy" / "secrets" / ".gitignore").read_text(encoding="utf-8")
    assert ignored.split() == ["*", "!.gitignore"]


def test_no_password_stands_in_the_compose_file() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"PASSWORD:|://[^/\s@]+:[^/\s@]+@", text)


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/cuda.yaml", "deploy/setup.sh", "Dockerfile", GUIDE])
def test_every_variable_is_a_setting(file: str | Path) -> None:
    known = {variable_of(setting) for setting in setting_names()} | OTHER_VARIABLES
    named = set(re.findall(r"\bWRAPUP_\w*[A-Z]\b", (ROOT / file).read_text(encoding="utf-8")))
    assert named <= known


def test_prometheus_asks_services_that_there_are() -> None:
    jobs = read_yaml("deploy/prometheus.yml")["scrape_configs"]
    targets = {target for job in jobs for one in job["static_configs"] for target in one["targets"]}
    ours = {name for name in LASTING if SERVICES[name]["image"].startswith("wrapup:")}
    assert {target.split(":")[0] for target in targets} == ours
    for target in targets:
        name, port = target.split(":")
        # The one on which its health is asked for.
        assert f":{port}/" in SERVICES[name]["environment"].get("HEALTH_URL", ":8080/")
    read = {Path(job["authorization"]["credentials_file"]).name for job in jobs if "authorization" in job}
    assert read <= set(SERVICES["prometheus"]["secrets"])


def test_the_guide_names_services_and_secrets_that_there_are() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for names in re.findall(r"docker compose (?:run|stop|restart|exec|up) ((?:-\S+ )*[a-z0-9 -]+)", text):
        words = [word for word in names.split() if not word.startswith("-")]
        assert not words or words[0] in SERVICES
    for name in re.findall(r"deploy/[a-z./_]*[a-z]", text):
        assert name.startswith("deploy/secrets") or (ROOT / name).is_file()
