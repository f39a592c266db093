"""The parts of the latent tab."""
