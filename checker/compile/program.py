"""A scenario under a design and a bound -> a program of the IR."""

from __future__ import annotations

import gc
from types import FunctionType

from .. import lang
from ..base.errors import ModelError, Problem, UsageError, placed, shown_path
from ..ir import program as ir
from ..lower.builder import Builder
from ..lower.flow import reads_in
from ..lower.lock_state import has_readers, readers
from ..lower.processes import Lowered, expressions, instances_of, lowered_process, lowered_setup, written
from ..lower.properties import for_properties, lowered_property
from ..lower.statements import RULES
from ..lower.values import Value
from ..parse import tree as t
from ..parse.statements import parse_function
from ..source.catalogue import Catalogue, suggestions
from ..source.variant import Edits, edited
from ..types.ghosts import ghost_problems
from ..types.infer import Inference
from ..types.typed import Typed
from ..types.world import FieldInfo, World

MOST_OPERATIONS = 1_000_000_000
DEFAULT_BOUND = 3  # operations, where neither the caller nor the scenario says how many


def compile_program(
    catalogue: Catalogue,
    scenario: lang.Scenario,
    design: lang.Design | None = None,
    bound: int | str | None = None,
    settings: dict[str, int] | None = None,
    properties: list[str] | None = None,
) -> ir.Program:
    """The program of `scenario` under `design`.

    bound: operations that threads may start (None: the scenario's; ANY: as many as they like).  settings: values of
    constants by name; they go before those of the design, which go before the scope of the
    scenario.  properties: names (None: the scenario's, or all).

    Raises ModelError with everything that is wrong with the model, UsageError if a name
    or value asked for does not exist.
    """
    collecting = gc.isenabled()
    gc.disable()  # everything made here is in use until the end
    try:
        return _Compiler(catalogue, scenario, design, settings or {}).program(bound, properties)
    finally:
        if collecting:
            gc.enable()


_kept: dict[FunctionType, t.Function] = {}  # trees of functions as they are, without a design's edits


class _Parser:
    """Trees of functions under the edits of a design."""

    def __init__(self, edits: Edits) -> None:
        self.edits = edits
        self.changed = set(edits.functions())
        self.own: dict[FunctionType, t.Function] = {}
        self.files: dict[str, str] = {}

    def __call__(self, function: FunctionType) -> t.Function:
        found = self.own.get(function)
        if found is None:
            found = self.own[function] = self._parse(function)
            if found.file not in self.files:
                self.files[found.file] = shown_path(found.file)
        return found

    def _parse(self, function: FunctionType) -> t.Function:
        if function not in self.changed and function in _kept:
            return _kept[function]
        source = self.edits.body(function)
        tree = parse_function(function, source, self.edits.file(function), self.edits.globals(function))
        if function not in self.changed:
            _kept[function] = tree
        return tree


class _Compiler:
    """One compilation."""

    def __init__(
        self,
        catalogue: Catalogue,
        scenario: lang.Scenario,
        design: lang.Design | None,
        settings: dict[str, int],
    ) -> None:
        self.catalogue, self.scenario, self.design = catalogue, scenario, design
        self.given = self._constants(settings)
        self.world = World(catalogue.modules, catalogue.structs, self.given)
        self.parser = _Parser(edited(design, catalogue.name_of(design), scenario.of))
        self.inference = Inference(self.world, self.parser)
        self.counts = [self._instances_of(p) for p in scenario.processes]
        self.world.processes = sum(count for count, _ in self.counts)

    def _instances_of(self, process: lang.Process) -> tuple[int, Value | None]:
        try:
            return instances_of(process, self.world)
        except ModelError as error:
            place = self.catalogue.where.get(self.scenario, ("", 0))
            raise ModelError(placed(problem, *place) for problem in error.problems) from None

    def _constants(self, settings: dict[str, int]) -> dict[lang.Constant, int]:
        given: dict[lang.Constant, int] = {}
        for source in (self.scenario.scope, self.design.set if self.design else {}, settings):
            for name, value in source.items():
                constant = name if isinstance(name, lang.Constant) else self.catalogue.constants.get(name)
                if constant is None:
                    known = suggestions(str(name), list(self.catalogue.constants))
                    raise UsageError(f"there is no constant {str(name)!r}{known}")
                given[constant] = value
        return given

    def program(self, bound: int | str | None, properties: list[str] | None) -> ir.Program:
        self._refuse_scenario()
        typed = [[self.inference.function(f) for f in p.functions] for p in self.scenario.processes]
        setup = self.inference.function(self.scenario.setup) if self.scenario.setup else None
        chosen = {name: self.inference.function(f) for name, f in self._properties(properties).items()}
        self._refuse_arguments(typed)
        problems = list(self.inference.problems.values())
        if not problems:
            problems = ghost_problems(
                [one for functions in typed for one in functions] + ([setup] if setup else [])
            )
        if problems:
            raise ModelError(problems)
        self._find_written(typed, setup)
        lowered = self._lower(typed, bound == ir.ANY)
        locals_ = [v for one in lowered for v in one.variables]
        setup_body: tuple[ir.Stmt, ...] = (ir.Goto(0),)
        if setup is not None:
            setup_body, more = lowered_setup(self._builder("setup"), setup, self.scenario.processes[0].name)
            locals_ += more
        builder = for_properties(self.world, self.parser.files)
        judged = tuple(lowered_property(builder, name, one) for name, one in chosen.items())
        counted = any(p.kind == "thread" for p in self.scenario.processes)
        limit = (bound if bound is not None else self._scenario_bound()) if counted else None
        number = None if limit == ir.ANY else limit
        return ir.Program(
            self._name(), (*self._shared(lowered, setup_body, judged, limit), *locals_),
            tuple(one.process for one in lowered), judged, setup_body,
            tuple(s.__name__ for s in self.world.used if s.symmetric), number,
            tuple((n, self.world.constant(c)) for n, c in self.catalogue.constants.items()),
            tuple((s.__name__, self.world.count(s)) for s in self.world.used),
        )  # fmt: skip

    def _scenario_bound(self) -> int:
        bound = DEFAULT_BOUND if self.scenario.bound is None else self.world.constant(self.scenario.bound)
        if not 0 <= bound <= MOST_OPERATIONS:
            self._refuse("type", f"bound= is {bound:,}", f"It is a number of operations, at most {MOST_OPERATIONS:,}.")
        return bound

    def _name(self) -> str:
        names = [
            self.catalogue.name_of(self.scenario),
            self.catalogue.name_of(self.design) if self.design else "",
        ]
        return " ".join(n for n in names if n)

    # what is wrong with the scenario itself

    def _refuse_scenario(self) -> None:
        names = [p.name for p in self.scenario.processes]
        if not names:
            self._refuse(
                "type",
                "a scenario without processes",
                "thread(...), worker(...), interrupt(...), process(...)",
            )
        for name in names:
            if names.count(name) > 1:
                self._refuse("type", f"two processes are called {name}", "Use count=2, or two names.")
        for process in self.scenario.processes:
            for function in process.functions:
                if not isinstance(function, FunctionType):
                    self._refuse(
                        "type",
                        f"{process.name}: {function!r} is not a function",
                        "Name functions of the model.",
                    )

    def _refuse(self, rule: str, text: str, remedy: str) -> None:
        name = self.catalogue.name_of(self.scenario)
        file, line = self.catalogue.where.get(self.scenario, ("", 0))
        raise ModelError(Problem(file, line, rule, f"scenario {name}: {text}", remedy))

    def _refuse_arguments(self, typed: list[list[Typed | None]]) -> None:
        for process, functions in zip(self.scenario.processes, typed):
            wanted = 0 if process.per is None else 1
            for one in functions:
                if one is None:
                    continue
                if len(one.params) != wanted:
                    name = one.function.name
                    text = f"{name}() takes {len(one.params)} arguments and {process.name} gives {wanted}"
                    self._refuse("type", text, "per=S gives an instance; other arguments come from choose().")
                if wanted and next(iter(one.params.values())) != self.world.ref(process.per):
                    text = f"the argument of {one.function.name}() is not {process.per.__name__}"
                    self._refuse("type", text, "per=S gives an instance of S.")

    # parts of the program

    def _properties(self, names: list[str] | None) -> dict[str, FunctionType]:
        known = self.catalogue.properties
        if names is None:
            wanted = self.scenario.properties
            chosen = self._of_this_system() if wanted is None else [getattr(p, "__name__", p) for p in wanted]
        else:
            chosen = [n for n in names if n not in ir.ALWAYS_ON]
        found: dict[str, FunctionType] = {}
        for name in chosen:
            if name not in known:
                text = f"there is no property {name!r}" + suggestions(name, list(known))
                if names is None:
                    self._refuse("unknown-name", text, "properties= names properties of the model.")
                raise UsageError(text)
            found[name] = known[name]
            self._refuse_fairness(known[name])
            witness = known[name].checker_property[1].get("witness")
            if witness is not None:
                found.setdefault(getattr(witness, "__name__", witness), witness)
        return found

    def _refuse_fairness(self, property: FunctionType) -> None:
        """Refuse names in `fair=` that no scenario has: such a property would hold of fewer behaviours than it says."""
        known = {process.name for scenario in self.catalogue.scenarios.values() for process in scenario.processes}
        for name in property.checker_property[1].get("fair", ()):
            if name not in known:
                text = f"{property.__name__}: no scenario has a process {name!r}" + suggestions(name, sorted(known))
                remedy = 'fair=("writer", "irq") names threads, workers and interrupts of the scenarios.'
                raise ModelError(Problem(*self.catalogue.where[property], "unknown-name", text, remedy))

    def _of_this_system(self) -> list[str]:
        """The properties that are about the scenario's baseline, or about none in particular."""
        baseline = self.scenario.of or self.catalogue.baseline_of(self.design)
        known = self.catalogue.properties.items()
        return [name for name, one in known if one.checker_property[1].get("of") in (None, baseline)]

    def _find_written(self, typed: list[list[Typed]], setup: Typed | None) -> None:
        for functions in typed:
            for one in functions:
                for function in one.everything_called():
                    for field in function.writes:
                        if issubclass(field.struct, lang.Struct):
                            info = self.world.field(field)
                            info.written = info.mutable = True
        for function in setup.everything_called() if setup else []:
            for field in function.writes:
                if issubclass(field.struct, lang.Struct):
                    self.world.field(field).written = True
        for info in self.world.fields():
            if info.field.lock:
                info.type = ir.Type("owner", 0, self.world.processes + int(info.handed_over))

    def _builder(self, name: str) -> Builder:
        return Builder(RULES, self.world, self.parser.files, self.scenario.lock_order, name)

    def _lower(self, typed: list[list[Typed]], any_number: bool) -> list[Lowered]:
        done: list[Lowered] = []
        problems: dict[tuple[str, int, str], Problem] = {}
        for process, functions, (count, argument) in zip(self.scenario.processes, typed, self.counts):
            try:
                builder = self._builder(process.name)
                done.append(lowered_process(builder, process, functions, count, argument, any_number))
            except ModelError as error:
                for problem in error.problems:
                    problems.setdefault((problem.file, problem.line, problem.text), problem)
        if problems:
            raise ModelError(problems.values())
        return done

    def _shared(
        self,
        lowered: list[Lowered],
        setup: tuple[ir.Stmt, ...],
        judged: tuple[ir.Property, ...],
        bound: int | str | None,
    ) -> list[ir.Variable]:
        """The shared variables that the program mentions."""
        bodies = [setup, *(b.body for one in lowered for b in one.process.blocks)]
        exprs = [e for body in bodies for e in expressions(body)]
        exprs += [b.guard for one in lowered for b in one.process.blocks]
        for prop in judged:
            exprs += [e for one in prop.instances for e in (one.expr, one.premise) if e is not None]
            exprs += prop.target
        used = {read.var for expr in exprs for read in reads_in(expr)}
        for body in bodies:
            used |= written(body)
        found = []
        if bound is not None:
            most = 1 if bound == ir.ANY else bound
            found.append(ir.Variable(ir.OPS_LEFT, ir.int_type(0, most), init=(most,), label=ir.OPS_LEFT))
        for info in self.world.fields():
            found += self._variables(info, used)
        return found

    def _variables(self, info: FieldInfo, used: set[str]) -> list[ir.Variable]:
        field = info.field
        struct, label = field.struct.__name__, field.doc or field.name
        found = []
        if info.var in used:
            found.append(ir.Variable(
                info.var, info.type, info.count, (info.init,) * info.count, None, field.ghost, info.per,
                label, struct, field.name, self._guard(info, used), "mutex" if field.lock else "",
            ))  # fmt: skip
        if has_readers(info) and readers(info) in used:
            each = self.world.processes
            count = info.count * each
            found.append(ir.Variable(
                readers(info), ir.BOOL, count, (0,) * count, None, False, each, label, struct,
                field.name + ".readers", None, "readers",
            ))  # fmt: skip
        return found

    def _guard(self, info: FieldInfo, used: set[str]) -> ir.LockGuard | None:
        always, to_write = self.world.guards(info.field)
        field = always or to_write
        if field is None or self.world.field(field).var not in used:
            return None
        lock = self.world.field(field)
        return ir.LockGuard(lock.var, None if lock.count == 1 else info.per, always is not None)
