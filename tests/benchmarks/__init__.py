"""Measurements, run by ``make bench``: each module here has ``report(repeats) -> lines of Markdown``."""
