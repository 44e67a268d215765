"""What a model declares, by name: scenarios, designs, properties, constants, functions."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from .. import lang
from ..base.errors import ModelError, Problem, UsageError, shown_path
from . import declarations
from .functions import lines_of
from .tools import folders

PACKAGES = ("model", "properties")
SHORT = 20  # names that are listed where one of them is meant
COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)
CHANGES = ("designs", "history")  # folders of changes: one that cannot be loaded keeps nobody from the others
DEFAULT_SCENARIO = "default"  # the scenario of this name, if there is one, is looked at first


@dataclass
class Catalogue:
    """The named things of a model, each kind in the order of declaration, baselines before variants.

    The name of a thing is the module variable that it is bound to.
    model: what the model as a whole is called.  functions: every function by name; there
    may be several of one name in different files.  where: file and line of each scenario,
    design, constant, struct and property.  left_out: files of designs that could not be loaded, and why.
    """

    model: str
    scenarios: dict[str, lang.Scenario] = field(default_factory=dict)
    designs: dict[str, lang.Design] = field(default_factory=dict)
    properties: dict[str, FunctionType] = field(default_factory=dict)
    constants: dict[str, lang.Constant] = field(default_factory=dict)
    structs: dict[str, type] = field(default_factory=dict)
    functions: dict[str, list[FunctionType]] = field(default_factory=dict)
    modules: list[ModuleType] = field(default_factory=list)
    where: dict[Any, tuple[str, int]] = field(default_factory=dict)
    left_out: dict[Path, ModelError] = field(default_factory=dict)

    def scenario(self, name: str) -> lang.Scenario:
        """The scenario `name`; UsageError with candidates if there is none."""
        return _named("scenario", name, self.scenarios)

    def design(self, name: str) -> lang.Design:
        """The design `name`, or several of them composed: "a+b"."""
        names = [part.strip() for part in name.split("+")]
        for part in names:
            self._refuse_left_out(part)
        parts = [_named("design", part, self.designs) for part in names]
        for later, second in enumerate(names):
            for first in names[:later]:
                self._refuse_unfit(first, second)
        composed = parts[0]
        for part in parts[1:]:
            composed = composed + part
        return composed

    def _refuse_left_out(self, name: str) -> None:
        """The error because of which there is no such design, if that is so."""
        for file, error in {} if name in self.designs else self.left_out.items():
            if re.search(rf"^{re.escape(name)}\s*=", "".join(lines_of(str(file))), re.MULTILINE):
                raise error

    def _refuse_unfit(self, first: str, second: str) -> None:
        """UsageError if two designs do not compose."""
        one, other = self.designs[first], self.designs[second]
        reason = lang.unfit(one, other, self.name_of).format(first, second)
        if first == second and not reason:
            reason = f"{first} is named twice"
        if not reason:
            return
        fitting = [n for n, d in self.designs.items() if d is not one and not lang.unfit(one, d)]
        known = f"; with {first} compose: " + shortened(fitting) if fitting else ""
        raise UsageError(f"--design {first}+{second}: {reason}{known}")

    def function(self, name: str) -> list[FunctionType]:
        """The functions called `name`, of which there may be one in each file."""
        return _named("function", name, self.functions)

    def struct(self, name: str) -> type:
        """The struct `name`; UsageError with candidates if there is none."""
        return _named("struct", name, self.structs)

    def name_of(self, thing: lang.Scenario | lang.Design | lang.Constant | None) -> str:
        """The name of a declared thing; of no design at all, the model's."""
        if thing is None:
            return self.model
        for kind in (self.scenarios, self.designs, self.constants):
            for name, value in kind.items():
                if value is thing:
                    return name
        return "?"

    def baseline_of(self, design: lang.Design | None) -> lang.Design | None:
        """What a variant is a variant of: `of=`, followed to its end."""
        seen = []
        while design is not None and design.of is not None and design not in seen:
            seen.append(design)
            design = design.of
        return design

    def scenarios_of(self, design: lang.Design | None) -> dict[str, lang.Scenario]:
        """The scenarios in which `design` can be looked at: those of its baseline, and
        those of no baseline in the same file."""
        baseline = self.baseline_of(design)
        if baseline is None:
            return {n: s for n, s in self.scenarios.items() if s.of is None} or dict(self.scenarios)
        file, _ = self.where[baseline]
        return {
            n: s
            for n, s in self.scenarios.items()
            if s.of is baseline or (s.of is None and self.where[s][0] == file)
        }

    def select(self, design: str | None, scenario: str | None) -> tuple[lang.Design | None, lang.Scenario]:
        """What to check.  A design brings its scenario, or the first one of its baseline; a
        scenario brings its baseline; with neither, it is the scenario named `default`, or
        the first of all."""
        if not self.scenarios:
            raise UsageError(f"{self.model} declares no scenario, so there is nothing to check")
        if design is None:
            chosen = self.scenario(scenario) if scenario else _first(self.scenarios)
            return chosen.of or self._only_baseline(), chosen
        looked_at = self.design(design)
        if scenario is not None:
            asked = self.scenario(scenario)
            if isinstance(looked_at, lang.Baseline) and asked.of not in (None, looked_at):
                raise UsageError(f"scenario {scenario} is one of {self.name_of(asked.of)}, and not of {design}")
            return looked_at, asked
        if looked_at.scenario is not None:
            given = looked_at.scenario
            return looked_at, self.scenario(given) if isinstance(given, str) else given
        fitting = self.scenarios_of(looked_at)
        if not fitting:
            raise UsageError(
                f"no scenario belongs to design {design}: say of= what it is a variant of, or name a scenario with --scenario"
            )
        return looked_at, _first(fitting)

    def _only_baseline(self) -> lang.Design | None:
        baselines = [d for d in self.designs.values() if isinstance(d, lang.Baseline)]
        return baselines[0] if len(baselines) == 1 else None

    def settings(self, texts: Iterable[str]) -> dict[str, int]:
        """`NAME=VALUE` texts as values of constants; case does not matter in names."""
        found: dict[str, int] = {}
        by_folded = {name.casefold(): name for name in self.constants}
        for text in texts:
            name, equals, value = (part.strip() for part in text.partition("="))
            if not equals or not name:
                raise UsageError(f"--set {text}: write NAME=VALUE")
            exact = name if name in self.constants else by_folded.get(name.casefold())
            if exact is None:
                _named("constant", name, self.constants)
            try:
                found[str(exact)] = int(value, 0)
            except ValueError:
                raise UsageError(f"--set {text}: {value!r} is not an integer") from None
        return found

    def property_names(self, names: Iterable[str]) -> list[str]:
        """`names`, each of which must be that of a property, or of an always-on one."""
        from ..ir.program import ALWAYS_ON

        known: dict[str, object] = {**self.properties, **dict.fromkeys(ALWAYS_ON)}
        for name in (names := list(names)):
            _named("property", name, known)
        return names


def load(model_file: Path | str | None = None) -> Catalogue:
    """What `model_file` declares; without one, what the packages `model` and `properties` do.

    Raises ModelError if the text of the model does not run as Python, UsageError if
    there is no such model or if a name is declared twice.
    """
    if model_file is not None:
        module = _load_file(Path(model_file))
        return _collect(Path(model_file).stem, [module])
    if importlib.util.find_spec(PACKAGES[0]) is None:
        raise UsageError("there is no package `model` here; name a file with --model FILE.py")
    left_out: dict[Path, ModelError] = {}
    modules = [module for package in PACKAGES for module in _load_package(package, left_out)]
    catalogue = _collect(PACKAGES[0], modules)
    catalogue.left_out = left_out
    return catalogue


def _load_package(package: str, left_out: dict[Path, ModelError]) -> list[ModuleType]:
    """All modules of a package, imported, by path; [] if there is no such package.

    Files of designs that cannot be imported are entered into `left_out`."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    modules = []
    for root in map(Path, spec.submodule_search_locations):
        tools = folders(root)
        for path in sorted(file for file in root.rglob("*.py") if not any(file.is_relative_to(tool) for tool in tools)):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))
            try:
                modules.append(_guarded(path, lambda name=name: importlib.import_module(name)))
            except ModelError as error:
                if path.parent.name not in CHANGES:
                    raise
                left_out[path] = error
    return modules


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no model file {path}")
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        _guarded(path, lambda: spec.loader.exec_module(module))
    finally:
        sys.path.remove(str(path.parent))
    return module


def _guarded(path: Path, run: Any) -> Any:
    """run(), where whatever the model's own text raises becomes a ModelError."""
    try:
        return run()
    except SyntaxError as error:
        file, line = error.filename or str(path), error.lineno or 0
        problem = Problem(file, line, "python", f"not Python: {error.msg}")
    except (Exception, SystemExit) as error:
        file, line = _raised_in(error, path)
        problem = Problem(
            file,
            line,
            "python",
            f"{type(error).__name__}: {error}",
            "" if _refused(error) else "The module's top level is ordinary Python; it must run without error.",
        )
    raise ModelError(problem) from None


def _refused(error: BaseException) -> bool:
    """Does a word of the language refuse what it was given?  Then it has said what it wants instead."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, TypeError) and bool(frames) and Path(frames[-1].filename).parent == Path(lang.__file__).parent


def _raised_in(error: BaseException, path: Path) -> tuple[str, int]:
    """The innermost place of `error` that is neither the checker's nor Python's own."""
    own = str(Path(__file__).parents[1])
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((own, sys.base_prefix, "<frozen")) and frame.lineno:
            return frame.filename, frame.lineno
    return str(path), 0


def _collect(model: str, modules: list[ModuleType]) -> Catalogue:
    catalogue = Catalogue(model)
    for module in modules:
        if module not in catalogue.modules:
            catalogue.modules.append(module)
            _collect_module(catalogue, module)
    first = catalogue.scenarios.pop(DEFAULT_SCENARIO, None)
    if first is not None:
        catalogue.scenarios = {DEFAULT_SCENARIO: first, **catalogue.scenarios}
    catalogue.designs = dict(sorted(catalogue.designs.items(), key=lambda item: item[1].of is not None))
    if wrong := list(declarations.problems(catalogue)):
        raise ModelError(wrong)
    return catalogue


def _collect_module(catalogue: Catalogue, module: ModuleType) -> None:
    file = module.__file__ or ""
    declared, inside = _declared(file)
    for name, value in vars(module).items():
        if isinstance(value, FunctionType):
            if value.__module__ == module.__name__ and value.__name__ == name:
                _add_function(catalogue, value)
        elif isinstance(value, type) and issubclass(value, lang.Struct):
            if value.__module__ == module.__name__:
                _refuse_twice(catalogue, catalogue.structs, name, value, (file, declared.get(name, 0)))
                catalogue.structs[name] = value
                catalogue.where.setdefault(value, (file, declared.get(name, 0)))
        elif name in inside and isinstance(value, (lang.Scenario, lang.Design, lang.Constant)):
            raise ModelError(_not_at_the_top(file, name, *inside[name]))
        elif name in declared:
            kinds: tuple[tuple[type, dict[str, Any]], ...] = (
                (lang.Scenario, catalogue.scenarios),
                (lang.Design, catalogue.designs),
                (lang.Constant, catalogue.constants),
            )
            for kind, into in kinds:
                if isinstance(value, kind):
                    _refuse_twice(catalogue, into, name, value, (file, declared[name]))
                    into[name] = value
                    catalogue.where.setdefault(value, (file, declared[name]))


def _add_function(catalogue: Catalogue, function: FunctionType) -> None:
    name, code = function.__name__, function.__code__
    if getattr(function, "checker_kind", "") == "property":
        _refuse_twice(
            catalogue, catalogue.properties, name, function, (code.co_filename, code.co_firstlineno)
        )
        catalogue.properties[name] = function
        catalogue.where[function] = (code.co_filename, code.co_firstlineno)
    else:
        catalogue.functions.setdefault(name, []).append(function)


def _refuse_twice(
    catalogue: Catalogue, into: Mapping[str, Any], name: str, value: Any, where: tuple[str, int]
) -> None:
    if name in into and into[name] is not value:
        raise _duplicate(where, name, catalogue.where[into[name]])


def _duplicate(where: tuple[str, int], name: str, first: tuple[str, int]) -> ModelError:
    file, line = first
    return ModelError(
        Problem(
            *where,
            "duplicate",
            f"{name} is declared a second time",
            f"The first is at {shown_path(file)}:{line}; names are unique in a model, so rename one.",
        )
    )


def _declared(file: str) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
    """The names that a module's top level assigns or defines, as opposed to imports, with their lines; and those that
    are assigned inside a statement of it alone, with lines and the words that the statements begin with.

    ModelError if one of them is declared twice: Python would forget the first.
    """
    found: dict[str, int] = {}
    inside: dict[str, tuple[int, str]] = {}
    for node in ast.parse("".join(lines_of(file)), file).body:
        for name in _names_of(node):
            if name in found:
                raise _duplicate((file, node.lineno), name, (file, found[name]))
            found[name] = node.lineno
        if isinstance(node, COMPOUND):
            word = type(node).__name__.lower()
            inside |= {name: (inner.lineno, word) for inner in ast.walk(node) for name in _assigned(inner)}
    return found, {name: place for name, place in inside.items() if name not in found}


def _not_at_the_top(file: str, name: str, line: int, word: str) -> Problem:
    text = f"{name} is declared inside `{word}`, where it would not be found"
    return Problem(file, line, "declaration", text, "Declare it at the top level of the file: what a model has is read from there.")


def _names_of(node: ast.stmt) -> set[str]:
    match node:
        case ast.ClassDef() | ast.FunctionDef():
            return {node.name}
    return _assigned(node)


def _assigned(node: ast.AST) -> set[str]:
    """The names that an assignment gives values to."""
    match node:
        case ast.Assign(targets=targets):
            return {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
        case ast.AnnAssign(target=ast.Name(name)):
            return {name}
    return set()


def _first(things: Mapping[str, lang.Scenario]) -> lang.Scenario:
    return next(iter(things.values()))


LISTS = {"design": "designs", "scenario": "scenarios", "property": "properties"}  # commands


def _named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """known[name], or UsageError with the names that are near, and which command lists all."""
    if name in known:
        return known[name]
    listed = f"\n  python -m checker {LISTS[kind]} lists them" if kind in LISTS else ""
    raise UsageError(f"there is no {kind} {name!r}" + suggestions(name, list(known)) + listed)


def shortened(names: list[str]) -> str:
    """Names as a list, of which a long one is cut."""
    return ", ".join(names[:SHORT]) + (f" and {len(names) - SHORT} more" if len(names) > SHORT else "")


def suggestions(name: str, known: list[str]) -> str:
    """ "; did you mean ...?", or all there is if nothing is near and the list is short."""
    folded = {k.casefold(): k for k in known}
    near = [folded[k] for k in difflib.get_close_matches(name.casefold(), list(folded), n=4, cutoff=0.5)]
    if near:
        return "; did you mean " + " or ".join(near) + "?"
    if not known:
        return "; there are none"
    return "; there are: " + ", ".join(known) if len(known) <= SHORT else f"; none of the {len(known)} is like it"
