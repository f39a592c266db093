"""Bringing in a folder of a person's own images."""
