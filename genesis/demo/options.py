"""The options of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genesis.stack.native import USUAL_PORTS, Ports


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """All options with their defaults."""

    seed: int = 1
    speed: float = 1.0
    """Seconds of market time per second of wall time."""
    duration: float | None = None
    """Seconds of wall time until the demo ends; None runs until it is stopped."""
    market: Path | None = None
    """A folder with a recorded market; None simulates one."""
    data: Path | None = None
    """The directory for all files, which is kept; None uses a temporary directory."""
    stack: bool = True
    """Whether to run Prometheus, Alertmanager and Grafana too."""
    rotation: bool = True
    """Whether rotation moves capital; it needs the Prometheus of the stack, or `prometheus`."""
    prometheus: str | None = None
    """The URL of a Prometheus that scrapes this demo; None for the one of the stack."""
    strategies: int | None = None
    """The number of strategies: the configured ones and copies of them; None for only the configured ones."""
    fault: bool = True
    """Whether to inject the fault into `FAULTY`; without it, no alert on a strategy should fire."""
    host: str | None = None
    port: int | None = None
    """Where the monitor listens; None as in monitor.yaml, but on a free port if that one is taken."""
    ports: Ports = USUAL_PORTS
    grafana_files: Path | None = None
    grafana_password_file: Path | None = None
    """The file with the password of Grafana's user admin; None for a random password."""
