"""The monitor's own TLS, and what clients must show."""

from __future__ import annotations

import ssl
from pathlib import Path

from genesis.core.access_config import TlsSettings
from genesis.core.errors import ConfigError, Fault


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


def _readable(path: Path, key: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise _fault(key, path, f"cannot be read: {error.strerror}") from error


def _fault(key: str, path: Path, expected: str) -> ConfigError:
    return ConfigError([Fault("monitor.yaml", key, str(path), expected)])
