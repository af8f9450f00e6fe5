"""One call for scripts and notebooks: run a strategy over data, and look at what came out."""
