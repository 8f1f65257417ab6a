"""Free ports are told from taken ones as a server would find them."""

from __future__ import annotations

import socket

import pytest

from genesis.stack.ports import free_port, is_free
from tests.integration.ports import own_port


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


def test_a_port_of_ones_own_is_given_to_nobody_else_and_any_server_may_listen_there_again() -> None:
    port = own_port()
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", port))
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port)).close()


def test_any_port_is_never_zero() -> None:
    assert free_port() > 0
