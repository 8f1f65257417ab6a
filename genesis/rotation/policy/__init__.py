"""The policy: pure functions from an observation, the settings and the history to a decision."""

from genesis.rotation.policy.deciding import decide

__all__ = ["decide"]
