"""What the Interpolation tab is made of."""
