"""The packed form of states: round trips, shared bits, arrays of several words."""

from __future__ import annotations

import pytest

from checker.ir.program import Goto, int_type
from checker.native.layout import Layout
from tests.support.operators import EXAMPLES, Example
from tests.support.programs import assign, block, local, process, program, read, rest, variable
from tests.support.random_ir import random_program
from tests.support.small_search import explore


def bits_of(layout: Layout, var: str, instance: int = 0) -> set[tuple[int, int]]:
    """(word, bit) of everything that belongs to a variable."""
    found = set()
    for section in layout.sections(var, instance):
        assert 0 <= section.shift and section.shift + section.bits <= 64
        found |= {(section.word, bit) for bit in range(section.shift, section.shift + section.bits)}
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_every_state_comes_back_and_no_two_are_packed_alike(example: Example) -> None:
    layout = Layout(example.program)

    states = explore(example.program)[0]
    packed = {tuple(layout.pack(state)): state for state in states}

    assert len(packed) == len(states)
    assert all(layout.unpack(words) == state for words, state in packed.items())


@pytest.mark.parametrize("seed", range(40))
def test_places_of_what_lives_together_do_not_overlap(seed: int) -> None:
    model = random_program(seed)
    layout = Layout(model)

    shared = [v.name for v in model.variables if v.process is None]
    private = {p.name: [v.name for v in model.variables if v.process == p.name] for p in model.processes}
    together = [bits_of(layout, name) for name in shared]
    for index, p in enumerate(model.processes):
        for instance in range(p.instances):
            pc = layout.pc(index, instance)
            together.append({(pc.word, pc.shift + i) for i in range(pc.width)} if pc else set())
            frame = [bits_of(layout, name, instance) for name in private[p.name]]
            together.append(set().union(*frame))
            for b in p.blocks:
                live = [bits_of(layout, name, instance) for name in b.live]
                assert sum(map(len, live)) == len(set().union(*live))

    assert sum(map(len, together)) == len(set().union(*together)) == layout.bits
    assert layout.bits <= 64 * layout.words


def test_an_element_takes_the_bits_of_its_range() -> None:
    shared = [variable("flag"), variable("fixed", int_type(7, 7)), variable("small", int_type(-3, 4), 5)]
    layout = Layout(program("sizes", shared, [process("p", block(0, Goto(1)), block(1, Goto(2)), rest(2))]))

    assert [sum(s.bits for s in layout.sections(v.name)) for v in shared] == [1, 0, 15]
    assert layout.pc(0, 0).width == 2
    assert (layout.bits, layout.words) == (18, 1)


def test_a_process_with_one_label_has_no_label_in_the_state() -> None:
    layout = Layout(program("one label", [variable("flag")], [process("p", block(0, Goto(0)), rests=())]))

    assert layout.pc(0, 0) is None
    assert layout.bits == 1


def test_a_state_without_anything_has_a_word() -> None:
    layout = Layout(program("nothing", [], [process("p", block(0, Goto(0)), rests=())]))

    assert (layout.bits, layout.words) == (0, 1)
    assert layout.unpack(layout.pack((0,))) == (0,)


def test_locals_that_never_live_together_share_their_bits() -> None:
    own = [local("p", name, int_type(0, 7)) for name in ("early", "late", "always", "never")]
    p = process(
        "p",
        block(0, assign("p:never", 1), Goto(1)),
        block(1, Goto(2), live=("p:early", "p:always")),
        block(2, Goto(3), live=("p:late", "p:always")),
        rest(3),
        instances=2,
    )
    layout = Layout(program("colours", own, [p]))

    for instance in range(2):
        assert bits_of(layout, "p:early", instance) == bits_of(layout, "p:late", instance) != set()
        assert not bits_of(layout, "p:early", instance) & bits_of(layout, "p:always", instance)
        assert bits_of(layout, "p:never", instance) == set()
    assert layout.bits == 2 * (2 + 3 + 3)


def test_arrays_of_several_words_keep_elements_whole_and_evenly_spaced() -> None:
    long = variable("long", int_type(0, 30), 40)  # 5 bits each: 12 in a word
    layout = Layout(program("arrays", [long], [process("p", block(0, Goto(0)), rests=())]))

    sections = layout.sections("long")

    assert [(s.first, s.count, s.width) for s in sections] == [(0, 12, 5), (12, 12, 5), (24, 12, 5), (36, 4, 5)]
    assert len({s.word for s in sections}) >= 3


def test_small_things_fill_the_words_that_large_ones_leave() -> None:
    shared = [variable(f"large{i}", int_type(0, (1 << 40) - 1)) for i in range(3)]
    shared += [variable(f"small{i}", int_type(0, 255)) for i in range(9)]
    layout = Layout(program("fit", shared, [process("p", block(0, Goto(0)), rests=())]))

    assert (layout.bits, layout.words) == (3 * 40 + 9 * 8, 3)


def test_a_dead_local_is_zero_in_what_is_packed() -> None:
    own = [local("p", "x", int_type(4, 9), init=4), local("p", "y", int_type(-5, 9), init=-5)]
    blocks = [block(0, Goto(1), live=("p:x",)), block(1, assign("out", read("p:y")), Goto(2), live=("p:y",)), rest(2)]
    layout = Layout(program("dead", [variable("out", int_type(-5, 9)), *own], [process("p", *blocks)]))
    slots = layout.slots

    state = [0] * slots.size
    state[slots.at("out")], state[slots.at("p:x")], state[slots.at("p:y")] = -5, 9, -5

    assert layout.unpack(layout.pack(state)) == tuple(state)
