"""The order desk: requests become checked orders on their way to the venue."""
