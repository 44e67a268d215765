"""The first look at successors, as generated code, in which the size of a state is known.

    sift(state, out, kept, count, origin, hashes, origins, recent, changes) -> kept

Of the `count` successors behind the first `kept` ones in `out`, it keeps those that are not in
`recent`, a table of states that were looked up lately; what it keeps moves up to the others.
hashes, origins: of each that is kept its hash, and `origin`, the number of its parent.
changes: which of its words differ from those at `state`, bit w % 64 for word w; null if
nobody wants to know.
"""

from __future__ import annotations

from ..hash import KEYS, MIX, RECENT
from .instructions import Code, signed

HEADER = (
    "define i64 @sift(ptr noalias readonly %state, ptr noalias %out, i64 %kept, i64 %count, i64 %origin, ptr noalias %hashes, "
    "ptr noalias %origins, ptr noalias %recent, ptr noalias %changes) nounwind"
)


def sift_text(words: int, folded: bool, canonical: bool = False) -> str:
    """The function for states of `words` words; folded: with `changes`; canonical: a state that stands for
    others (`checker.native.codegen.symmetry`) takes the place of each successor first."""
    code = Code(HEADER)
    parent = [_load(code, "%state", word) for word in range(words)] if folded else []
    code.write("%end = add i64 %kept, %count")
    code.write("%none = icmp eq i64 %count, 0")
    code.write("br i1 %none, label %done, label %each")
    code.start("each")
    code.write("%number = phi i64 [ %kept, %entry ], [ %following, %each ]")
    code.write("%place = phi i64 [ %kept, %entry ], [ %more, %each ]")
    if canonical:
        code.write(f"call void @canonical(ptr {_row(code, '%out', '%number', words)})")
    found = [_load(code, _row(code, "%out", "%number", words), word) for word in range(words)]
    hashed = _hash(code, found)
    fresh = _exchange(code, hashed, found)
    for word, value in enumerate(found):
        _store(code, value, _row(code, "%out", "%place", words), word)
    _store(code, hashed, code.emit("getelementptr inbounds i64, ptr %hashes, i64 %place"))
    short = code.emit("trunc i64 %origin to i32")
    code.write(f"store i32 {short}, ptr {code.emit('getelementptr inbounds i32, ptr %origins, i64 %place')}")
    if folded:
        _store(code, _changes(code, found, parent), code.emit("getelementptr inbounds i64, ptr %changes, i64 %place"))
    code.write(f"%new = icmp ne i64 {fresh}, 0")
    code.write("%one = zext i1 %new to i64")
    code.write("%more = add i64 %place, %one")
    code.write("%following = add i64 %number, 1")
    code.write("%last = icmp eq i64 %following, %end")
    code.write("br i1 %last, label %done, label %each")
    code.start("done")
    code.write("%result = phi i64 [ %kept, %entry ], [ %more, %each ]")
    code.write("ret i64 %result")
    return code.text()


def _row(code: Code, states: str, number: str, words: int) -> str:
    """Address of a row of `states`."""
    return code.pure(f"getelementptr inbounds i64, ptr {states}, i64 {code.pure(f'mul i64 {number}, {words}')}")


def _load(code: Code, row: str, word: int) -> str:
    return code.emit(f"load i64, ptr {code.pure(f'getelementptr inbounds i64, ptr {row}, i64 {word}')}")


def _store(code: Code, value: str, row: str, word: int = 0) -> None:
    code.write(f"store i64 {value}, ptr {code.pure(f'getelementptr inbounds i64, ptr {row}, i64 {word}')}")


def _mixed(code: Code, value: str) -> str:
    folded = code.emit(f"xor i64 {value}, {code.emit(f'lshr i64 {value}, 32')}")
    return code.emit(f"mul i64 {folded}, {signed(MIX)}")


def _hash(code: Code, found: list[str]) -> str:
    total = "0"
    for word, value in enumerate(found):
        both = code.emit(f"xor i64 {value}, {code.emit(f'lshr i64 {value}, 32')}")
        total = code.emit(f"add i64 {total}, {code.emit(f'mul i64 {both}, {signed(KEYS[word & 63])}')}")
        if word & 63 == 63:
            total = _mixed(code, total)
    return _mixed(code, total)


def _exchange(code: Code, hashed: str, found: list[str]) -> str:
    """Put a state in its place in `recent`; 0 if it stood there already."""
    row = _row(code, "%recent", code.emit(f"and i64 {hashed}, {RECENT - 1}"), len(found))
    fresh = "0"
    for word, value in enumerate(found):
        other = code.emit(f"xor i64 {_load(code, row, word)}, {value}")
        fresh = code.emit(f"or i64 {fresh}, {other}")
    for word, value in enumerate(found):
        _store(code, value, row, word)
    return fresh


def _changes(code: Code, found: list[str], parent: list[str]) -> str:
    changes = "0"
    for word, (value, before) in enumerate(zip(found, parent)):
        other = code.emit(f"icmp ne i64 {value}, {before}")
        bit = code.emit(f"select i1 {other}, i64 {signed(1 << word % 64)}, i64 0")
        changes = code.emit(f"or i64 {changes}, {bit}")
    return changes
