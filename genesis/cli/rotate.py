"""`genesis rotate ...`: run the controller that moves capital between strategies, give it commands, and query its log."""

from __future__ import annotations

from genesis.cli.arguments import Commands, Environ, add_group
from genesis.cli.rotate_commands import add_commands, add_prune
from genesis.cli.rotate_queries import add_queries
from genesis.cli.rotate_run import add_run
from genesis.cli.rotate_simulate import add_simulate


def add_rotate_commands(commands: Commands, environ: Environ) -> None:
    verbs = add_group(commands, "rotate", "move capital between strategies; halt it, pin a strategy, show what it did and why")
    add_run(verbs, environ)
    add_commands(verbs)
    add_queries(verbs)
    add_prune(verbs)
    add_simulate(verbs)
