"""What the core needs from outside, as protocols; every one has a contract suite in
``offbook.testing.contracts``."""
