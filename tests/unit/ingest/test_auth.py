"""Secrets from files, and who passes with what."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from genesis.core.errors import ConfigError
from genesis.core.secret import read_secret
from genesis.ingest.auth import Guard, Guards, exposures, guarded, ingest_guard, scrape_guard
from genesis.ingest.tls import tls_context
from genesis.settings.access import IngestSettings, ScrapeSettings, TlsSettings

TOKEN = "a-token-of-the-tests-42"  # noqa: S105 - of the tests alone


def secret(path: Path, text: str = TOKEN + "\n", mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@asynccontextmanager
async def site(ingest: Guard, scrape: Guard | None) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def served(_: web.Request) -> web.Response:
        return web.Response(text="served")

    app = web.Application(middlewares=[guarded(lambda: Guards(ingest, scrape))])
    app.add_routes([web.get(path, served) for path in ("/", "/metrics", "/healthz", "/readyz", "/api/v1/schema")])
    app.add_routes([web.get(path, served) for path in ("/api/v1/strategies", "/api/v1/strategies/{name}/capacity")])
    app.add_routes([web.post("/api/v1/events", served)])
    async with TestClient(TestServer(app)) as client:
        yield client


def basic(credential: str) -> str:
    return "Basic " + base64.b64encode(credential.encode()).decode()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640])
def test_a_secret_is_the_one_line_of_its_file(ending: str, mode: int, tmp_path: Path) -> None:
    assert read_secret(secret(tmp_path / "s", TOKEN + ending, mode), "ingest.token_file") == TOKEN


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("", 0o600, "holds 0 characters, 16 to 4096 are needed"),
        ("short\n", 0o600, "holds 5 characters"),
        ("x" * 5000, 0o600, "characters, 16 to 4096 are needed"),
        ("two words are not one token", 0o600, "holds a space"),
        (f"{TOKEN}\n{TOKEN}\n", 0o600, "holds a space or a control character"),
        ("ein-schlüssel-mit-umlaut", 0o600, "printable ASCII"),
        (TOKEN, 0o644, "has mode 0644, so others may read or change it: chmod 600"),
        (TOKEN, 0o620, "has mode 0620"),
        (TOKEN, 0o602, "has mode 0602"),
    ],
)
def test_a_file_that_holds_no_good_secret_or_does_not_keep_it_is_a_fault_of_the_configuration(
    text: str, mode: int, complaint: str, tmp_path: Path
) -> None:
    path = secret(tmp_path / "s", text, mode)
    with pytest.raises(ConfigError) as caught:
        read_secret(path, "ingest.token_file")
    assert str(caught.value).startswith(f"wrong configuration:\n  monitor.yaml: ingest.token_file: got {str(path)!r}; ")
    assert complaint in str(caught.value)
    assert not text.strip() or text.strip() not in str(caught.value)


def test_a_file_that_is_missing_or_a_folder_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigError, match=r"scrape.token_file: got .* cannot be read"):
            scrape_guard(ScrapeSettings(token_file=path))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x",
                                    f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN} {TOKEN}", TOKEN, "Bearer \xff\xfe"])  # fmt: skip
async def test_a_wrong_token_changes_nothing_and_is_told_what_is_wanted(header: str | None, tmp_path: Path) -> None:
    guard = ingest_guard(IngestSettings(token_file=secret(tmp_path / "s")))
    async with site(guard, None) as http:
        answer = await http.post("/api/v1/events", headers={} if header is None else {"Authorization": header})
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="genesis"'
        assert "Authorization header is missing or wrong" in (await answer.json())["error"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
async def test_the_right_token_passes(scheme: str, tmp_path: Path) -> None:
    guard = ingest_guard(IngestSettings(token_file=secret(tmp_path / "s")))
    async with site(guard, None) as http:
        assert (await http.post("/api/v1/events", headers={"Authorization": f"{scheme} {TOKEN}"})).status == 200


async def test_without_a_configured_token_nobody_may_change_anything_and_the_answer_says_how_to_configure_one() -> None:
    async with site(ingest_guard(IngestSettings()), None) as http:
        answer = await http.post("/api/v1/events", headers={"Authorization": "Bearer "})
        assert answer.status == 403
        assert "ingest.token_file" in (await answer.json())["error"]


async def test_the_tokens_of_sender_and_scrape_open_nothing_of_each_other(tmp_path: Path) -> None:
    ingest = ingest_guard(IngestSettings(token_file=secret(tmp_path / "i")))
    scrape = scrape_guard(ScrapeSettings(token_file=secret(tmp_path / "s", "a-token-for-the-scrape")))
    async with site(ingest, scrape) as http:
        for token, may_send, may_scrape in ((TOKEN, 200, 401), ("a-token-for-the-scrape", 401, 200)):
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.post("/api/v1/events", headers=headers)).status == may_send
            assert (await http.get("/metrics", headers=headers)).status == may_scrape


async def test_basic_authentication_wants_name_and_password(tmp_path: Path) -> None:
    settings = ScrapeSettings(username="prometheus", password_file=secret(tmp_path / "s"))
    async with site(ingest_guard(IngestSettings()), scrape_guard(settings)) as http:
        for credential, status in (
            (f"prometheus:{TOKEN}", 200), (f"somebody:{TOKEN}", 401), ("prometheus:", 401), (f":{TOKEN}", 401),
        ):  # fmt: skip
            answer = await http.get("/metrics", headers={"Authorization": basic(credential)})
            assert answer.status == status
            assert status == 200 or answer.headers["WWW-Authenticate"] == 'Basic realm="genesis"'


async def test_what_shows_no_figures_stays_open_and_what_does_not_exist_is_not_guarded(tmp_path: Path) -> None:
    token = secret(tmp_path / "s")
    async with site(ingest_guard(IngestSettings()), scrape_guard(ScrapeSettings(token_file=token))) as http:
        for path in ("/", "/healthz", "/readyz", "/api/v1/schema"):
            assert (await http.get(path)).status == 200
        figures = ("/api/v1/strategies", "/api/v1/strategies/a/capacity", "/api/v1/%73trategies/a/capacity")
        for path in ("/metrics", "/metrics?a=b", "/%6detrics", *figures):
            assert (await http.get(path)).status == 401
            assert (await http.head(path)).status == 401
        assert (await http.post("/nothing")).status == 404
        assert (await http.delete("/api/v1/events")).status == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_nothing_is_exposed_on_loopback(host: str) -> None:
    assert not list(exposures(host, ScrapeSettings(), TlsSettings()))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "monitor.example"])  # noqa: S104 - a value only
def test_beyond_loopback_it_is_told_what_stands_open(host: str) -> None:
    told = "\n".join(exposures(host, ScrapeSettings(), TlsSettings()))
    assert "no TLS" in told
    assert "anyone can read /metrics and /api/v1/strategies" in told
    tls = TlsSettings(certificate_file=Path("c"), key_file=Path("k"))
    assert list(exposures(host, ScrapeSettings(token_file=Path("t")), tls)) == []
    assert list(exposures(host, ScrapeSettings(), tls.model_copy(update={"client_ca_file": Path("ca")}))) == []


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"username": "p"}, "username and password_file go together"),
        ({"password_file": "p"}, "username and password_file go together"),
        ({"token_file": "t", "username": "p", "password_file": "p"}, "exclude each other"),
        ({"client_key_file": "k"}, "client_certificate_file and client_key_file go together"),
    ],
)
def test_half_a_way_to_scrape_is_a_fault(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ScrapeSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"certificate_file": "c"}, "certificate_file and key_file go together"),
        ({"client_ca_file": "c"}, "client_ca_file needs certificate_file"),
    ],
)
def test_half_a_way_to_tls_is_a_fault(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        TlsSettings.model_validate(settings)


def test_files_that_hold_no_certificate_are_faults_of_the_configuration(tmp_path: Path) -> None:
    wrong = secret(tmp_path / "s")
    with pytest.raises(ConfigError, match=r"tls.key_file: got .*none'; cannot be read"):
        tls_context(TlsSettings(certificate_file=wrong, key_file=tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"tls.certificate_file: got .* must be PEM and belong together"):
        tls_context(TlsSettings(certificate_file=wrong, key_file=wrong))
    assert tls_context(TlsSettings()) is None
