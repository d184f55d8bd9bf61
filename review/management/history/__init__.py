"""A made-up history for measuring at scale: rows as months of work would have left them, and no pictures."""
