"""What the Generation tab is made of."""
