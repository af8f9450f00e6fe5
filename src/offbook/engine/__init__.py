"""What happens: a pure, synchronous engine that turns inputs into records.

Nothing here reads a clock, does I/O or keeps global state; time comes in with the inputs.
"""
