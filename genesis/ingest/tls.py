"""The monitor's own TLS, and the certificates that clients must present."""

from __future__ import annotations

import ssl
from pathlib import Path

from genesis.core.errors import ConfigError, Fault
from genesis.settings.access import TlsSettings


def tls_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """The server's side of TLS 1.2 and later; None without a certificate.

    Raises:
        ConfigError: a file cannot be used.
    """
    if settings.certificate_file is None or settings.key_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _readable(settings.certificate_file, "tls.certificate_file")
    _readable(settings.key_file, "tls.key_file")
    try:
        # A password is given so that OpenSSL does not stop and ask for one on the terminal.
        context.load_cert_chain(settings.certificate_file, settings.key_file, password="")
    except (ssl.SSLError, ValueError) as error:
        expected = f"certificate and key (tls.key_file: {settings.key_file}) must be PEM and belong together: {error}"
        raise _fault("tls.certificate_file", settings.certificate_file, expected) from error
    if settings.client_ca_file is not None:
        _readable(settings.client_ca_file, "tls.client_ca_file")
        try:
            context.load_verify_locations(settings.client_ca_file)
        except ssl.SSLError as error:
            raise _fault("tls.client_ca_file", settings.client_ca_file, f"must hold certificates in PEM: {error}") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class ServerTls:
    """The TLS of a server that runs: each new connection gets the certificate and the client authorities of the last `take_up`.

    Open connections, and TLS sessions that a client resumes, keep what they started with.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self.listening = context
        """The context with which the server listens."""
        self._newest = context
        context.sni_callback = self._choose

    def take_up(self, context: ssl.SSLContext) -> None:
        """Serve new connections with `context`.

        Loading files into the listening context is not enough: it would keep the old authorities, and an old certificate
        whose key is of another kind.
        """
        self._newest = context
        self.listening.verify_mode = context.verify_mode  # is read before a connection gets its context

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """OpenSSL calls this at each handshake, even if the client names no server."""
        connection.context = self._newest


def _readable(path: Path, key: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise _fault(key, path, f"cannot be read: {error.strerror}") from error


def _fault(key: str, path: Path, expected: str) -> ConfigError:
    return ConfigError([Fault("monitor.yaml", key, str(path), expected)])
