"""Every function of the texts that the project started from is in the model, or has a reason why it is not.

`python -m tests.kernel.test_seed_functions` writes the table in model/README.md anew.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest

from checker.source.catalogue import load

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).parent / "seed_functions.txt"
README = ROOT / "model" / "README.md"
PART = re.compile(r"(<!-- made by tests/kernel/test_seed_functions.py -->\n).*?(<!-- end -->)", re.DOTALL)


@cache
def listed() -> dict[str, str]:
    """Reason by function, "" for none, in the order of the list."""
    lines = [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    parts = [line.partition(": ") for line in lines]
    assert len({name for name, _, _ in parts}) == len(lines), "a function is listed twice"
    return {name: reason for name, _, reason in parts}


@cache
def files(name: str) -> list[str]:
    """The model files that have a function of this name, from model/ on; designs and history do not count."""
    found = load().functions.get(name, ()) if name in load().functions else ()
    paths = [Path(f.__code__.co_filename).resolve().relative_to(ROOT / "model") for f in found]
    return [path.as_posix() for path in paths if path.parts[0] != "history" and "designs" not in path.with_suffix("").parts]


def table() -> str:
    rows = [
        f"| `{name}` | {', '.join(f'`{file}`' for file in files(name)) or 'not modelled: ' + reason} |"
        for name, reason in listed().items()
    ]
    return "\n| function | where |\n|---|---|\n" + "\n".join(rows) + "\n\n"


@pytest.mark.parametrize("name", listed())
def test_it_is_in_the_model_or_there_is_a_reason(name: str) -> None:
    assert files(name) or listed()[name], f"{name} is not in the model, and {LIST.name} does not say why"
    row = re.search(rf"^\| `{name}` \| (.*) \|$", README.read_text(), re.MULTILINE)
    assert row, f"model/README.md does not name {name}: run python -m tests.kernel.test_seed_functions"
    for file in re.findall(r"`([\w/]+\.py)`", row.group(1)):
        assert (ROOT / "model" / file).exists()


def test_the_table_is_up_to_date() -> None:
    match = PART.search(README.read_text())

    assert match and match.group(0) == match.group(1) + table() + match.group(2), "run: python -m tests.kernel.test_seed_functions"


def test_a_function_that_is_nowhere_would_be_noticed() -> None:
    assert files("no_such_function") == [] and files("writeback_iter") == ["mm/page_writeback.py"]


def main() -> None:
    README.write_text(PART.sub(lambda match: match.group(1) + table() + match.group(2), README.read_text()))


if __name__ == "__main__":
    sys.exit(main())
