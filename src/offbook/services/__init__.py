"""What is offered to the doors: the core, put to work asynchronously."""
