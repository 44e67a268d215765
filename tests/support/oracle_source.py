"""Model functions as ordinary Python: a visitor that puts `yield` where a step ends.

A *stepped* function is a generator that yields just before each shared access; a *whole*
function (a primitive, a pure function, a property, anything inside an atomic group) runs
through.  Both keep the text of the model; what its words mean is in `oracle.py`.  Shares
nothing with the compiler of the checker: types are not inferred, only looked at where they
decide whether `x.f` is a field of shared state or of a record on the stack.
"""

from __future__ import annotations

import ast
import copy
import functools
import types

from checker.lang import Place, Record

WAITS = {"wait_until", "acquire", "acquire_shared"}
LOOKS = {"wait_until", "held", "held_shared", "is_locked"}
LOCK_WORDS = WAITS | {
    "try_acquire", "release", "held", "is_locked", "try_acquire_shared", "release_shared", "held_shared", "hand_over",
}  # fmt: skip


@functools.lru_cache(maxsize=None)
def _functions_of(file: str) -> dict[int, ast.FunctionDef]:
    with open(file, encoding="utf-8") as text:
        tree = ast.parse(text.read(), file)
    return {node.lineno: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def source(function: types.FunctionType) -> ast.FunctionDef:
    """The syntax tree of a function, with the line numbers of its file."""
    found = _functions_of(function.__code__.co_filename)
    first = function.__code__.co_firstlineno  # of its first decorator, if it has one
    return min((node for line, node in found.items() if line >= first), key=lambda node: node.lineno)


def kind_of(value: object) -> str:
    """"model", "primitive", "pure", "property", "word", "record" or ""."""
    if isinstance(value, type) and issubclass(value, Record):
        return "record"
    kind = getattr(value, "checker_kind", None)
    if isinstance(value, types.FunctionType):
        return "model" if kind in (None, "kernel") else kind
    return ""


def written(function: types.FunctionType) -> tuple[set[str], list[types.FunctionType]]:
    """Names of the fields that a function may assign to, and the functions that it calls."""
    fields, called = set(), []
    for node in ast.walk(source(function)):
        targets = [node] if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) else []
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            targets = [node.value]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            callee = function.__globals__.get(node.func.id)
            if kind_of(callee) == "word" and node.func.id in LOCK_WORDS - LOOKS:
                targets = node.args
            elif kind_of(callee) in ("model", "primitive", "pure"):
                called.append(callee)
                places = Access(callee, set()).places
                params = [a.arg for a in source(callee).args.args]
                targets = [arg for param, arg in zip(params, node.args) if param in places]
        for target in targets:
            target = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(target, ast.Attribute):
                fields.add(target.attr)
    return fields, called


class Access:
    """Does an expression of a function touch shared state?

    The answer is True, False, or a set of parameters of type Place: yes if one of them
    stands for shared state.  mutable: names of the fields that processes change.
    """

    def __init__(self, function: types.FunctionType, mutable: set[str]) -> None:
        self.names, self.mutable = function.__globals__, mutable
        self.node = source(function)
        self.records = {a.arg for a in self.node.args.args if self._is(a.annotation, Record)}
        self.places = {a.arg for a in self.node.args.args if self._is(a.annotation, Place)}
        for node in ast.walk(self.node):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and self._is(node.value.func, Record):
                self.records.update(target.id for target in node.targets if isinstance(target, ast.Name))

    def _is(self, node: ast.expr | None, base: type) -> bool:
        value = self.names.get(node.id) if isinstance(node, ast.Name) else None
        return isinstance(value, type) and issubclass(value, base)

    def of(self, node: ast.AST) -> bool | set[str]:
        """The answer for `node`, a statement or an expression."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._of_call(node)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in self.records:
                return False
            return node.attr in self.mutable or self.of(node.value)
        if isinstance(node, ast.Name):
            return {node.id} & self.places or False
        if isinstance(node, ast.AnnAssign):  # an annotation is not evaluated
            return self.either([node.value] if node.value else [])
        return self.either(ast.iter_child_nodes(node))

    def either(self, nodes) -> bool | set[str]:
        """The answer for several nodes together."""
        answers = [self.of(node) for node in nodes]
        if any(answer is True for answer in answers):
            return True
        return set().union(*(answer for answer in answers if answer)) or False

    def surely(self, node: ast.AST) -> bool | set[str]:
        """The answer for what of `node` is evaluated in any case."""
        return self.of(_Sure().visit(copy.deepcopy(node)))

    def _of_call(self, node: ast.Call) -> bool | set[str]:
        called = self.names.get(node.func.id)
        if node.func.id in LOCK_WORDS and kind_of(called) == "word":
            return True
        if node.func.id == "atomic":
            return True
        args = list(node.args)
        if kind_of(called) in ("primitive", "model"):
            inner = Access(called, self.mutable)
            params = [a.arg for a in inner.node.args.args]
            places = [arg for name, arg in zip(params, args) if name in inner.places]
            args = [arg for name, arg in zip(params, args) if name not in inner.places]
            if kind_of(called) == "primitive":
                touched = inner.either(inner.node.body)
                if touched is True:
                    return True
                args += [arg for name, arg in zip(params, node.args) if touched and name in touched]
            else:
                args += [arg.value for arg in places if isinstance(arg, ast.Attribute) and self._is_path(arg.value)]
        return self.either(args)

    @staticmethod
    def _is_path(node: ast.expr) -> bool:
        return not isinstance(node, ast.Name)


class _Sure(ast.NodeTransformer):
    """Leaves of `and`, `or` and `a if c else b` what is evaluated first."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return self.visit(node.values[0])

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return self.visit(node.test)


class Rewriter:
    """Makes the stepped or the whole form of one function."""

    def __init__(self, function: types.FunctionType, mutable: set[str]) -> None:
        self.names = function.__globals__
        self.access = Access(function, mutable)
        self.node = copy.deepcopy(self.access.node)  # rewriting changes nodes
        self.counter = 0
        self.boxes: list[str] = []  # locals that stand in the present statement where a Place is wanted
        self.lines: set[int] = set()  # of the statements that make a step
        self.perhaps: set[int] = set()  # those among them where constants may say that they make none
        self.doubtful: set[int] = set()  # of choices under a condition on locals, which perhaps make one
        self.annotations: dict[str, ast.expr] = {
            a.arg: a.annotation for a in self.node.args.args if a.annotation is not None
        }
        for node in ast.walk(self.node):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.annotations[node.target.id] = node.annotation

    def rewrite(self, stepped: bool, name: str) -> ast.Module:
        """A module that defines the function under `name`."""
        params = [a.arg for a in self.node.args.args]
        body: list[ast.stmt] = []
        for param in params:
            if param not in self.access.places and param in self.annotations:
                body += ast.parse(f"{param} = fit__({ast.unparse(self.annotations[param])}, {param})").body
        body += self.block(self.node.body, stepped)
        if stepped:  # a generator, even if it has no step
            body += ast.parse("if False: yield").body
        made = ast.parse(f"def {name}({', '.join(params)}): pass")
        made.body[0].body = body or [ast.Pass()]
        for statement in body:
            if not hasattr(statement, "lineno"):
                ast.copy_location(statement, self.node)
        return ast.fix_missing_locations(made)

    # statements

    def block(self, body: list[ast.stmt], stepped: bool) -> list[ast.stmt]:
        done = [new for statement in body for new in self.statement(statement, stepped)]
        return done or [ast.Pass()]

    def statement(self, node: ast.stmt, stepped: bool) -> list[ast.stmt]:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return []
        if isinstance(node, ast.With):
            return self.end_of_step(node, True, stepped) + self.block(node.body, False)
        if isinstance(node, ast.If):
            before, test = self.condition(node, stepped)
            new = ast.If(test, self.block(node.body, stepped), [])
            new.orelse = self.block(node.orelse, stepped) if node.orelse else []
            return self.end_of_step(node, self.access.of(node.test), stepped) + before + [ast.copy_location(new, node)]
        if isinstance(node, ast.While):
            return self.while_loop(node)
        if isinstance(node, ast.For):
            return self.for_loop(node, stepped)
        access = self.access.of(node)
        if not access and self.may_have_no_value(node):
            access = "starting"
        return self.end_of_step(node, access, stepped) + self.boxed(self.simple(node, stepped))

    def boxed(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement, with the locals that it calls something by Place put into boxes before, and out of them after."""
        names, self.boxes = self.boxes, []
        before = [ast.parse(f"{box_of(n)} = box__({n}{self.type_of(n)})").body[0] for n in names]
        after = [part for n in names for part in ast.parse(f"{n} = {box_of(n)}.get()\n{box_of(n)} = None").body]
        return [*before, statement, *after]

    def type_of(self, name: str) -> str:
        note = self.annotations.get(name)
        return "" if note is None else ", " + ast.unparse(note)

    def condition(self, node: ast.If | ast.While, stepped: bool) -> tuple[list[ast.stmt], ast.expr]:
        """Statements before a test, and the test."""
        test = self.expr(node.test, stepped)
        if not self.boxes:
            return [], test
        made = ast.parse("test__ = 0").body[0]
        made.value = test
        return self.boxed(ast.copy_location(made, node)), ast.Name("test__", ast.Load())

    def may_have_no_value(self, node: ast.stmt) -> bool:
        """Is there a choose() with a condition?  It is a step, or the start of an operation waits for it."""
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "choose":
                generators = [g for arg in one.args if isinstance(arg, ast.GeneratorExp) for g in arg.generators]
                local = {n.id for arg in one.args for n in ast.walk(arg) if isinstance(n, ast.Name)} - set(self.names)
                if any(g.ifs for g in generators) or (not generators and len(one.args) == 1 and local - {"range"}):
                    return True
        return False

    def end_of_step(self, at: ast.stmt, access: bool | str | set[str], stepped: bool) -> list[ast.stmt]:
        """`yield` if `at` makes a step; if that depends on a Place, ask at run time."""
        if not stepped or not access:
            return []
        self.lines.add(at.lineno)
        what = at.test if isinstance(at, (ast.If, ast.While)) else at.iter if isinstance(at, ast.For) else at
        if not isinstance(at, ast.With) and not self.access.surely(what):
            self.perhaps.add(at.lineno)
        made = ast.parse("yield").body
        if access == "starting":
            self.doubtful.add(at.lineno)
            made = ast.parse("if not starting__(): yield").body
        elif access is not True:
            made = ast.parse(f"if shared__({', '.join(sorted(access))}): yield").body
        for node in ast.walk(made[0]):
            ast.copy_location(node, at)
        return made

    def while_loop(self, node: ast.While) -> list[ast.stmt]:
        before, test = self.condition(node, True)
        first = self.end_of_step(node, self.access.of(node.test), True) + before
        leave = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
        spin = ast.parse("started__()\nif endless__(): yield").body
        for part in ast.walk(spin[1]):
            ast.copy_location(part, node)
        body = spin + first + [leave] + self.block(node.body, True)
        return [ast.copy_location(ast.While(ast.Constant(True), body, []), node)]

    def for_loop(self, node: ast.For, stepped: bool) -> list[ast.stmt]:
        values = self.expr(node.iter, stepped)
        if not stepped:
            return [ast.copy_location(ast.For(node.target, values, self.block(node.body, False), []), node)]
        # where the loop stands must be a local, for the position of a process to be seen
        self.counter += 1
        it, at = f"values__{self.counter}", f"index__{self.counter}"
        made = ast.parse(
            f"{it} = tuple(0)\n{at} = 0\nwhile {at} < len({it}):\n    started__()\n    x = {it}[{at}]\n    {at} += 1\n{it} = {at} = None"
        )
        made.body[0].value.args = [values]
        loop = made.body[2]
        loop.body[1].targets = [node.target]
        loop.body += self.block(node.body, True)
        return self.end_of_step(node, self.access.of(node.iter), True) + made.body

    def simple(self, node: ast.stmt, stepped: bool) -> ast.stmt:
        """An assignment, a call, return, pass, break or continue."""
        new: ast.stmt = node
        if isinstance(node, ast.Return) and node.value is not None:
            value = self.expr(node.value, stepped)
            new = ast.Return(self.fit(self.node.returns, value))
        elif isinstance(node, ast.Expr):
            new = ast.Expr(self.expr(node.value, stepped))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            new = self.store(target, self.expr(node.value, stepped))
        elif isinstance(node, ast.AugAssign):
            loaded = ast.parse(ast.unparse(node.target), mode="eval").body
            value = ast.BinOp(self.expr(loaded, stepped), node.op, self.expr(node.value, stepped))
            new = self.store(node.target, value)
        return ast.copy_location(new, node)

    def store(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        if isinstance(target, ast.Name) and target.id in self.access.places:
            return ast.Expr(ast.Call(ast.Attribute(ast.Name(target.id, ast.Load()), "set", ast.Load()), [value], []))
        if isinstance(target, ast.Name):
            return ast.Assign([target], self.fit(self.annotations.get(target.id), value))
        return ast.Assign([self.expr(target, False)], value)

    def fit(self, annotation: ast.expr | None, value: ast.expr) -> ast.expr:
        """`value`, checked at run time against an annotation."""
        if annotation is None:
            return value
        return ast.Call(ast.Name("fit__", ast.Load()), [annotation, value], [])

    # expressions

    def expr(self, node: ast.expr, stepped: bool) -> ast.expr:
        return _Expressions(self, stepped).visit(node)


def box_of(name: str) -> str:
    return f"box__{name}"


class _Expressions(ast.NodeTransformer):
    def __init__(self, rewriter: Rewriter, stepped: bool) -> None:
        self.rewriter, self.stepped = rewriter, stepped

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.rewriter.access.places and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.parse(f"{node.id}.get()", mode="eval").body, node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name):
            return self.generic_visit(node)
        name, called = node.func.id, self.rewriter.names.get(node.func.id)
        kind = kind_of(called)
        if kind == "word" and name == "implies":
            first, second = (self.visit(arg) for arg in node.args)
            return ast.BoolOp(ast.Or(), [ast.UnaryOp(ast.Not(), first), second])
        if kind == "word" and name == "old":
            made = ast.parse("old(lambda: 0)", mode="eval").body
            made.args[0].body = self.visit(node.args[0])
            return made
        if kind not in ("model", "primitive", "pure"):
            new = ast.Call(node.func, [self.visit(arg) for arg in node.args], [])
            return ast.copy_location(new, node)
        callee = Access(called, set())
        params = [a.arg for a in callee.node.args.args]
        args = [
            self.place(arg) if param in callee.places else self.visit(arg) for param, arg in zip(params, node.args)
        ]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        stepped = self.stepped and kind == "model"
        new = ast.Call(ast.Name(name if stepped or kind != "model" else f"{name}__whole", ast.Load()), args, keywords)
        return ast.copy_location(ast.YieldFrom(new) if stepped else new, node)

    def place(self, arg: ast.expr) -> ast.expr:
        """What stands for the variable `arg` of the caller."""
        if isinstance(arg, ast.Name) and arg.id in self.rewriter.access.places:  # handed on
            return arg
        if isinstance(arg, ast.Name):
            self.rewriter.boxes.append(arg.id)
            return ast.Name(box_of(arg.id), ast.Load())
        if isinstance(arg, ast.Attribute):
            return ast.Call(ast.Name("place__", ast.Load()), [self.visit(arg.value), ast.Constant(arg.attr)], [])
        if isinstance(arg, ast.Subscript) and isinstance(arg.value, ast.Attribute):
            owner, index = self.visit(arg.value.value), self.visit(arg.slice)
            return ast.Call(ast.Name("place__", ast.Load()), [owner, ast.Constant(arg.value.attr), index], [])
        raise NotImplementedError(ast.unparse(arg))
