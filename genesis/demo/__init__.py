"""The whole way of an event on one machine, to watch and to touch."""
