"""How events come in that the built-in engine did not make."""
