"""What a session did, in figures: equity, statistics, round trips and the quality of execution."""
