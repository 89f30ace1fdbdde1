"""Why a whole file was not brought in."""

from lib.words import t


class ImportRefused(Exception):
    """A file that cannot be brought in at all. `reason` is a key of the locale `refused`, `holes` fill it."""

    def __init__(self, reason: str, *, file: str = "", line: int = 0, **holes: object) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        self.holes = {"file": file, "line": line} | holes
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """The refusal in words, for the person who chose the file."""
        return t(language, f"refused.{self.reason}", **self.holes)
