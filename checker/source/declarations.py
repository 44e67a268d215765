"""What may be wrong with declarations before any constant has its value: numbers, texts, names.

`lang` records what is written and refuses little, as it cannot say where a thing stands or what else there
is.  Here all declarations of a model are looked at together.  What depends on the values of constants
(empty ranges, counts below 1) is refused by `types` and `compile`, for one scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any, Protocol

from .. import lang
from ..base.errors import Problem
from .functions import lines_of

C_TYPES = ("", "s32", "u32", "s64", "u64", "ulong")
Wrong = tuple[str, str]  # what is wrong with a declaration, and the remedy
NUMBER = "Write a whole number, or an expression of constants."
NO_PROCESS = {  # kinds of functions that are none of a process, in words
    "primitive": "a primitive, one step of a function", "pure": "pure, a value and no step", "word": "a word of the language",
    "property": "a property", "inductive": "a property", "theorem": "a theorem",
}  # fmt: skip


class Declared(Protocol):
    """What a model declares, by name: a `Catalogue`."""

    scenarios: dict[str, lang.Scenario]
    designs: dict[str, lang.Design]
    properties: dict[str, FunctionType]
    constants: dict[str, lang.Constant]
    modules: list[ModuleType]
    where: dict[Any, tuple[str, int]]

    def name_of(self, declared: Any) -> str: ...


def problems(catalogue: Declared) -> Iterator[Problem]:
    """What is wrong with the declarations of a model, each with its place."""
    yield from _names_twice(catalogue)
    for name, constant in catalogue.constants.items():
        yield from _told(catalogue, constant, name, _number("its default", constant.default))
    for module in catalogue.modules:
        for struct in _declared_in(module, lang.Struct, lang.Record):
            yield from _struct(catalogue, struct, module.__file__ or "")
    for name, design in catalogue.designs.items():
        yield from _told(catalogue, design, f"design {name}", _design(catalogue, design))
    for name, scenario in catalogue.scenarios.items():
        yield from _told(catalogue, scenario, f"scenario {name}", _scenario(catalogue, scenario))
    for name, function in catalogue.properties.items():
        yield from _told(catalogue, function, name, _property(catalogue, function))


def field_place(file: str, struct: str, field: str = "") -> tuple[str, int]:
    """File and line of a struct or a record, or of one of its fields; line 0 if it is not to be found."""
    sought = [rf"class {struct}\b", *([rf"{field}\s*[:=]"] if field else [])]
    for number, text in enumerate(lines_of(file), 1):
        if re.match(sought[0], text.strip()):
            if len(sought) == 1:
                return file, number
            sought.pop(0)
    return file, 0


def is_number(value: Any) -> bool:
    """Is it a whole number, or will it be one when the constants have their values?"""
    return isinstance(value, lang.Const) or isinstance(value, int) and not isinstance(value, bool)


def _told(catalogue: Declared, thing: Any, name: str, wrong: Iterable[Wrong]) -> Iterator[Problem]:
    where = catalogue.where.get(thing, ("", 0))
    return (Problem(*where, "type", f"{name}: {text}", remedy) for text, remedy in wrong)


def _number(what: str, value: Any) -> Iterator[Wrong]:
    if not is_number(value):
        yield f"{what} is {_shown(value)}, and no number", NUMBER


def _count(what: str, value: Any, least: int = 1) -> Iterator[Wrong]:
    yield from _number(what, value)
    if type(value) is int and value < least:
        yield f"{what} is {value}", f"It is {least} at least."


def _text(what: str, value: Any) -> Iterator[Wrong]:
    if not isinstance(value, str):
        yield f"{what} is {_shown(value)}, and no text", "Write it in quotes, behind what comes before it."


def _shown(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)


# ------------------------------------------------------------------- names


def _names_twice(catalogue: Declared) -> Iterator[Problem]:
    """One thing under two names, and two things of one name: either would be taken for the other."""
    for kind in (catalogue.scenarios, catalogue.designs, catalogue.constants):
        names: dict[int, str] = {}
        for name, value in kind.items():
            first = names.setdefault(id(value), name)
            if first != name:
                text = f"{name} is another name of {first}, and nothing of its own"
                yield Problem(*catalogue.where[value], "duplicate", text, "Declare it anew, or use one name.")
    enums: dict[str, lang.Enum] = {}
    for module in catalogue.modules:
        for value in vars(module).values():
            if isinstance(value, lang.Enum) and enums.setdefault(value.name, value) is not value:
                text = f"two enumerations are called {value.name}"
                yield Problem(module.__file__ or "", 0, "duplicate", text, "Types are told apart by name: rename one.")
    for module in catalogue.modules:
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == module.__name__
            kept = isinstance(value, FunctionType) and hasattr(value, "checker_property") or _is_declared(value)
            if own and kept and value.__name__ != name:
                text = f"{name} is called {value.__name__} by its own declaration"
                yield Problem(module.__file__ or "", _line_of(value), "duplicate", text, "Use the name of its class or function.")


def _is_declared(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, (lang.Struct, lang.Record))


def _line_of(value: Any) -> int:
    return value.__code__.co_firstlineno if isinstance(value, FunctionType) else 0


def _declared_in(module: ModuleType, *kinds: type) -> Iterator[Any]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, kinds) and value.__module__ == module.__name__:
            yield value


# ------------------------------------------------------------------ structs


def _struct(catalogue: Declared, struct: Any, file: str) -> Iterator[Problem]:
    for text, remedy in _count("count=", struct.instances):
        yield Problem(*field_place(file, struct.__name__), "type", f"{struct.__name__}: {text}", remedy)
    if not isinstance(struct.symmetric, bool):
        text = f"{struct.__name__}: symmetric= is {_shown(struct.symmetric)}"
        yield Problem(*field_place(file, struct.__name__), "type", text, "Write symmetric=True, or leave it out.")
    for name, field in struct.fields.items():
        for text, remedy in _field(catalogue, field):
            yield Problem(*field_place(file, struct.__name__, name), "type", f"{struct.__name__}.{name}: {text}", remedy)


def _field(catalogue: Declared, field: lang.Field) -> Iterator[Wrong]:
    yield from _text("what it is called", field.doc)
    if field.count is not None:
        yield from _count("its size", field.count)
    yield from _number("unguarded=", field.unguarded)
    for what, lock in (("guard=", field.guard), ("write_guard=", field.write_guard)):
        if lock is not None and not _is_lock(lock):
            yield f"{what} is no lock of a struct", "Name a Lock() field: one above it, or Inode.i_rwsem."
    if not field.lock:
        wrong = list(_type(field.type))
        yield from wrong or _init(field)


def _is_lock(lock: Any) -> bool:
    return isinstance(lock, lang.Field) and bool(lock.lock) and lock.struct is not None


def _type(declared: Any) -> Iterator[Wrong]:
    """What is wrong with the type of a field."""
    if isinstance(declared, lang.Range):
        if declared.c not in C_TYPES:
            yield f"c= is {_shown(declared.c)}", "C's types here: " + " ".join(C_TYPES[1:]) + "."
    elif isinstance(declared, lang.Ref):
        if not isinstance(declared.struct, str) and not _is_struct(declared.struct):
            yield f"Ref({_shown(declared.struct)}) is no reference to a Struct", 'Write Ref(Folio), or Ref("Folio").'
    elif not (isinstance(declared, lang.Enum) or declared in (bool, lang.Bool) or _is_struct(declared)):
        yield f"{_shown(declared)} is no type", "A type is a Range, bool, an enumeration, Ref(S) or a Struct."


def _init(field: lang.Field) -> Iterator[Wrong]:
    """What is wrong with the initial value, whatever the constants are."""
    declared, init = field.type, field.init
    if init is None:
        return
    if isinstance(declared, lang.Enum):
        if not isinstance(init, lang.EnumValue) or init.enum is not declared:
            yield f"init= is {_shown(init)}, and no value of {declared.name}", f"It may be: {' '.join(map(repr, declared))}."
    elif isinstance(declared, lang.Range):
        yield from _number("init=", init)
    elif declared in (bool, lang.Bool):
        if not isinstance(init, (bool, lang.Const)):
            yield f"init= is {_shown(init)}", "Write True or False."
    elif not isinstance(init, lang.Instance):
        yield f"init= is {_shown(init)}, and no instance", "Write None, or an instance, as Folio[0]."
    elif init.struct.__name__ != (named := getattr(declared, "struct", declared)) and init.struct is not named:
        yield f"init= is an instance of {init.struct.__name__}", "It must be one of the struct referred to."


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, lang.Struct)


# --------------------------------------------------- designs, scenarios, properties


def _design(catalogue: Declared, design: lang.Design) -> Iterator[Wrong]:
    yield from _values(catalogue, "set=", design.set)
    if not isinstance(design.scenario, lang.Scenario | str | None):
        yield f"scenario= is {_shown(design.scenario)}", "Name a scenario."
    for edit in design.edits:
        if edit.nth is not None and (type(edit.nth) is not int or edit.nth < 1):
            yield f"nth= is {_shown(edit.nth)}", "Matches are counted from 1."


def _values(catalogue: Declared, what: str, given: dict[Any, Any]) -> Iterator[Wrong]:
    """What is wrong with values that are given to constants."""
    for constant, value in given.items():
        if not isinstance(constant, lang.Constant) and constant not in catalogue.constants:
            yield f"{what} gives a value to {_shown(constant)}, which is no constant", "Write {FOLIOS: 2}."
        elif not is_number(value):
            name = constant if isinstance(constant, str) else catalogue.name_of(constant)
            yield f"{what} gives {name} the value {_shown(value)}, which is no number", NUMBER


def _scenario(catalogue: Declared, scenario: lang.Scenario) -> Iterator[Wrong]:
    yield from _values(catalogue, "scope=", scenario.scope)
    if scenario.bound is not None:
        yield from _count("bound=", scenario.bound, 0)
    if scenario.setup is not None and not isinstance(scenario.setup, FunctionType):
        yield f"setup= is {_shown(scenario.setup)}", "Name a function of the model, without calling it."
    for lock in scenario.lock_order:
        if not _is_lock(lock):
            yield f"lock_order= has {_shown(lock)}, which is no lock of a struct", "Write (Inode.i_rwsem, Folio.locked)."
        elif scenario.lock_order.count(lock) > 1:
            yield f"lock_order= has {lock.struct.__name__}.{lock.name} more than once", "A lock has one place."
    if isinstance(scenario.properties, (str, FunctionType)):
        yield "properties= is one property, and no tuple of them", 'Write ("a",), with the comma.'
    for process in scenario.processes:
        yield from ((f"process {process.name!r}: {text}", remedy) for text, remedy in _process(process))


def _process(process: lang.Process) -> Iterator[Wrong]:
    if not isinstance(process.name, str) or not re.fullmatch(r"\S(?:[^\n\r\0]*\S)?", process.name):
        yield "its first argument is its name", 'Write a text of one line, as thread("writer", append).'
    yield from _count("count=", process.count)
    if process.per is not None and not _is_struct(process.per):
        yield f"per= is {_shown(process.per)}", "Name a Struct: a process for each of its instances."
    elif process.per is not None and process.count != 1:
        yield "it has count= and per=", "per=S makes one for each instance: leave one of them out."
    if not process.functions:
        yield "it runs nothing", "Name the functions that it runs behind its name."
    for function in process.functions:
        if (kind := getattr(function, "checker_kind", "kernel")) != "kernel":
            yield f"{_shown(function)}() is {NO_PROCESS[kind]}", "Name a function that calls it."


def _property(catalogue: Declared, function: FunctionType) -> Iterator[Wrong]:
    _, options = function.checker_property  # type: ignore[attr-defined]
    fair = options.get("fair", ())
    if not isinstance(fair, (tuple, list)) or not all(isinstance(name, str) for name in fair):
        yield f"fair= is {_shown(fair)}", 'Write a tuple of names, ("writer",), with the comma.'
    yield from _count("bound=", options.get("bound", 0), 0)
    witness = options.get("witness")
    if witness is None:
        return
    name = witness if isinstance(witness, str) else getattr(witness, "__name__", None)
    known = catalogue.properties.get(name) if name else None
    if known is None or known.checker_property[0] != "reachable":  # type: ignore[attr-defined]
        yield f"witness= is {_shown(witness)}, which is no @reachable property", "Name a property of that kind."
