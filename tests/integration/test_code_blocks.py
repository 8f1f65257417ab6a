"""Every code block of README.md and docs/ is run, each by the test of its language. A block without a language fails."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import psycopg
import pytest
import yaml

from genesis.cli import parser
from genesis.configuration import load_settings
from genesis.core.errors import GenesisError
from genesis.core.models import StrategyState
from genesis.ingest.schema import event_schema
from genesis.ingest.statement import read_statement
from tests.code_blocks import ROOT, Block, Ended, block, blocks_of, every_block, run
from tests.integration import test_engine_page, test_ingest_clients
from tests.integration.live_monitor import TOKEN, LiveMonitor, secret, send
from tests.integration.ports import own_port
from tests.integration.postgres import Cluster
from tests.integration.test_board_queries import promtool
from tests.unit.boards.test_boards import labels_of, metrics_in

ADDRESS = "http://127.0.0.1:9108"
"""The address of the monitor in the documents."""
LINES = "lines"
"""The use of a block in which each line is a whole of its own."""

RUN_ELSEWHERE: dict[tuple[str, str, str], Callable[..., object]] = {
    ("docs/ingest.md", "sh", "setup"): (
        test_ingest_clients.test_the_token_that_the_document_makes_is_one_that_the_monitor_takes
    ),
    ("docs/ingest.md", "sh", "client"): test_ingest_clients.test_a_client_of_the_document_is_taken_and_may_be_run_again,
    ("docs/ingest.md", "python", "client"): test_ingest_clients.test_a_client_of_the_document_is_taken_and_may_be_run_again,
    ("docs/ingest.md", "js", "client"): test_ingest_clients.test_a_client_of_the_document_is_taken_and_may_be_run_again,
    ("docs/rotation.md", "sh", "engine"): test_engine_page.test_curl_asks_and_tells_the_reference_endpoint_as_the_page_says,
    ("docs/rotation.md", "python", "engine"): (
        test_engine_page.test_the_engine_of_the_page_takes_each_decision_once_and_knows_it_after_a_restart
    ),
}
"""Blocks that need more than the other blocks of their language, and the tests that run them."""


def of_language(language: str) -> list[Block]:
    """The blocks of a language that its test in this module runs; there is at least one."""
    found = [one for one in every_block() if one.language == language and _key(one) not in RUN_ELSEWHERE]
    assert found, language
    return found


def _key(one: Block) -> tuple[str, str, str]:
    return one.page, one.language, one.use


@pytest.fixture
async def monitor(tmp_path: Path) -> AsyncIterator[LiveMonitor]:
    """A monitor with the configuration of the repository, once it is ready."""
    live = LiveMonitor(tmp_path / "monitor")
    live.start()
    await live.ready()
    yield live
    live.stop()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A working directory that has what the documents take for granted."""
    folder = tmp_path / "scratch"
    (folder / "secrets").mkdir(parents=True)
    secret(folder / "secrets" / "ingest_token", TOKEN)
    shutil.copytree(ROOT / "config", folder / "config")
    events = re.findall(r"<<'EOF'\n(.*?)^EOF$", block("docs/ingest.md", "sh", "client").text, re.DOTALL | re.MULTILINE)
    (folder / "events.ndjson").write_text("".join(events), encoding="utf-8")
    (folder / "statement.csv").write_text(block("docs/reconciliation.md", "csv").text, encoding="utf-8")
    (folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n", encoding="ascii")
    return folder


def test_blocks_are_found_wherever_they_stand_in_a_page() -> None:
    page = (
        "# Page\n```sh setup\nls\n```\n1. item\n\n   ~~~yaml\n   a:\n     b: 1\n   ~~~\n\n````text\n```\n````\n```\nbare\n```\n"
    )
    assert list(blocks_of("page.md", page)) == [
        Block("page.md", 2, "sh", "setup", "ls\n"),
        Block("page.md", 7, "yaml", "", "a:\n  b: 1\n"),
        Block("page.md", 12, "text", "", "```\n"),
        Block("page.md", 15, "", "", "bare\n"),
    ]
    for wrong, message in (
        ("text\n```sh\nls\n", "page.md:2: the block does not end"),
        ("> ```sh\n", "page.md:1: a fence must"),
    ):
        with pytest.raises(ValueError, match=message):
            list(blocks_of("page.md", wrong))


def test_every_block_has_a_test_that_runs_it() -> None:
    found = every_block()
    unknown = [
        f"{one.place}: no test runs a block of language {one.language!r} and use {one.use!r}; "
        f"name one of {', '.join(RUN_BY)} behind the fence, or add a test"
        for one in found
        if _key(one) not in RUN_ELSEWHERE and not (one.language in RUN_BY and one.use in {"", *USES.get(one.language, ())})
    ]
    assert not unknown, "\n".join(unknown)
    assert RUN_ELSEWHERE.keys() <= {_key(one) for one in found}
    for page, language, use in RUN_ELSEWHERE:
        assert block(page, language, use).text, "exactly one block has this use: the test runs one"


async def test_every_python_block_is_a_program_that_ends_well(scratch: Path) -> None:
    settings = scratch / "config" / "monitor.yaml"
    for one in of_language("python"):
        settings.write_text(re.sub(r"(?m)^port: .*", f"port: {own_port()}", settings.read_text()))
        ended = await run((sys.executable, "-W", "error", "-c", one.text), scratch, {})
        assert ended.code == 0, f"{one.place}: {ended.errors}"
        if one.page == "README.md":
            assert "accepted" in ended.out.splitlines(), f"{one.place}: {ended.out}"


def test_every_yaml_block_is_part_of_a_configuration(scratch: Path) -> None:
    faults = []
    for one in of_language("yaml"):
        named = re.match(r"# config/(\w+\.yaml)\n", one.text)
        if named is None or not (ROOT / "config" / named[1]).is_file():
            faults.append(f"{one.place}: the first line must name the file: # config/NAME.yaml")
            continue
        file = scratch / "config" / named[1]
        own = file.read_text(encoding="utf-8")
        file.write_text(yaml.safe_dump(_together(yaml.safe_load(own), yaml.safe_load(one.text))), encoding="utf-8")
        try:
            load_settings(scratch / "config")
        except GenesisError as error:
            faults.append(f"{one.place}: {error}")
        file.write_text(own, encoding="utf-8")
    assert not faults, "\n".join(faults)


def _together(file: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """The file with the example in it: its lists and values in place of the file's, its entries among those of a section."""
    if "receivers" in file:  # a reader has defined those that the examples send to
        file["receivers"] |= {name: {} for name in ("pairs_team", "makers_page", "night_desk")}
    for key, value in example.items():
        file[key] = file.get(key, {}) | value if isinstance(value, dict) else value
    return file


def test_every_json_block_is_json_and_its_events_follow_the_schema() -> None:
    events = jsonschema.Draft202012Validator(event_schema())
    seen = 0
    for one in of_language("json"):
        for text in one.text.splitlines() if one.use == LINES else [one.text]:
            try:
                value = json.loads(text)
                if "kind" in value:
                    events.validate(value)
                    seen += 1
            except (ValueError, jsonschema.ValidationError) as error:
                pytest.fail(f"{one.place}: {error}: {text}")
    assert seen >= 3


def test_every_csv_block_is_a_statement() -> None:
    for one in of_language("csv"):
        try:
            read_statement(one.text.encode())
        except GenesisError as error:
            pytest.fail(f"{one.place}: {error}")


@pytest.mark.usefixtures("real_programs")
def test_every_promql_block_parses_and_asks_for_metrics_that_there_are(tmp_path: Path) -> None:
    expressions: dict[str, str] = {}
    faults = []
    for one in of_language("promql"):
        texts = one.text.splitlines() if one.use == LINES else [one.text]
        for number, text in enumerate(texts, one.line + 1):
            expressions[re.sub(r"\W", "_", f"{one.page}_line_{number}")] = text
            faults += [f"{one.page}:{number}: there is no metric {name}" for name in _unknown_metrics(text)]
    assert not faults, "\n".join(faults)
    rules = [{"record": name, "expr": expression} for name, expression in expressions.items()]
    done = promtool(tmp_path, "check", {"groups": [{"name": "code_blocks", "rules": rules}]})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(expressions)} rules found" in done.stdout


def _unknown_metrics(expression: str) -> Iterator[str]:
    """The names of our own in an expression that neither the monitor exports nor a recording rule makes."""
    names = metrics_in(re.sub(r"#.*", "", expression)) - _recorded()
    for name in sorted(name for name in names if "genesis_" in name):
        try:
            labels_of(name)
        except AssertionError:
            yield name


@cache
def _recorded() -> frozenset[str]:
    """What the recording rules of the repository make."""
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "prometheus" / "rules").glob("*.yml"))
    return frozenset(name for text in texts for name in re.findall(r"^ *- record: (\S+)$", text, re.MULTILINE))


async def test_every_shell_block_holds_commands_that_there_are(scratch: Path, monitor: LiveMonitor) -> None:
    for one in of_language("sh"):
        programs = set()
        for command in _commands(one.text):
            programs.add(program := command[0])
            assert program in CHECKS, f"{one.place}: no test knows the program {program!r}: there are {', '.join(CHECKS)}"
            fault = CHECKS[program](command)
            assert not fault, f"{one.place}: {shlex.join(command)}: {fault}"
        if "curl" in programs:
            ended = await _in_a_shell(one.text, scratch, monitor, {"CURL_HOME": str(scratch)})
            assert ended.code == 0, f"{one.place}: {ended.out}{ended.errors}"


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each command; one that goes on after a backslash is one."""
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def _genesis(command: list[str]) -> str:
    """What the command line refuses; empty if it takes the command."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            parser(os.environ).parse_args(command[1:])
        except SystemExit as ended:
            return said.getvalue() if ended.code else ""
    return ""


def _make(command: list[str]) -> str:
    """The targets of a command that the Makefile does not have: make itself takes the name of any folder for one."""
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = {word for word in command[1:] if "=" not in word} - set(" ".join(targets).split())
    return f"the Makefile has no target {', '.join(sorted(unknown))}" if unknown else ""


CHECKS: dict[str, Callable[[list[str]], str]] = {
    "genesis": _genesis,
    "make": _make,
    "curl": lambda _: "",  # the block is run as a whole
}
"""Program → what is wrong with a command of it."""


async def _in_a_shell(text: str, scratch: Path, monitor: LiveMonitor, environment: Mapping[str, str]) -> Ended:
    """Run a text that asks the monitor of the documents; the one of the test answers."""
    assert ADDRESS in text
    return await run(("sh", "-euc", text.replace(ADDRESS, monitor.url)), scratch, environment)


async def test_every_console_block_shows_a_command_and_an_answer_of_its_form(scratch: Path, monitor: LiveMonitor) -> None:
    capital = {"kind": "capital_flow", "time": "2025-01-31T12:00:00Z", "event_id": "capital", "amount": "5000"}
    events = [capital | {"source": name, "strategy": name} for name in ("mean_reversion", "spread_capture")]
    async with aiohttp.ClientSession() as http:
        await send(http, monitor.url, "\n".join(map(json.dumps, events)).encode())
    for one in of_language("console"):
        shown = re.fullmatch(r"\$ (?P<command>(?:.*[|\\]\n)*.*)\n(?P<answer>(?s:.*))", one.text)
        assert shown is not None, f"{one.place}: the first line must be a command behind '$ '"
        words = shlex.split(shown["command"])
        assert words[0] in CHECKS, f"{one.place}: no test knows the program {words[0]!r}: there are {', '.join(CHECKS)}"
        fault = CHECKS[words[0]](words)
        assert not fault, f"{one.place}: {fault}"
        if words[0] == "curl":
            ended = await _in_a_shell(shown["command"], scratch, monitor, {})
            assert ended.code == 0, f"{one.place}: {ended.errors}"
            fault = _difference(_values(shown["answer"]), _values(ended.out))
            assert not fault, f"{one.place}: {fault}; the real answer is\n{ended.out}"


def _values(answer: str) -> list[Any]:
    """The JSON documents of an answer, one after the other; of one that is not JSON, the columns of each line."""
    found, rest = [], answer.strip()
    try:
        while rest:
            value, end = json.JSONDecoder().raw_decode(rest)
            found.append(value)
            rest = rest[end:].lstrip()
    except ValueError:
        return [dict.fromkeys(range(len(line.split("\t")))) for line in answer.splitlines()]
    return found


def _difference(shown: Any, real: Any) -> str:
    """Where the form of the real answer is another: its keys, or its types. Figures differ, and may be unknown."""
    match shown, real:
        case dict(), dict() if not real or shown.keys() == real.keys():
            return next(filter(None, (_difference(shown[key], value) for key, value in real.items())), "")
        case list(), list() if len(shown) == len(real):
            return next(filter(None, map(_difference, shown, real)), "")
        case (str(), str()) | (bool(), bool()) | (int() | float(), int() | float()) | (_, None):
            return ""
    return f"shown is {shown!r}, real is {real!r}"


def test_every_sql_block_makes_a_database_that_its_owner_can_use(postgres: Cluster) -> None:
    for number, one in enumerate(of_language("sql")):
        name = f"page_{number}"
        statements = re.sub(r"\bgenesis\b", name, one.text)  # the server of the tests has a genesis already
        try:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                postgres.admin(statement)
            address = postgres.url(name).replace("genesis@", f"{name}@")
            with psycopg.connect(address, password="...") as connection:  # noqa: S106 - as the page writes it
                connection.execute("CREATE TABLE own (number integer)")
        except psycopg.Error as error:
            pytest.fail(f"{one.place}: {error}")
        finally:
            postgres.admin(f"DROP DATABASE IF EXISTS {name}")
            postgres.admin(f"DROP ROLE IF EXISTS {name}")


def test_every_mermaid_block_is_a_diagram_with_states_that_there_are() -> None:
    """Only a browser draws Mermaid: what can be checked without one are its kind, its brackets and its names."""
    for one in of_language("mermaid"):
        kind = one.text.split()[0]
        assert kind in {"stateDiagram-v2", "flowchart", "sequenceDiagram"}, f"{one.place}: {kind}"
        assert all(one.text.count(a) == one.text.count(b) for a, b in ("()", "[]", "{}")), f"{one.place}: brackets"
        if kind == "stateDiagram-v2":
            states = {state for line in re.findall(r"(\w+) --> (\w+)", one.text) for state in line}
            assert states == {state.name for state in StrategyState}, one.place


def test_a_text_block_is_a_picture_or_an_answer_and_holds_no_command() -> None:
    commands = tuple(f"{program} " for program in ("$", *CHECKS))
    faults = [
        f"{one.place}: {line!r} is a command: the block must be sh, or console where an answer follows"
        for one in of_language("text")
        for line in one.text.splitlines()
        if line.lstrip().startswith(commands)
    ]
    assert not faults, "\n".join(faults)


RUN_BY: dict[str, Callable[..., object]] = {
    "python": test_every_python_block_is_a_program_that_ends_well,
    "yaml": test_every_yaml_block_is_part_of_a_configuration,
    "json": test_every_json_block_is_json_and_its_events_follow_the_schema,
    "csv": test_every_csv_block_is_a_statement,
    "promql": test_every_promql_block_parses_and_asks_for_metrics_that_there_are,
    "sh": test_every_shell_block_holds_commands_that_there_are,
    "console": test_every_console_block_shows_a_command_and_an_answer_of_its_form,
    "sql": test_every_sql_block_makes_a_database_that_its_owner_can_use,
    "mermaid": test_every_mermaid_block_is_a_diagram_with_states_that_there_are,
    "text": test_a_text_block_is_a_picture_or_an_answer_and_holds_no_command,
}
"""Language → the test that runs its blocks."""
USES = {"promql": {LINES}, "json": {LINES}}
"""Language → the uses that its test knows, next to none."""
