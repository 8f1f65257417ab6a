"""Free ports are told from taken ones as a server would find them."""

from __future__ import annotations

import socket

import pytest

from genesis.stack.ports import free_port, is_free


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - a neighbour on all addresses takes loopback too
def test_a_port_that_somebody_listens_on_is_taken(host: str) -> None:
    with socket.create_server((host, 0)) as other:
        port = other.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port
    assert is_free(port)
    assert free_port(port) == port


def test_a_port_with_connections_that_wait_to_be_forgotten_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server's side closes first, and waits
            client.recv(1)
    assert is_free(port)


def test_any_port_is_never_zero() -> None:
    assert free_port() > 0
