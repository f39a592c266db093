"""The parts of the Reports tab: figures drawn from one's own runs."""
