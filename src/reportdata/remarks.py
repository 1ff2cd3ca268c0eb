"""What a reader learns of a file beyond its records."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Remarks:
    """``titles`` are texts that stand above the heading of a table; ``partial`` gives for kinds of facts of which some
    are missing the reason; ``answers`` says whether there were answers of an API, whose ids are exact."""

    titles: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)
    answers: bool = False

    def clear(self) -> None:
        """The file is read once more."""
        self.titles.clear()
        self.partial.clear()
        self.answers = False
