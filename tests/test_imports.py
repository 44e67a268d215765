"""Who may import whom.

properties -> model -> checker.lang, which imports nothing.  Inside the checker each folder is a stage: what it may import
it says itself, in a line "May import: base, ir." of its `__init__.py`, and no two of them in a circle.
"""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HEAVY = ("numba", "llvmlite", "numpy", "z3", "networkx", "rich", "click")


def imports(path: Path, types: bool = False) -> set[str]:
    """Absolute names of the modules that a file imports, wherever in it; types: also those for type checkers only."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    tree = ast.parse(path.read_text())
    for_types = {id(inner) for node in ast.walk(tree) if _is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in for_types and not types:
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


def module_of(name: str) -> Path | None:
    """The file or folder of the checker that a dotted name stands for, or that defines it; None if it is another's."""
    place = ROOT.joinpath(*name.split("."))
    found = [one for one in (place, place.with_suffix(".py"), place.parent, place.parent.with_suffix(".py")) if one.exists()]
    return found[0] if found and name.startswith("checker.") and found[0] != ROOT / "checker" else None


def stage_of(place: Path) -> str:
    """The folder of the checker that a file belongs to; of a file that is in none, its name."""
    return place.relative_to(ROOT / "checker").parts[0]


def may_import(stage: str) -> set[str]:
    """What a folder says in its `__init__.py`."""
    doc = " ".join((ast.get_docstring(ast.parse((ROOT / "checker" / stage / "__init__.py").read_text())) or "").split())
    said = re.search(r"May import: ([\w, ]+)\.", doc)
    assert said, f"checker/{stage}/__init__.py does not say what it may import"
    return {name for name in said.group(1).split(", ") if name != "nothing"}


STAGES = sorted(path.parent.name for path in (ROOT / "checker").glob("*/__init__.py"))


def test_the_words_of_the_language_import_nothing_but_each_other():
    for path in python_files("checker/lang"):
        assert all(name.startswith("checker.lang.") for name in imports(path)), path.name


def test_a_model_imports_its_words_from_one_place():
    for folder in ("model", "properties", "tests/models"):
        for path in python_files(folder):
            assert not any(name.startswith("checker.lang.") and name.count(".") > 2 for name in imports(path)), path.name


TOOLS = sorted(file.parent for file in (ROOT / "model").glob("*/commands.py"))


def in_the_language(folder: str) -> list[Path]:
    """The files of a folder that are read as a model: those of its tools are programs."""
    return [path for path in python_files(folder) if not any(path.is_relative_to(tool) for tool in TOOLS)]


@pytest.mark.parametrize("folder, allowed", [("model", ("model",)), ("properties", ("properties", "model"))])
def test_models_see_the_language_and_nothing_else_of_the_checker(folder, allowed):
    for path in in_the_language(folder):
        for name in imports(path):
            fits = name.split(".")[0] in (*allowed, "__future__", "typing") or name.startswith("checker.lang")
            assert fits, f"{path.relative_to(ROOT)} imports {name}"


ROOMS = ("include", "the kernel's tree", "systems", "history")


def room_of(module: str) -> int:
    """Which of the ROOMS a module of the model is in."""
    folder = module.split(".")[1]
    return ROOMS.index(folder) if folder in ROOMS else 1


def modules_of_the_model() -> dict[str, ast.Module]:
    """All files of the model that have names of their own, by dotted name."""
    files = [path for path in in_the_language("model") if path.name != "__init__.py"]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text()) for path in files}


def imported(tree: ast.Module) -> list[tuple[str, bool]]:
    """What a file of the model imports from others of it, and whether behind something of its own."""
    found, behind = [], False
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("model."):
            found.append((str(node.module), behind))
        behind = behind or isinstance(node, (ast.Assign, ast.ClassDef, ast.FunctionDef))
    return found


def test_the_model_goes_from_headers_to_history():
    for module, tree in modules_of_the_model().items():
        for other, _ in imported(tree):
            assert room_of(other) <= room_of(module), f"{module} imports {other}"


def test_in_the_model_imports_come_last_in_a_circle_and_only_there():
    import networkx

    trees = modules_of_the_model()
    calls = networkx.DiGraph((module, other) for module, tree in trees.items() for other, _ in imported(tree))
    circles = list(networkx.strongly_connected_components(calls))
    for module, tree in trees.items():
        for other, behind in imported(tree):
            circle = any({module, other} <= one for one in circles)
            assert behind == circle, f"{module} imports {other} at its {'end' if behind else 'head'}"


def test_the_checker_knows_nothing_of_the_kernel():
    for path in python_files("checker"):
        for name in imports(path):
            assert name.split(".")[0] not in ("model", "properties", "tests"), f"{path.name} imports {name}"


OF_THE_CHECKER = {"base", "ir", "trace", "source", "table", "picture", "output", "verdict"}  # what a tool of the model may use


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_of_the_model_uses_the_checker_and_nobody_uses_the_tool(tool):
    for path in python_files(str(tool.relative_to(ROOT))):
        for name in imports(path):
            parts = name.split(".")
            assert parts[0] != "checker" or parts[1] in OF_THE_CHECKER, f"{path.name} imports {name}"
            assert parts[0] not in ("properties", "tests"), f"{path.name} imports {name}"
            assert parts[0] != "model" or parts[1] == tool.name, f"{path.name} imports {name}"
    for path in [*python_files("checker"), *in_the_language("model"), *python_files("properties")]:
        assert not any(name.startswith(f"model.{tool.name}") for name in imports(path)), path


def test_the_files_of_a_tool_do_not_import_each_other_in_a_circle():
    for tool in TOOLS:
        files = {path.stem: path for path in python_files(str(tool.relative_to(ROOT)))}
        wanted = {stem: {part for name in imports(path) if name.startswith(f"model.{tool.name}.") for part in name.split(".")[2:3]} & set(files) for stem, path in files.items()}
        assert list(graphlib.TopologicalSorter(wanted).static_order())  # CycleError, which names the circle


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_what_it_says(stage):
    allowed = may_import(stage)

    for path in python_files(f"checker/{stage}"):
        others = {stage_of(place) for place in map(module_of, imports(path)) if place} - {stage}
        assert {other.removesuffix(".py") for other in others} <= allowed, path.relative_to(ROOT)


def test_no_stage_says_more_than_it_imports():
    for stage in STAGES:
        files = python_files(f"checker/{stage}")
        others = {stage_of(place) for path in files for place in map(module_of, imports(path)) if place} - {stage}
        assert may_import(stage) <= {other.removesuffix(".py") for other in others}, stage


def test_no_files_import_each_other_in_a_circle():
    """Not even for the sake of types; a folder's `__init__.py` that does nothing but say what it is for counts for none."""
    files = [path for path in python_files("checker") if path.name != "__init__.py"]
    wanted = {path: {place for place in map(module_of, imports(path, types=True)) if place in files} for path in files}

    assert list(graphlib.TopologicalSorter(wanted).static_order())  # CycleError, which names the circle


def test_stages_are_in_an_order():
    order = graphlib.TopologicalSorter({stage: may_import(stage) for stage in STAGES})

    assert list(order.static_order())  # CycleError, which names the circle


GRAMMARS = ("lang/", "parse/tree.py", "ir/program.py")  # whose words are written `t.If`, `ir.If`, `lang.Process`


def test_no_two_classes_have_one_name():
    found: dict[str, list[str]] = {}
    for path in python_files("checker"):
        place = path.relative_to(ROOT / "checker").as_posix()
        names = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
        for name in names:
            found.setdefault(name, []).append("a grammar" if place.startswith(GRAMMARS) else place)

    assert {name: places for name, places in found.items() if len(set(places)) > 1} == {}


@pytest.mark.parametrize(
    "statement", ["import checker", "import checker.lang", "import checker.source.catalogue, checker.source.variant"]
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
