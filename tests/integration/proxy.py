"""A TCP proxy before PostgreSQL that can lose a COMMIT, or the answer to it."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

_COMMIT = b"COMMIT"


class Proxy:
    """Hands everything through until it is told otherwise; then the next commit is where both connections end."""

    def __init__(self, port: int) -> None:
        """`port`: of the server, on loopback."""
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_at_commit = 0
        """Let that many COMMITs through, and keep the answer to the last of them."""
        self.swallow_commit = False
        """Keep the next COMMIT."""
        self.closed_after_cut = False
        """From the cut on, nobody gets through."""
        self.closed = False
        self.cuts = 0
        self._withhold = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Proxy:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            _end(one)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.closed:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server))
            self._sockets += [client, server]
            self._start(self._requests, client, server)
            self._start(self._answers, server, client)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        while data := _receive(client):
            if self.swallow_commit and _COMMIT in data:
                self.swallow_commit = False
                self._cut(client, server)
                return
            if self.cut_at_commit and _COMMIT in data:
                self.cut_at_commit -= 1
                self._withhold = self.cut_at_commit == 0
            try:
                server.sendall(data)
            except OSError:
                break
        _end(server)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        while data := _receive(server):
            if self._withhold and _COMMIT in data:  # the server has done it, and says so
                self._withhold = False
                self._cut(client, server)
                return
            try:
                client.sendall(data)
            except OSError:
                return
        _end(client)

    def _cut(self, *both: socket.socket) -> None:
        self.cuts += 1
        self.closed = self.closed_after_cut
        for one in both:
            _end(one)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def _receive(one: socket.socket) -> bytes:
    try:
        return one.recv(65536)
    except OSError:
        return b""


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
