"""The parts of `monitor.yaml` about access: who may send events, who may scrape, and TLS.

Secrets are never in the configuration itself: it names files that hold nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from genesis.settings.section import Name, Section

MIB = 1024 * 1024


class IngestSettings(Section):
    """Events over HTTP: who may send them, and how much at once."""

    token_file: Path | None = None
    """The file with the token that senders must present; without one, nothing is taken over HTTP."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 8 * MIB
    """The largest request, in bytes, after decompression; a larger one is answered with 413."""
    max_pending_events: Annotated[int, Field(ge=1)] = 10_000
    """How many events may wait to be booked; further requests are answered with 429. Also the most events in one request."""


class ScrapeSettings(Section):
    """What clients of /metrics and /api/v1/strategies must present: a token, or a user's name and password; nothing by default.

    The generated prometheus.yml names the same files: Prometheus must see them under the same paths.
    """

    token_file: Path | None = None
    """The file with the bearer token that Prometheus presents."""
    username: Name | None = None
    """The user's name, for basic authentication."""
    password_file: Path | None = None
    """The file with the user's password."""
    ca_file: Path | None = None
    """The CA with which Prometheus verifies the monitor's certificate; without one, `tls.certificate_file` itself."""
    server_name: Name | None = None
    """The name in the monitor's certificate, if it is not the host that Prometheus scrapes."""
    client_certificate_file: Path | None = None
    """The certificate that Prometheus presents if `tls.client_ca_file` requires one."""
    client_key_file: Path | None = None
    """Its private key."""

    @model_validator(mode="after")
    def _one_way_and_whole(self) -> ScrapeSettings:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together: give both, or neither")
        if self.token_file is not None and self.username is not None:
            raise ValueError("token_file and username exclude each other: give one of them")
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("client_certificate_file and client_key_file go together: give both, or neither")
        return self


class TlsSettings(Section):
    """With a certificate, the monitor serves only HTTPS."""

    certificate_file: Path | None = None
    """The monitor's certificate in PEM, followed by the intermediate certificates."""
    key_file: Path | None = None
    """Its private key, in PEM, without a passphrase."""
    client_ca_file: Path | None = None
    """The CA that must have issued a client's certificate; without one, clients need no certificate."""

    @model_validator(mode="after")
    def _certificate_and_key(self) -> TlsSettings:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together: give both, or neither")
        if self.client_ca_file is not None and self.certificate_file is None:
            raise ValueError("client_ca_file needs certificate_file and key_file: client certificates need TLS")
        return self

    @property
    def enabled(self) -> bool:
        return self.certificate_file is not None
