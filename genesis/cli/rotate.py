"""`genesis rotate ...`: the controller that moves capital between strategies, and what people tell it and ask of it."""

from __future__ import annotations

from genesis.cli.arguments import Commands, Environ, add_group
from genesis.cli.rotate_commands import add_orders, add_prune
from genesis.cli.rotate_questions import add_questions
from genesis.cli.rotate_run import add_run
from genesis.cli.rotate_simulate import add_simulate


def add_rotate_commands(commands: Commands, environ: Environ) -> None:
    verbs = add_group(commands, "rotate", "move capital between strategies; halt it, pin a strategy, ask what it did and why")
    add_run(verbs, environ)
    add_orders(verbs)
    add_questions(verbs)
    add_prune(verbs)
    add_simulate(verbs)
