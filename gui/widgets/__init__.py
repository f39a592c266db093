"""The controls that views share."""
