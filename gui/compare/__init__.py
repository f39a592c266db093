"""The parts of the Compare tab: curves, pictures, and what a setting does to them."""
