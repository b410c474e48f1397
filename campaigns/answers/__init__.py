"""What people answered: fetched, understood, and worked through in the inbox."""
