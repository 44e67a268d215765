"""Tables in files of TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from .errors import UsageError, shown_path


def read(path: Path) -> dict[str, Any]:
    """What a file says, {} if it is not there; UsageError if it is no TOML."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown_path(path)}: {error}") from None
