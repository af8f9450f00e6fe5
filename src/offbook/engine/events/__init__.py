"""What happens at its date: corporate actions and settlements, and what follows for orders."""
