"""docker-compose.yml, Dockerfile and Grafana's provisioning: hardened, and of one mind with the other files.

No container engine is needed: the files are parsed and held against each other and against the program that they start.
"""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.cli import parser
from genesis.configuration import load_settings
from genesis.core.duration import parse_duration
from genesis.stack.grafana import HARDENED, HOME_BOARD, SHORTEST_REFRESH

ROOT = Path(__file__).parents[2]


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


COMPOSE: dict[str, Any] = read("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DATA_SOURCES: dict[str, dict[str, Any]] = {
    source["type"]: source for source in read("grafana/provisioning/datasources/genesis.yml")["datasources"]
}
BOARDS = sorted((ROOT / "grafana/dashboards").glob("*.json"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED_BY_GIT = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
SERVICE_PORTS = {"monitor": 9108, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000}
ROTATION_PORT = 9109
"""Rotation runs beside its engine, in the monitor's container."""

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def bind_mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Source, target and mode of each directory or file of this machine; a named volume is none of them."""
    mounts = [entry.split(":") for entry in service.get("volumes", [])]
    return [(source, target, "".join(mode)) for source, target, *mode in mounts if source.startswith(".")]


def file_behind(service: dict[str, Any], inside: str) -> Path | None:
    """The repository's file that a container sees at the path `inside`."""
    for source, target, _ in bind_mounts(service):
        if inside == target or inside.startswith(f"{target}/"):
            return ROOT / source / inside.removeprefix(target).lstrip("/")
    return None


def option(service: dict[str, Any], name: str) -> str:
    """The value of a service's command-line option."""
    return next(str(part).partition("=")[2] for part in service["command"] if str(part).startswith(f"{name}="))


@each_service
def test_a_service_cannot_write_to_its_image_nor_gain_privileges(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert "/var/run/docker.sock" not in str(service)


@each_service
def test_a_service_runs_as_an_ordinary_user(service: dict[str, Any]) -> None:
    assert int(service["user"].split(":")[0]) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reachable_from_this_machine_alone(name: str) -> None:
    ports = [SERVICE_PORTS[name], *([ROTATION_PORT] if name == "monitor" else [])]
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]


@each_service
def test_a_service_is_probed_on_the_port_that_it_serves(service: dict[str, Any]) -> None:
    port = service["ports"][0].rpartition(":")[2]
    probe = service["healthcheck"]
    assert probe["test"][0] == "CMD"
    assert f"http://127.0.0.1:{port}/" in " ".join(probe["test"])
    assert {"interval", "timeout", "retries", "start_period"} <= set(probe)


@each_service
def test_a_service_waits_for_others_until_they_are_healthy(service: dict[str, Any]) -> None:
    for name, condition in service.get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[name]


@each_service
def test_an_image_is_pinned_to_a_version_or_built_here(service: dict[str, Any]) -> None:
    assert "build" in service or re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", service["image"])


@each_service
def test_what_is_mounted_is_in_the_repository_and_read_only(service: dict[str, Any]) -> None:
    for source, _, mode in bind_mounts(service):
        assert mode == "ro"
        if not source.startswith("./secrets/"):
            assert (ROOT / source).exists(), source
            assert not any(fnmatch(f"{source}/".removeprefix("./"), f"{rule}*") for rule in IGNORED_BY_GIT), source


def test_every_volume_is_declared_and_every_service_keeps_its_data_in_one() -> None:
    used = {
        entry.split(":")[0]
        for service in SERVICES.values()
        for entry in service.get("volumes", [])
        if not entry.startswith(".")
    }
    assert used == set(COMPOSE["volumes"])
    assert len(used) == len(SERVICES)


def test_secrets_are_files_kept_out_of_git_and_out_of_the_environment() -> None:
    assert "secrets/" in IGNORED_BY_GIT
    assert [secret["file"] for secret in COMPOSE["secrets"].values()] == ["./secrets/grafana_admin_password"]
    grafana = SERVICES["grafana"]
    assert grafana["secrets"] == list(COMPOSE["secrets"])
    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == f"$$__file{{/run/secrets/{grafana['secrets'][0]}}}"
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|TOKEN|SECRET|KEY", key) or value.startswith("$$__file{"), key


def test_the_secret_files_of_alertmanager_lie_where_its_configuration_looks() -> None:
    text = (ROOT / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    wanted = re.findall(r"_file: (\S+)", text)
    assert wanted
    targets = [target for _, target, _ in bind_mounts(SERVICES["alertmanager"])]
    for path in wanted:
        assert str(Path(path).parent) in targets, path


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_a_configuration_file_is_where_the_command_says(name: str) -> None:
    found = file_behind(SERVICES[name], option(SERVICES[name], "--config.file"))
    assert found is not None
    assert found.is_file()


def test_the_templates_are_found_from_the_configuration_of_alertmanager() -> None:
    config = option(SERVICES["alertmanager"], "--config.file")
    for pattern in read("alertmanager/alertmanager.yml")["templates"]:
        directory = file_behind(SERVICES["alertmanager"], str(Path(config).parent / Path(pattern).parent))
        assert directory is not None
        assert list(directory.glob(Path(pattern).name))


def test_the_rules_are_found_from_the_configuration_of_prometheus() -> None:
    config = option(SERVICES["prometheus"], "--config.file")
    for pattern in read("prometheus/prometheus.yml")["rule_files"]:
        directory = file_behind(SERVICES["prometheus"], str(Path(config).parent / Path(pattern).parent))
        assert directory is not None
        assert list(directory.glob(Path(pattern).name))


def test_prometheus_scrapes_and_notifies_services_of_this_file_on_their_ports() -> None:
    config = read("prometheus/prometheus.yml")
    addresses = [
        target
        for place in (*config["scrape_configs"], *config["alerting"]["alertmanagers"])
        for group in place["static_configs"]
        for target in group["targets"]
    ]
    assert {"monitor:9108", f"monitor:{ROTATION_PORT}", "alertmanager:9093"} <= set(addresses)
    for address in set(addresses) - {f"monitor:{ROTATION_PORT}"}:
        host, port = address.split(":")
        assert SERVICE_PORTS["prometheus" if host == "localhost" else host] == int(port)


def test_rotation_asks_the_prometheus_of_this_file_and_tells_its_metrics_on_its_usual_port() -> None:
    service = parser({}).parse_args(SERVICES["monitor"]["command"])
    assert service.prometheus == f"http://prometheus:{SERVICE_PORTS['prometheus']}"
    assert not service.no_rotation
    assert load_settings(ROOT / "config").rotation.port == ROTATION_PORT


def test_a_halt_file_outlives_the_container() -> None:
    (target,) = (entry.split(":")[1] for entry in SERVICES["monitor"]["volumes"] if not entry.startswith("."))
    workdir = re.findall(r"^WORKDIR (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert (Path(workdir) / load_settings(ROOT / "config").rotation.halt_file).is_relative_to(target)


@pytest.mark.parametrize(("kind", "service"), [("prometheus", "prometheus"), ("alertmanager", "alertmanager")])
def test_a_data_source_leads_to_its_service(kind: str, service: str) -> None:
    variable = re.fullmatch(r"\$\{(\w+)\}", DATA_SOURCES[kind]["url"])
    assert variable is not None
    assert SERVICES["grafana"]["environment"][variable[1]] == f"http://{service}:{SERVICE_PORTS[service]}"


def test_charts_ask_for_no_finer_steps_than_the_scrape() -> None:
    interval = read("prometheus/prometheus.yml")["global"]["scrape_interval"]
    assert DATA_SOURCES["prometheus"]["jsonData"]["timeInterval"] == interval
    assert parse_duration(SHORTEST_REFRESH) <= parse_duration(interval)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_offers_no_refresh_that_grafana_would_refuse(path: Path) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    for choice in (board["refresh"], *board["timepicker"]["refresh_intervals"]):
        assert parse_duration(choice) >= parse_duration(SHORTEST_REFRESH)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_data_source_that_a_board_names_is_provisioned(path: Path) -> None:
    named = {match for match in re.findall(r'"uid": "([^"]+)"', path.read_text(encoding="utf-8")) if "datasource" not in match}
    ours = {source["uid"] for source in DATA_SOURCES.values()} | {json.loads(board.read_text())["uid"] for board in BOARDS}
    assert named <= ours


def test_the_native_stack_and_compose_run_grafana_with_the_same_settings() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert {key: environment[key] for key in HARDENED} == HARDENED


def test_a_provider_puts_every_board_into_one_folder_of_its_own() -> None:
    (provider,) = read("grafana/provisioning/dashboards/genesis.yml")["providers"]
    assert provider["folderUid"]
    assert "foldersFromFilesStructure" not in provider["options"]
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in BOARDS]
    for key in ("uid", "title"):
        assert len({board[key] for board in boards}) == len(boards)
    mounted = file_behind(SERVICES["grafana"], "/etc/grafana/provisioning")
    assert mounted is not None
    assert (mounted / "dashboards" / "genesis.yml").is_file()
    assert (mounted / "datasources" / "genesis.yml").is_file()


def test_the_data_sources_know_each_other_and_cannot_be_edited() -> None:
    prometheus, alertmanager = DATA_SOURCES["prometheus"], DATA_SOURCES["alertmanager"]
    assert prometheus["jsonData"]["alertmanagerUid"] == alertmanager["uid"]
    assert prometheus["isDefault"] is True
    assert prometheus["editable"] is alertmanager["editable"] is False


def test_the_boards_are_provisioned_from_files_and_cannot_be_changed_in_the_browser() -> None:
    (provider,) = read("grafana/provisioning/dashboards/genesis.yml")["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is True
    assert provider["options"]["path"] == "${GENESIS_DASHBOARDS}"
    grafana = SERVICES["grafana"]
    assert file_behind(grafana, grafana["environment"]["GENESIS_DASHBOARDS"]) == ROOT / "grafana/dashboards"
    home = file_behind(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home is not None
    assert home.is_file()
    assert home.name == HOME_BOARD


def test_grafana_fetches_nothing_and_lets_nobody_in_without_a_password() -> None:
    environment = SERVICES["grafana"]["environment"]
    off = ["GF_AUTH_ANONYMOUS_ENABLED", "GF_USERS_ALLOW_SIGN_UP", "GF_ANALYTICS_REPORTING_ENABLED"]
    assert all(environment[key] == "false" for key in [*off, "GF_PLUGINS_PREINSTALL_AUTO_UPDATE"])
    assert environment["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"


def test_the_command_line_takes_what_the_image_and_the_service_give_it() -> None:
    service = parser({}).parse_args(SERVICES["monitor"]["command"])
    assert (service.host, service.port, service.no_stack) == ("0.0.0.0", SERVICE_PORTS["monitor"], True)  # noqa: S104 - within its network
    default = re.search(r"^CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)
    assert default is not None
    image = parser({}).parse_args(re.findall(r'"([^"]*)"', default[1]))
    assert (image.host, image.port) == ("0.0.0.0", SERVICE_PORTS["monitor"])  # noqa: S104 - within its network


def test_the_image_is_made_of_pinned_stages_and_runs_as_the_service_s_user() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", base) for base in bases)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == [SERVICES["monitor"]["user"]]
    assert "-c constraints.txt" in DOCKERFILE
    assert "[dev]" not in DOCKERFILE


def test_what_the_image_copies_exists_and_is_let_through_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = {source for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for source in line.split()[:-1]}
    assert {source.split("/")[0] for source in copied} == allowed
    assert all((ROOT / source).exists() for source in copied)
