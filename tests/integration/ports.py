"""Ports of the tests' own: nobody else gets one between the time it is picked and the time a server listens there."""

from __future__ import annotations

import socket

from genesis.stack.ports import LOOPBACK


def own_port() -> int:
    """A port on loopback that is kept for as long as this process runs.

    A socket that is bound there and never listens keeps it. Whoever asks the system for any port, a client too, is given
    another; a server that names this one may listen beside the socket, and while none does, connections are refused.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((LOOPBACK, 0))
    port: int = keeper.getsockname()[1]
    keeper.detach()  # nobody closes it before the process ends
    return port
