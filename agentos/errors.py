"""What a person may be told."""


class DomainError(Exception):
    """A rule of the product said no. `message` is a sentence for the person; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
