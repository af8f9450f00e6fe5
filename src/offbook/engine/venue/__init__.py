"""The simulated venue: what rests, what trades on which data, and by which rule."""
