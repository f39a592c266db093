"""The parts of the view of a network's layers."""
