"""What holds for all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def text_is_80_columns_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal of who runs the tests has told the shell."""
    monkeypatch.delenv("COLUMNS", raising=False)
