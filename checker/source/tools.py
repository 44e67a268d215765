"""Tools of a model: folders of it that are programs, and not in the language.

A folder of the package `model` with a file `commands.py` is one.  Its `COMMANDS` are added to the command line, and nothing in it is
read as a model.  Nothing else is known of it here.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

MODEL = "model"
COMMANDS = "commands.py"


def folders(root: Path) -> list[Path]:
    """The tools in the folder of a package."""
    return sorted(file.parent for file in root.glob(f"*/{COMMANDS}"))


def commands() -> dict[str, Any]:
    """The commands of all tools, by name."""
    spec = importlib.util.find_spec(MODEL)
    roots = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
    names = [f"{MODEL}.{folder.name}.{Path(COMMANDS).stem}" for root in map(Path, roots) for folder in folders(root)]
    return {command.name: command for name in names for command in importlib.import_module(name).COMMANDS}
