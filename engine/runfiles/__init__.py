"""The files of a run folder, and recording into them."""
