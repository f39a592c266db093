"""The blocks of a network, edited in place."""
