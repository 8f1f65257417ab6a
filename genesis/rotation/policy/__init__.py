"""What is decided: pure functions of what is seen, of the settings and of the history."""

from genesis.rotation.policy.deciding import decide

__all__ = ["decide"]
