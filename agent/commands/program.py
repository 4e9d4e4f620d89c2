"""How this program was called, for commands that a person may copy."""

import sys
from pathlib import Path


def as_typed() -> str:
    """The command's name or path as it was typed; from a checkout `python -m agent.cli`."""
    typed = Path(sys.argv[0])
    return f"{sys.executable} -m agent.cli" if typed.suffix == ".py" else str(typed)
