"""What the user of the demo may choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genesis.stack.native import USUAL_PORTS, Ports


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """All of it, with the defaults."""

    seed: int = 1
    speed: float = 1.0
    """Seconds of market time a second."""
    duration: float | None = None
    """Seconds until the demo ends by itself; None runs until it is stopped."""
    market: Path | None = None
    """A folder with a recorded market; None simulates one."""
    data: Path | None = None
    """Where everything is written, and kept; None for a temporary directory."""
    stack: bool = True
    """Whether to run Prometheus, Alertmanager and Grafana too."""
    rotation: bool = True
    """Whether rotation moves capital; it needs a Prometheus: the one of the stack, or `prometheus`."""
    prometheus: str | None = None
    """The address of a Prometheus that reads this demo; None for that of the stack."""
    strategies: int | None = None
    """How many strategies trade: the configured ones, and copies of them; None for the configured ones alone."""
    fault: bool = True
    """Whether the execution of `FAULTY` breaks; without it, no alert on a strategy should fire."""
    host: str | None = None
    port: int | None = None
    """Where the monitor listens; None as monitor.yaml says, on another port if that one is taken."""
    ports: Ports = USUAL_PORTS
    grafana_files: Path | None = None
    grafana_password_file: Path | None = None
    """The file with the password of Grafana's user admin; None for a random one."""
