"""A generator of small adversarial programs, and the comparison of all that judges them.

`python -m tests.fuzz --programs 20000 --seed 1` is the long form; `tests/search/test_fuzz.py` the short one.
"""

import sys
from pathlib import Path

HELPERS = str(Path(__file__).resolve().parents[2])  # where the tests' helper modules are
if HELPERS not in sys.path:
    sys.path.append(HELPERS)
