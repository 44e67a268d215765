"""A reader of the part of TLA+ that the export writes.

It parses a module into nested tuples, by the rules of the language: bulleted lists of
conjuncts and disjuncts end where a token stands at or left of the bullet's column; what
is defined twice, or is used without being defined, is an error.  `tests/support/tla_run.py` runs it.

Expressions are tuples: ("int", 3), ("name", "x"), ("call", name, args), ("and", parts),
("if", cond, then, other), ("exists", name, domain, body), ("let", definitions, body), ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Node = tuple

TOKEN = re.compile(
    r"\s+|\\\*[^\n]*|(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>\]_(?=[a-z])|/\\|\\/|\\[A-Za-z]+|==|=>|~>|<=|>=|<<|>>|\|->|->|\.\.|[-+*%=#<>()\[\]{},:!'~.])"
)
# operator: (precedence, tuple's head)
INFIX = {
    "=>": (1, "implies"), "~>": (2, "leads_to"), "/\\": (3, "and"), "\\/": (3, "or"),
    "=": (5, "="), "#": (5, "#"), "<": (5, "<"), "<=": (5, "<="), ">": (5, ">"), ">=": (5, ">="),
    "\\in": (5, "in"), "..": (9, ".."), "+": (10, "+"), "%": (10, "%"), "-": (11, "-"), "*": (13, "*"), "\\div": (13, "div"),
}  # fmt: skip
MIXABLE = {("+", "+"), ("and", "and"), ("or", "or"), ("*", "*")}


@dataclass
class Module:
    """name; variables; operators: name -> (parameters, body), in order."""

    name: str = ""
    variables: list[str] = field(default_factory=list)
    operators: dict[str, tuple[tuple[str, ...], Node]] = field(default_factory=dict)


@dataclass(frozen=True)
class Token:
    text: str
    line: int
    column: int


class TlaError(Exception):
    """The text is not in the language."""


def read_module(text: str) -> Module:
    """The module in `text`."""
    return _Reader(_tokens(text)).module()


def _tokens(text: str) -> list[Token]:
    head = re.match(r"-+ MODULE (\w+) -+\n", text)
    if not head or not text.rstrip().endswith("=" * 10):
        raise TlaError("no module")
    tokens = [Token(head[1], 1, 0)]
    for number, line in enumerate(text.split("\n")[1:], 2):
        at = 0
        while at < len(line) and not line.startswith("=" * 10):
            match = TOKEN.match(line, at)
            if not match:
                raise TlaError(f"line {number}: {line[at:]!r}")
            if match.lastgroup:
                tokens.append(Token(match[0], number, at))
            at = match.end()
    return [*tokens, Token("", 0, -1)]


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0
        self.bullets = [-1]  # columns of the lists around
        self.scope: dict[str, int | None] = {
            "Assert": 2,
            "BOOLEAN": None,
            "WF_vars": 1,
        }  # name -> number of parameters

    # ------------------------------------------------------------- tokens

    def peek(self) -> str:
        """The next token; nothing where a list around ends."""
        token = self.tokens[self.at]
        return token.text if token.column > self.bullets[-1] else ""

    def take(self, *wanted: str) -> str:
        text = self.peek()
        if (wanted and text not in wanted) or not text:
            token = self.tokens[self.at]
            raise TlaError(
                f"line {token.line}, column {token.column}: {token.text!r}, expected {' or '.join(wanted)}"
            )
        self.at += 1
        return text

    def accept(self, text: str) -> bool:
        if self.peek() == text:
            self.at += 1
            return True
        return False

    def define(self, name: str, parameters: int | None = None) -> str:
        if name in self.scope or not re.fullmatch(r"\w*[A-Za-z]\w*", name):
            raise TlaError(f"line {self.tokens[self.at].line}: {name} is defined twice, or no name")
        self.scope[name] = parameters
        return name

    # ------------------------------------------------------------- module

    def module(self) -> Module:
        module = Module(self.take())
        for word in ("EXTENDS", "Integers", ",", "TLC"):
            self.take(word)
        while self.peek() != "VARIABLES":
            self._operator(module)
        self.take("VARIABLES")
        module.variables = [self.define(self.take())]
        while self.accept(","):
            module.variables.append(self.define(self.take()))
        while self.peek():
            self._operator(module)
        return module

    def _operator(self, module: Module) -> None:
        name, parameters, body = self._definition()
        module.operators[name] = (parameters, body)

    def _definition(self) -> tuple[str, tuple[str, ...], Node]:
        name, parameters = self.take(), []
        outer = dict(self.scope)
        if self.accept("("):
            parameters = [self.define(self.take())]
            while self.accept(","):
                parameters.append(self.define(self.take()))
            self.take(")")
        self.take("==")
        body = self.expression()
        self.scope = outer
        self.define(name, len(parameters) or None)
        return name, tuple(parameters), body

    # -------------------------------------------------------- expressions

    def expression(self, level: int = 0) -> Node:
        left = self.prefix()
        while self.peek() in INFIX and INFIX[self.peek()][0] >= level:
            precedence, head = INFIX[self.take()]
            right = self.expression(precedence + 1)
            if left[0] == head and (head, head) in MIXABLE and left[-1:] != ("closed",):
                left = (head, *left[1:], right)
            elif self._clash(left, head) or self._clash(right, head):
                raise TlaError(
                    f"line {self.tokens[self.at].line}: {left[0]}, {head}, {right[0]} want parentheses"
                )
            else:
                left = (head, left, right)
        return left

    def _clash(self, operand: Node, head: str) -> bool:
        """Do the two operators need parentheses between them?"""
        levels = {name: precedence for precedence, name in INFIX.values()}
        return (
            operand[0] in levels and levels[operand[0]] == levels[head] and (operand[0], head) not in MIXABLE
        )

    def prefix(self) -> Node:
        text = self.peek()
        if text in ("/\\", "\\/"):
            return self._list(text)
        if text in ("~", "-", "ENABLED", "UNCHANGED"):
            self.take()
            return (text, self.expression({"~": 4, "-": 12}.get(text, 4)))
        if text == "IF":
            self.take()
            cond = self.expression()
            self.take("THEN")
            then = self.expression()
            self.take("ELSE")
            return ("if", cond, then, self.expression())
        if text == "LET":
            return self._let()
        if text in ("\\E", "\\A"):
            self.take()
            return self._bound({"\\E": "exists", "\\A": "all"}[text], ":")
        return self.postfix(self.atom())

    def _list(self, bullet: str) -> Node:
        column, line = self.tokens[self.at].column, self.tokens[self.at].line
        parts = []
        while (
            self.tokens[self.at].column == column
            and self.tokens[self.at].text == bullet
            and column > self.bullets[-1]
        ):
            self.at += 1
            self.bullets.append(column)
            parts.append(self.expression())
            self.bullets.pop()
        if not parts:
            raise TlaError(f"line {line}: empty list")
        return ("and" if bullet == "/\\" else "or", *parts) if len(parts) > 1 else ("all_of", *parts)

    def _let(self) -> Node:
        self.take("LET")
        outer, definitions = dict(self.scope), []
        while not self.accept("IN"):
            name, parameters, body = self._definition()
            assert not parameters
            definitions.append((name, body))
        body = self.expression()
        self.scope = outer
        return ("let", tuple(definitions), body)

    def _bound(self, head: str, separator: str) -> Node:
        name = self.take()
        self.take("\\in")
        domain = self.expression()
        self.take(separator)
        outer = dict(self.scope)
        self.define(name)
        body = self.expression()
        self.scope = outer
        return (head, name, domain, body)

    def atom(self) -> Node:
        text = self.take()
        if text.isdigit():
            return ("int", int(text))
        if text.startswith('"'):
            return ("string", text[1:-1])
        if text in ("TRUE", "FALSE"):
            return ("bool", text == "TRUE")
        if text == "(":
            inner = self.expression()
            self.take(")")
            return ("closed", inner)
        if text == "<<":
            return ("tuple", *self._several(">>"))
        if text == "{":
            return ("set", *self._several("}"))
        if text == "[":
            return self._bracket()
        if not re.fullmatch(r"\w+", text) or text not in self.scope:
            raise TlaError(f"line {self.tokens[self.at - 1].line}: {text} is not defined")
        arguments = self._several(")") if self.scope[text] and self.take("(") else ()
        if len(arguments) != (self.scope[text] or 0):
            raise TlaError(f"line {self.tokens[self.at - 1].line}: {text} takes {self.scope[text]} arguments")
        return ("call", text, tuple(arguments)) if arguments else ("name", text)

    def _several(self, end: str) -> list[Node]:
        parts: list[Node] = []
        while not self.accept(end):
            parts += [self.expression()]
            if self.peek() != end:
                self.take(",")
        return parts

    def _bracket(self) -> Node:
        """[][action]_vars, [i \\in S |-> e], [a |-> e, ...], [a : S, ...], [S -> T] or
        [f EXCEPT ![i].a = e, ...]."""
        if self.accept("]"):
            self.take("[")
            action = self.expression()
            self.take("]_")
            return ("box", action, ("name", self.take()))
        second = self.tokens[self.at + 1].text
        if second in ("|->", ":"):
            return ("record" if second == "|->" else "records", tuple(self._fields(second)))
        if second == "\\in":
            function = self._bound("function", "|->")
            self.take("]")
            return function
        first = self.expression()
        ending = self.take("->", "EXCEPT", "]_")
        if ending == "]_":
            return ("step", first, ("name", self.take()))
        if ending == "EXCEPT":
            return ("except", first, tuple(self._changes()))
        values = self.expression()
        self.take("]")
        return ("functions", first, values)

    def _fields(self, separator: str) -> list[tuple[str, Node]]:
        fields = []
        while not fields or self.take(",", "]") == ",":
            name = self.take()
            self.take(separator)
            fields.append((name, self.expression()))
        return fields

    def _changes(self) -> list[tuple[tuple[Node, ...], Node]]:
        """The changes of an EXCEPT: the way to what changes, and its value."""
        changes = []
        while not changes or self.take(",", "]") == ",":
            self.take("!")
            path = []
            while not self.accept("="):
                path.append(self._step())
            changes.append((tuple(path), self.expression()))
        return changes

    def _step(self) -> Node:
        """[index] or .field"""
        if self.take("[", ".") == ".":
            return ("string", self.take())
        index = self.expression()
        self.take("]")
        return index

    def postfix(self, node: Node) -> Node:
        while self.peek() in ("[", "'", "."):
            node = ("prime", node) if self.accept("'") else ("apply", node, self._step())
        return node
