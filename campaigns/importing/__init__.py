"""A file of contacts on its way in: read within bounds, its columns understood, each row judged."""
