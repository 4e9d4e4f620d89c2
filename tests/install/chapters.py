"""The commands that the README tells people to type, chapter by chapter, as they stand there."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def commands(chapter: str) -> list[str]:
    """The sh blocks below that heading and before the next one, in their order."""
    text = README.read_text(encoding="utf-8")
    found = re.search(
        rf"^#+ {re.escape(chapter)}\n(.*?)(?=^## |^### |^#### |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"README.md has no chapter {chapter}"
    blocks = re.findall(r"^```sh\n(.*?)^```", found[1], re.MULTILINE | re.DOTALL)
    assert blocks, f"README.md: chapter {chapter} has no commands"
    return blocks
