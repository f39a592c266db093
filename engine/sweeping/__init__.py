"""How a sweep is done: its folder, its study, its workers, and the conductor that hands out the work."""
