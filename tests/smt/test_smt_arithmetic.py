"""Theorems about the size functions: what z3 reads is what C and the interpreter compute, and mistakes are refuted."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.base.errors import ModelError, UsageError
from checker.cli import main
from checker.smt.arithmetic.theorems import INCOMPLETE, PROVED, REFUTED, Prover, _Question, theorems_of
from checker.smt.arithmetic.words import BitVectors, Integers, common, types
from checker.smt.proofs import proofs
from checker.source.catalogue import load

FEW = 9  # every so many geometries, where all would take too long

MISTAKES = tomllib.loads(Path("properties/refuted.toml").read_text())["arithmetic"]  # and the theorem that each makes false


@pytest.fixture(scope="module")
def catalogue():
    return load()


@pytest.fixture
def few(monkeypatch, catalogue):
    """Fewer geometries: the smallest, the largest, and some between."""
    from properties import arithmetic

    for machine in (arithmetic.machine_64, arithmetic.machine_32):
        some = machine.geometries
        monkeypatch.setattr(machine, "geometries", [*some[::FEW], some[-1]])


THEOREMS = sorted(theorems_of(load()))


@pytest.mark.parametrize("name", THEOREMS)
def test_theorems_are_proved(name, few):
    [proof] = proofs(names=[name])

    assert (proof.verdict, proof.refutation, proof.limit) == (PROVED, None, "")
    assert proof.questions > 0 and proof.assumes


@pytest.mark.parametrize("design", MISTAKES)
def test_mistakes_are_refuted_with_numbers(design):
    [proof] = proofs(design=design, names=[MISTAKES[design]])

    assert proof.verdict == REFUTED
    assert proof.refutation.values and proof.refutation.geometry


def test_the_historical_index_mistake_needs_a_narrow_index():
    [proof] = proofs(design="index_at_least_plus_one", names=[MISTAKES["index_at_least_plus_one"]])

    assert "32 bits" in proof.refutation.machine


MUTANTS = '''
from checker.lang import implies, override, pure, scenario, theorem, thread, variant, atomic
from model.include.size import dir_pages_end, first_block_of_range, page_offset, xfs_new_eof, XFS_B_TO_FSB
from model.include.size import end_block_of_range
from model.include.size import offset_in_folio, writeback_end_pos
from model.include.state import BLOCK_SIZE, FOLIO_SIZE, PAGE_SIZE, block_t, loff_t, pgoff_t, u64, unsigned_int, size_t
from model.systems.iomap_xfs.scenarios import iomap
from properties.arithmetic import *
from properties import arithmetic
globals().update({n: f for n, f in vars(arithmetic).items() if getattr(f, "checker_kind", "") == "theorem"})

@pure()
def narrow_offset(index: pgoff_t) -> loff_t:
    """Shifted before it is widened."""
    return index * PAGE_SIZE

@pure()
def pages_down(pos: loff_t) -> pgoff_t:
    """Rounded down."""
    return pos // PAGE_SIZE

@pure()
def blocks_signed(pos: loff_t) -> block_t:
    """Rounded up as a loff_t."""
    size: loff_t = BLOCK_SIZE
    return (pos + size - 1) // BLOCK_SIZE

@pure()
def plain_end_block(range_end: u64) -> unsigned_int:
    """Without min_not_zero()."""
    return range_end % FOLIO_SIZE // BLOCK_SIZE

@pure()
def offset_in_block(pos: loff_t) -> size_t:
    """The wrong mask."""
    return pos % BLOCK_SIZE

@pure()
def end_always_eof(end_pos: u64, isize: loff_t) -> u64:
    """EOF, wherever the folio ends."""
    return isize

@pure()
def eof_not_clamped(new_size: loff_t, isize: loff_t, di_size: loff_t) -> loff_t:
    """Without min()."""
    return new_size if new_size > di_size else 0

m1 = variant("m.", override(page_offset, by=narrow_offset), of=iomap)
m2 = variant("m.", override(dir_pages_end, by=pages_down), of=iomap)
m3 = variant("m.", override(XFS_B_TO_FSB, by=blocks_signed), of=iomap)
m4 = variant("m.", override(end_block_of_range, by=plain_end_block), of=iomap)
m5 = variant("m.", override(offset_in_folio, by=offset_in_block), of=iomap)
m6 = variant("m.", override(writeback_end_pos, by=end_always_eof), of=iomap)
m7 = variant("m.", override(xfs_new_eof, by=eof_not_clamped), of=iomap)
'''


@pytest.mark.parametrize(
    "design, name",
    [
        ("m1", "page_offset_is_exact"),
        ("m2", "truncate_keeps_what_begins_inside"),
        ("m3", "block_numbers_are_exact"),
        ("m4", "block_numbers_of_a_range_are_exact"),
        ("m5", "tail_is_zeroed_exactly"),
        ("m6", "writeback_ends_at_eof"),
        ("m7", "recorded_size_is_what_the_io_covers"),
    ],
)
def test_every_other_theorem_has_a_mutant_that_it_refutes(tmp_path, monkeypatch, design, name):
    from properties import arithmetic

    file = tmp_path / "mutants.py"
    file.write_text(MUTANTS)
    mutants = load(file)
    prover = Prover(mutants, mutants.design(design))

    assert prover.prove(name, getattr(arithmetic, name)).verdict == REFUTED


def test_every_theorem_is_refuted_somewhere():
    tried = {"page_offset_is_exact", "truncate_keeps_what_begins_inside", "block_numbers_are_exact",
             "block_numbers_of_a_range_are_exact", "tail_is_zeroed_exactly", "writeback_ends_at_eof",
             "recorded_size_is_what_the_io_covers"}  # fmt: skip

    assert tried | set(MISTAKES.values()) == set(THEOREMS)


def test_a_timeout_is_incomplete_and_named():
    [proof] = proofs(names=["writeback_ends_at_eof"], seconds=0.001)

    assert proof.verdict == INCOMPLETE
    assert "no answer within 0.001 s" in proof.limit


# -------------------------------------------------- one meaning, however computed


def values(type_):
    """Integers of a type, mostly near its bounds and near powers of two."""
    near = st.sampled_from([type_.lo, type_.hi, 0, 511, 512, 4095, 4096, 1 << 31, (1 << 32) - 1, 1 << 32])
    moved = st.builds(lambda n, d: min(max(n + d, type_.lo), type_.hi), near, st.integers(-3, 3))
    return st.one_of(moved, st.integers(type_.lo, type_.hi))


@pytest.mark.parametrize("name", THEOREMS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_z3_python_and_the_interpreter_agree(name, data, catalogue):
    import z3

    prover = Prover(catalogue, None)
    theorem = theorems_of(catalogue)[name]
    machine = data.draw(st.sampled_from(list(prover.machines.values())))
    question = _Question(prover, theorem, machine, data.draw(st.sampled_from(machine.geometries)))
    chosen = {}
    for param in question.tree.params:
        type_ = question.functions.type_of(param.annotation, question.tree, param.line)
        chosen[param.name] = data.draw(values(type_))
    bound = [(v, z3.BitVecVal(chosen[n], v.size())) for n, v in question.params.items()]
    claim, inexact = question.computed(chosen)

    assert z3.is_true(z3.simplify(z3.substitute(question.claim, *bound))) == claim
    happens = [z3.is_true(z3.simplify(z3.substitute(one.happens, *bound))) for one in question.functions.inexact]
    assert any(happens) == bool(inexact)
    if not inexact:
        assert question.interpreted(chosen) == claim


C_NAMES = {"s32": "int", "u32": "unsigned", "s64": "long long", "u64": "unsigned long long", "ulong": "unsigned long"}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_words_are_those_of_a_c_compiler(data, tmp_path_factory):
    """Sums and comparisons of all pairs of types, as gcc computes them (with -fwrapv, as the kernel is built)."""
    integers, known, lines, expected = Integers(), types(64), [], []
    for a, left in known.items():
        for b, right in known.items():
            x, y = data.draw(values(left)), data.draw(values(right))
            both = common(left, right)
            one, two = integers.wrapped(x, both), integers.wrapped(y, both)
            sides = f"({C_NAMES[a]}) 0x{x & (1 << 64) - 1:x}ULL", f"({C_NAMES[b]}) 0x{y & (1 << 64) - 1:x}ULL"
            for op in ("+", "-", "<", "=="):
                if op in "+-":
                    result = integers.wrapped(integers.arithmetic(op, one, two), both)
                else:
                    result = int(integers.compare(op, one, two))
                wide = "(long long)" if (both.signed or op in ("<", "==")) else ""
                lines.append(f'printf("%llu\\n", (unsigned long long) {wide} ({sides[0]} {op} {sides[1]}));')
                expected.append(result & (1 << 64) - 1)
    folder = tmp_path_factory.mktemp("c")
    text = "#include <stdio.h>\nint main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n"
    (folder / "words.c").write_text(text)
    subprocess.run(["gcc", "-w", "-fwrapv", "-o", folder / "words", folder / "words.c"], check=True)
    out = subprocess.run([folder / "words"], capture_output=True, text=True, check=True).stdout

    assert [int(line) for line in out.split()] == expected


# ------------------------------------------------------------------ command line


def test_prove_prints_covers_and_assumptions(capsys):
    assert main(["prove", "page_offset_is_exact"]) == 0
    out = capsys.readouterr().out

    assert out.startswith("proved      page_offset_is_exact")
    assert "covers: page_offset" in out and "assumes: an index of the page cache" in out
    assert "holds     model as it is  1 proved" in out
    assert max(map(len, out.splitlines())) <= 80


def test_prove_writes_json(capsys):
    assert main(["prove", "page_offset_is_exact", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["verdict"] == "holds"
    assert found["proofs"][0]["name"] == "page_offset_is_exact"


def test_a_refuted_theorem_is_exit_status_1(capsys):
    name = MISTAKES["end_rounded_down"]
    assert main(["prove", name, "--design", "end_rounded_down"]) == 1
    assert "refuted on: long of 64 bits" in capsys.readouterr().out


def test_incomplete_is_exit_status_3(capsys):
    assert main(["prove", "writeback_ends_at_eof", "--time-limit", "0.001"]) == 3
    assert "limit: z3 has no answer" in capsys.readouterr().out


def test_unknown_theorems_are_named(capsys):
    assert main(["prove", "page_offset_is_exakt"]) == 2
    assert "did you mean page_offset_is_exact" in capsys.readouterr().err


def test_what_is_no_machine_arithmetic_is_refused(tmp_path, catalogue):
    file = tmp_path / "odd.py"
    file.write_text(
        textwrap.dedent('''
        from checker.lang import machine, theorem
        from model.include.state import loff_t

        here = machine("here", 64, [{}])

        @theorem(assumes="nothing")
        def squares(pos: loff_t) -> bool:
            """Squares are not negative."""
            return pos * pos >= 0
        ''')
    )
    with pytest.raises(ModelError, match=r"odd.py:10: in squares\(\): this cannot be read as machine arithmetic"):
        list(proofs(model=file))


def test_a_model_without_theorems_says_so():
    with pytest.raises(UsageError, match="states no theorem"):
        list(proofs(model="tests/models/peterson.py"))


def test_bit_vectors_have_what_integers_have():
    assert {n for n in vars(Integers) if not n.startswith("_")} <= set(dir(BitVectors()))
