"""What an author writes, and its host."""
