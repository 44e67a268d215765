from pathlib import Path
import pytest
from agreement import changed_by_symmetry
from checker import api
@pytest.mark.parametrize("file", sorted(Path("tests/models/soundness").glob("sym_*.py")), ids=lambda f: f.stem)
def test_soundness(file):
    assert [] == changed_by_symmetry(api.prepare(file).program)
