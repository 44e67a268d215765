"""A function of the model as text, with its steps numbered in the margin."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType

from ..base.errors import CheckerError, shown_path
from ..ir.program import Block, Program
from ..lang import Design
from ..source.catalogue import Catalogue
from ..source.functions import definition, place
from ..source.variant import Edits, Line, edited

LEGEND = (
    "n: a step begins here;  >: a call with steps inside;",
    "unmarked: local work of the step before",
)


def with_steps(catalogue: Catalogue, name: str, design: str | None = None) -> Iterator[str]:
    """The lines of the functions called `name`, their steps numbered.

    A primitive is one step and a pure function none.  The steps of a model function are
    taken from a scenario that runs it.
    """
    chosen = catalogue.design(design) if design else None
    edits = edited(chosen, design or "", catalogue.baseline_of(chosen))
    for number, function in enumerate(catalogue.function(name)):
        if number:
            yield ""
        yield from _listed(catalogue, function, edits, chosen, design)


def _listed(
    catalogue: Catalogue, function: FunctionType, edits: Edits, design: Design | None, name: str | None
) -> Iterator[str]:
    file, line = place(function)
    kind = getattr(function, "checker_kind", "")
    source = getattr(function, "checker_source", "")
    heading = (
        f"{shown_path(file)}:{line}" + (f"  of {source}" if source else "") + (f"  in {name}" if name else "")
    )
    text = edits.text(function)
    marks: dict[int, str] = {}
    legend = {"primitive": "a primitive: one atomic step", "pure": "a pure function: no step of its own"}.get(
        kind
    )
    if legend is None:
        found = _blocks(catalogue, function, edits, design)
        legend = "\n  ".join(LEGEND) if found else "no scenario runs it, so its steps are not known"
        marks = _marks(text, *found) if found else {}
    yield heading
    yield f"  {legend}"
    for index, (_, line_text) in enumerate(text):
        yield f"{marks.get(index, ''):>4}  {line_text.rstrip()}".rstrip()


def _blocks(
    catalogue: Catalogue, function: FunctionType, edits: Edits, design: Design | None
) -> tuple[dict[int, list[Block]], set[int]] | None:
    """Of the first scenario that runs `function`: its blocks by line, and its lines that
    lead to steps of other functions."""
    from ..compile.program import compile_program

    scenarios = catalogue.scenarios_of(design) if design else catalogue.scenarios
    error: CheckerError | None = None
    for scenario in scenarios.values():
        try:
            program = compile_program(catalogue, scenario, design or scenario.of, None, {}, None)
        except CheckerError as one:
            error = error or one
            continue
        found = _steps_of(program, function.__name__, edits.file(function))
        if found[0] or found[1]:
            return found
    if error is not None:
        raise error
    return None


def _steps_of(program: Program, name: str, file: str) -> tuple[dict[int, list[Block]], set[int]]:
    steps: dict[int, list[Block]] = defaultdict(list)
    calls: set[int] = set()
    for process in program.processes:
        for block in process.blocks:
            for depth, frame in enumerate(block.frames):
                if frame.function == name and shown_path(frame.pos.file) == shown_path(file):
                    if depth == len(block.frames) - 1:
                        steps[frame.pos.line].append(block)
                    else:
                        calls.add(frame.pos.line)
    return steps, calls


def _marks(text: list[Line], steps: dict[int, list[Block]], calls: set[int]) -> dict[int, str]:
    """What stands in the margin of each line of `text`, by its index.

    An inserted call has the line number of its anchor: the name called tells them apart.
    """
    marked: dict[int, str] = {}
    for mark, lines in (
        (">", {line: [""] for line in calls}),
        ("", {n: [b.call.name for b in bs] for n, bs in steps.items()}),
    ):
        for line, names in lines.items():
            rows = [index for index, (number, _) in enumerate(text) if number == line]
            for name in dict.fromkeys(names):
                fitting = [index for index in rows if f"{name}(" in text[index][1]] or rows[:1]
                marked.update((index, mark or "step") for index in fitting[:1])
    counter = iter(range(1, len(text) + 1))
    return {
        index: str(next(counter)) if marked[index] == "step" else marked[index] for index in sorted(marked)
    }


def atomic_groups(catalogue: Catalogue) -> Iterator[str]:
    """Every `with atomic("reason")` of a model: its place, function and reason."""
    for functions in catalogue.functions.values():
        for function in functions:
            for node in ast.walk(definition(function)):
                if isinstance(node, ast.With):
                    call = node.items[0].context_expr
                    if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                        where = f"{shown_path(place(function)[0])}:{node.lineno}"
                        yield f"{where}  {function.__name__}()  {call.args[0].value!s}"
