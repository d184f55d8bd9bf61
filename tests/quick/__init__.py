"""The product as it is, but for what only takes time where a test is about something else."""
