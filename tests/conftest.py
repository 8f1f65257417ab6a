"""What all tests share: examples that are always the same, logs that no test leaves redirected, and databases for journals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from genesis.database.address import Address, address
from tests.integration.postgres import PASSWORD, Cluster, cluster

# How long an example takes says more of the machine than of the code, and what passes here has to pass everywhere.
# `pytest --hypothesis-profile=search` looks at other examples each time, and at ten times as many (tests/search.py).
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", settings.get_profile("same"), derandomize=False, max_examples=1000)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A test of the command line configures the logs of the whole process, to a stream that ends with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for all tests of this run; whoever stops it starts it again."""
    with cluster() as running:
        yield running


@pytest.fixture
def postgres_address(postgres: Cluster, tmp_path: Path) -> Iterator[Address]:
    """An empty database of that server."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    with postgres.database() as url:
        yield address(url, password)


@pytest.fixture
def sqlite_address(tmp_path: Path) -> Address:
    """A file that is not there yet."""
    return address(tmp_path / "journal.db")


@pytest.fixture(params=["sqlite_address", "postgres_address"], ids=["sqlite", "postgresql"])
def journal_address(request: pytest.FixtureRequest) -> Address:
    """Each test of a journal runs against both real databases."""
    found: Address = request.getfixturevalue(request.param)
    return found
