"""The variables of a packed state as values of the generated code, while one step runs.

A variable is read from the words of the state until the step writes it; from then on its
sections live in registers of their own, so that locals that share bits cannot disturb
each other within a step.  `packed` makes the words of the successor.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...base.errors import InternalError
from ...ir.program import Process, Variable
from ..layout import Layout, Section, cut, ones, width
from .instructions import ALL_ONES, Code, Operand, constant, signed

Word = str | int  # the text of an i64, or a constant


class View:
    """One state as the code sees it at one point.

    pointer: where its words are; "%after" was written only now, all others are older than
    the step.  process, instance: whose locals are meant, if anybody's; label: where that
    instance stands.
    """

    def __init__(
        self, code: Code, layout: Layout, pointer: str, process: Process | None = None, instance: int = 0, label: int = 0
    ) -> None:
        self.code, self.layout, self.pointer = code, layout, pointer
        self.process, self.instance = process, instance
        self.words: dict[int, Word] = {}
        self.changed: dict[str, tuple[Word, ...]] = {}  # sections of the variables written so far
        self.known: dict[tuple[str, int], Operand] = {}  # elements read or written so far
        self._live = process.blocks[label].live if process else frozenset()
        self._label = label

    def copy(self) -> View:
        """The same point, to go on from on another path."""
        other = object.__new__(View)
        other.__dict__.update(self.__dict__)
        other.words, other.changed, other.known = dict(self.words), dict(self.changed), dict(self.known)
        return other

    def word(self, number: int) -> Word:
        """A word of the state as it is in memory."""
        if number not in self.words:
            self.words[number] = load_word(self.code, self.pointer, number)
        return self.words[number]

    # ---- reading

    def read(self, variable: Variable, index: Operand) -> Operand:
        """Element `index`; element 0 if there is no such element."""
        if index.known or variable.count == 1:
            return self._element(variable, index.lo if index.known and 0 <= index.lo < variable.count else 0)
        code, bits = self.code, width(variable)
        if bits == 0:
            return constant(variable.type.lo)
        if index.lo < 0 or index.hi >= variable.count:
            inside = code.pure(f"icmp ult i64 {index.text}, {variable.count}")
            index = Operand(code.pure(f"select i1 {inside}, i64 {index.text}, i64 0"), 0, variable.count - 1)
        section, offset = self._section_of(variable, index)
        by = offset if bits == 1 else code.pure(f"mul i64 {offset}, {bits}")
        return self._value(variable, code.bits_and(code.shift_right(section, by), ones(bits)))

    def _element(self, variable: Variable, element: int) -> Operand:
        key = (variable.name, element)
        if key not in self.known:
            self.known[key] = self._extract(variable, element)
        return self.known[key]

    def _extract(self, variable: Variable, element: int) -> Operand:
        if width(variable) == 0 or self._is_dead(variable):
            return constant(variable.type.lo)
        code = self.code
        if variable.count == 1 and variable.name in self.changed:
            return self._value(variable, self.changed[variable.name][0])
        for number, section in enumerate(self._sections(variable)):
            at = (element - section.first) * section.width
            if 0 <= at < section.bits:
                if variable.name in self.changed:
                    source, shift = self.changed[variable.name][number], at
                else:
                    source, shift = self.word(section.word), section.shift + at
                return self._value(variable, code.bits_and(code.shift_right(source, shift), ones(section.width)))
        raise InternalError(f"no place for {variable.name}[{element}]")

    def _is_dead(self, variable: Variable) -> bool:
        return variable.name not in self.changed and variable.process is not None and variable.name not in self._live

    def _value(self, variable: Variable, raw: Word) -> Operand:
        type_ = variable.type
        if isinstance(raw, int):
            return constant(type_.lo + raw)
        if type_.lo == 0:
            return Operand(raw, 0, type_.hi)
        return Operand(self.code.pure(f"add i64 {raw}, {type_.lo}"), type_.lo, type_.hi)

    def _sections(self, variable: Variable) -> Sequence[Section]:
        """Where the variable is; a temporary that has no place is cut as if it had one."""
        return self.layout.sections(variable.name, self.instance) or cut(variable)

    def _current(self, variable: Variable) -> tuple[Word, ...]:
        """The sections of a variable, each shifted down to bit 0."""
        if variable.name in self.changed:
            return self.changed[variable.name]
        sections = self._sections(variable)
        if self._is_dead(variable):
            return (0,) * len(sections)
        shifted = [self.code.shift_right(self.word(s.word), s.shift) for s in sections]
        whole = [s.shift + s.bits == 64 for s in sections]
        return tuple(w if top else self.code.bits_and(w, ones(s.bits)) for w, s, top in zip(shifted, sections, whole))

    def _section_of(self, variable: Variable, index: Operand) -> tuple[Word, str]:
        """The section that element `index` is in, and its number within that section."""
        code, words = self.code, self._current(variable)
        chosen, first = words[0], "0"
        for section, word in list(zip(self._sections(variable), words))[1:]:
            beyond = code.pure(f"icmp uge i64 {index.text}, {section.first}")
            chosen = code.pure(f"select i1 {beyond}, i64 {word}, i64 {chosen}")
            first = code.pure(f"select i1 {beyond}, i64 {section.first}, i64 {first}")
        return chosen, index.text if first == "0" else code.pure(f"sub i64 {index.text}, {first}")

    # ---- writing

    def write(self, variable: Variable, index: Operand, value: Operand) -> None:
        """variable[index] := value; nothing if there is no such element."""
        bits = width(variable)
        if bits == 0 or index.known and not 0 <= index.lo < variable.count:
            return
        value = self.code.as_int(value)
        raw = self._raw(variable, value)
        if index.known:
            self._write_element(variable, index.lo, raw)
            inside = variable.type.lo <= value.lo and value.hi <= variable.type.hi
            if inside:
                self.known[variable.name, index.lo] = value
            else:
                self.known.pop((variable.name, index.lo), None)
            return
        self.changed[variable.name] = tuple(
            self._write_at(section, word, index, raw)
            for section, word in zip(self._sections(variable), self._current(variable))
        )
        for element in range(variable.count):
            self.known.pop((variable.name, element), None)

    def _raw(self, variable: Variable, value: Operand) -> Word:
        """What is stored for `value`."""
        lo, bits = variable.type.lo, width(variable)
        if value.known:
            return value.lo - lo & ones(bits)
        raw = value.text if lo == 0 else self.code.pure(f"sub i64 {value.text}, {lo}")
        fits = lo <= value.lo and value.hi - lo <= ones(bits)
        return raw if fits else self.code.bits_and(raw, ones(bits))

    def _write_element(self, variable: Variable, element: int, raw: Word) -> None:
        if variable.count == 1:
            self.changed[variable.name] = (raw,)
            return
        code, words = self.code, list(self._current(variable))
        for number, section in enumerate(self._sections(variable)):
            at = (element - section.first) * section.width
            if 0 <= at < section.bits:
                kept = code.bits_and(words[number], ALL_ONES ^ ones(section.width) << at)
                words[number] = code.bits_or(kept, code.shift_left(raw, at))
        self.changed[variable.name] = tuple(words)

    def _write_at(self, section: Section, word: Word, index: Operand, raw: Word) -> Word:
        """The section `word` with element `index` set, if it has that element."""
        code = self.code
        offset = index.text if section.first == 0 else code.pure(f"sub i64 {index.text}, {section.first}")
        by = offset if section.width == 1 else code.pure(f"mul i64 {offset}, {section.width}")
        kept = code.bits_and(word, code.bits_not(code.shift_left(ones(section.width), by)))
        written = code.bits_or(kept, code.shift_left(raw, by))
        if section.first <= index.lo and index.hi < section.first + section.count:
            return written
        inside = code.pure(f"icmp ult i64 {offset}, {section.count}")
        return code.pure(f"select i1 {inside}, i64 {written}, i64 {word}")

    # ---- the end of a step

    def packed(self, label: int, pc: Section | None) -> dict[int, Word]:
        """The words that are different in the state in which the instance stands at `label`, with
        dead locals zero."""
        keep: dict[int, int] = {}
        parts: dict[int, list[Word]] = {}
        staying = self.process.blocks[label].live if self.process else frozenset()
        for name in sorted(self._live | self.changed.keys()):
            local = self.layout.program.variable(name).process is not None
            stays, changed = not local or name in staying, name in self.changed
            if stays and not changed or local and not stays and name not in self._live:
                continue  # its bits are right already, or are not its own
            for number, section in enumerate(self.layout.sections(name, self.instance)):
                keep[section.word] = keep.get(section.word, ALL_ONES) & ~section.mask
                if stays:
                    part = self.code.shift_left(self.changed[name][number], section.shift)
                    parts.setdefault(section.word, []).append(part)
        if pc and label != self._label:
            keep[pc.word] = keep.get(pc.word, ALL_ONES) & ~pc.mask
            parts.setdefault(pc.word, []).append(label << pc.shift)
        return {number: self._combined(number, keep[number], parts.get(number, [])) for number in sorted(keep)}

    def _combined(self, number: int, keep: int, parts: list[Word]) -> Word:
        """Bits `keep` of a word of the old state, with `parts` in the others."""
        code = self.code
        result = code.bits_and(self.word(number), keep) if keep else 0
        fixed = 0
        for part in parts:
            if isinstance(part, int):
                fixed |= part
            else:
                result = code.bits_or(result, part)
        return code.bits_or(result, fixed)

    # ---- paths that meet

    def merge(self, block: str, other: View, other_block: str) -> None:
        """This point becomes the place where two paths meet: this one, that comes from basic
        block `block`, and that of `other`."""
        self.words = {n: w for n, w in self.words.items() if other.words.get(n) == w}
        names = sorted(self.changed.keys() | other.changed.keys())
        mine, theirs = self.changed, other.changed
        for name in names:
            if name not in mine or name not in theirs:
                raise InternalError(f"{name} was not brought to the meeting")
        self.changed = {
            name: tuple(self._phi(a, block, b, other_block) for a, b in zip(mine[name], theirs[name])) for name in names
        }
        self.known = {key: v for key, v in self.known.items() if _same(v, other.known.get(key))}

    def choose(self, cond: Operand, other: View) -> None:
        """This point becomes the one at which `cond` tells whether its values hold, or those of `other`."""
        names = self.changed.keys() | other.changed.keys()
        self.bring(names)
        other.bring(names)
        for name in sorted(names):
            pairs = zip(self.changed[name], other.changed[name])
            self.changed[name] = tuple(a if a == b else self._select(cond, a, b) for a, b in pairs)
        self.known = {key: v for key, v in self.known.items() if _same(v, other.known.get(key))}

    def _select(self, cond: Operand, then: Word, other: Word) -> str:
        return self.code.pure(f"select i1 {cond.text}, i64 {signed(then)}, i64 {signed(other)}")

    def bring(self, names: set[str]) -> None:
        """Have the sections of these variables in registers, as a meeting of paths needs it."""
        for name in sorted(names - self.changed.keys()):
            self.changed[name] = self._current(self.layout.program.variable(name))

    def _phi(self, a: Word, block: str, b: Word, other_block: str) -> Word:
        if a == b:
            return a
        return self.code.emit(f"phi i64 [ {signed(a)}, %{block} ], [ {signed(b)}, %{other_block} ]")


def load_word(code: Code, pointer: str, number: int) -> str:
    """Load word `number` of the state at `pointer`, which does not change while the function runs."""
    unchanging = "" if pointer == "%after" else ", !invariant.load !0"
    return code.pure(f"load i64, ptr {word_at(code, pointer, number)}, align 8{unchanging}")


def word_at(code: Code, pointer: str, number: int) -> str:
    """The address of word `number` of the state at `pointer`."""
    return code.pure(f"getelementptr inbounds i64, ptr {pointer}, i64 {number}") if number else pointer


def _same(value: Operand, other: Operand | None) -> bool:
    return other is not None and value.text == other.text and value.lo == other.lo and value.hi == other.hi
