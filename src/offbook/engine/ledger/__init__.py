"""What a fold over records gives."""
