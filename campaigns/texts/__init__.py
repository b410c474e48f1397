"""Messages as words: templates, spoken forms, and the sentences around them, in each language."""
