"""What the Reconstruction tab is made of."""
