"""Refusals: a rule that says no says why, in a sentence for the person who asked."""


class Refusal(Exception):
    """Something was refused. `field` names the form field that the sentence belongs to."""

    status = 409

    def __init__(self, sentence: str, *, field: str | None = None, status: int | None = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.status = status or self.status

    def __str__(self) -> str:
        return str(self.sentence)
