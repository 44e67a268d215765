"""Who may import whom, and the map of the checker that says so.

properties -> model -> checker.lang, which imports nothing.  Inside the checker every file
belongs to a stage, and imports its own stage and those listed for it, which come before it.

`python -m tests.test_imports` writes the table of checker/README.md anew.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

STAGES = {  # stage: its files; a stage imports earlier ones only
    "lang": "lang",
    "basis": "errors limits digest disk_cache files processes",
    "ir": "ir irprint ircheck slots sites",
    "source": "source variant catalogue",
    "front": "syntax* tree types infer* intervals unset ghosts liveness lower* compile program_cache",
    "interpreter": "interpret",
    "reduction": "ample granules known_values monotone partial_order visibility watches symmetry real_run",
    "native": "native* layout visited chains search_loop compiled",
    "search": "explore* symbolic/*",
    "trace": "trace trace_file values picture columns drawing explain report itf graph lock_order liveness_check "
             "transplant explain_order",
    "check": "__init__ api deepening result forecast",
    "table": "regress/table regress/findings",
    "tell": "output options listing compare replaying verify",
    "smt": "smt/*",
    "export": "export/*",
    "bench": "bench/*",
    "regress": "regress/* mutate/*",
    "command line": "cli scenario_list __main__",
}
MAY_IMPORT = {  # stage: the stages that it may import
    "lang": [],
    "basis": [],
    "ir": ["basis"],
    "source": ["lang", "basis", "ir"],
    "front": ["lang", "basis", "ir", "source"],
    "interpreter": ["basis", "ir"],
    "reduction": ["basis", "ir"],
    "native": ["basis", "ir", "reduction"],
    "search": ["basis", "ir", "interpreter", "native", "reduction"],
    "trace": ["lang", "basis", "ir", "source", "interpreter"],
    "check": ["lang", "basis", "ir", "source", "front", "search", "trace"],
    "table": ["basis", "check"],
    "tell": ["lang", "basis", "ir", "source", "front", "interpreter", "trace", "check", "table"],
    "smt": ["lang", "basis", "ir", "source", "front", "interpreter", "trace", "check", "tell"],
    "export": ["basis", "ir"],
    "bench": ["basis", "ir", "native", "search", "check", "export"],
    "regress": ["lang", "basis", "ir", "source", "search", "trace", "check", "table", "tell"],
    "command line": list(STAGES),
}
HEAVY = ("numba", "llvmlite", "numpy", "z3", "networkx", "rich", "click")


def imports(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports, wherever in it but for type checkers."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    tree = ast.parse(path.read_text())
    for_types = {id(inner) for node in ast.walk(tree) if _is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names} | ({module} if node.module else set())
    return found


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def stage_of(path: Path) -> str:
    name = path.relative_to(ROOT / "checker").with_suffix("").as_posix()
    for stage, patterns in STAGES.items():
        if any(fnmatch(name, pattern) for pattern in patterns.split()):
            return stage
    raise AssertionError(f"{path.name} belongs to no stage: add it to STAGES in {Path(__file__).name}")


def test_the_words_of_the_language_import_nothing():
    assert imports(ROOT / "checker" / "lang.py") == set()


@pytest.mark.parametrize("folder, allowed", [("model", ("model",)), ("properties", ("properties", "model"))])
def test_models_see_the_language_and_nothing_else_of_the_checker(folder, allowed):
    for path in python_files(folder):
        for name in imports(path):
            fits = name.split(".")[0] in (*allowed, "__future__", "typing") or name.startswith("checker.lang")
            assert fits, f"{path.relative_to(ROOT)} imports {name}"


def test_the_checker_knows_nothing_of_the_kernel():
    for path in python_files("checker"):
        for name in imports(path):
            assert name.split(".")[0] not in ("model", "properties", "tests"), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", python_files("checker"), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_stages_import_those_before_them_only(path):
    stage = stage_of(path)
    for name in imports(path):
        target = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name.startswith("checker.") and target.is_file():
            other = stage_of(target)
            assert other == stage or other in MAY_IMPORT[stage], (
                f"{path.name} ({stage}) imports {target.name} ({other})"
            )


@pytest.mark.parametrize(
    "statement", ["import checker", "import checker.lang", "import checker.catalogue, checker.variant"]
)
def test_a_model_pays_for_nothing_heavy(statement):
    code = f"import sys\n{statement}\nprint(*[n for n in {HEAVY} if n in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert out.stdout.strip() == ""


def test_a_verdict_pays_for_no_graphs_and_no_solver():
    code = (
        "import sys, checker\n"
        "found = checker.check('tests/models/peterson.py')\n"
        "print(found.verdict, *[n for n in ('networkx', 'z3', 'rich') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "holds"


# ------------------------------------------------------------------------- the map

MAP = ROOT / "checker" / "README.md"
TABLE = re.compile(r"(?<=<!-- made by tests/test_imports.py -->\n).*?(?=<!-- end -->)", re.DOTALL)


def table() -> str:
    """Every file of the checker by its stage, with the first sentence of its docstring."""
    lines = ["", "| stage | file | what it is |", "|---|---|---|"]
    for stage in STAGES:
        files = [path for path in python_files("checker") if stage_of(path) == stage]
        for path, shown in zip(files, [f"**{stage}**", *[""] * len(files)]):
            doc = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
            lines.append(f"| {shown} | `{path.relative_to(ROOT / 'checker')}` | {doc.split('.  ')[0].rstrip('.')} |")
    return "\n".join(lines) + "\n\n"


def test_the_map_is_up_to_date():
    assert TABLE.search(MAP.read_text()).group() == table(), "python -m tests.test_imports writes it anew"


def test_stages_import_earlier_ones_only():
    order = list(STAGES)
    for stage, others in MAY_IMPORT.items():
        assert stage == "command line" or all(order.index(other) < order.index(stage) for other in others), stage


if __name__ == "__main__":
    MAP.write_text(TABLE.sub(lambda _: table(), MAP.read_text()))
