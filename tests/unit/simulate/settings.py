"""The configuration that these tests start from."""

from __future__ import annotations

from pathlib import Path

from genesis.configuration import load_settings

SETTINGS = load_settings(Path(__file__).parents[3] / "config")
