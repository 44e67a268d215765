"""Flags that become what conditions say: exported texts have to bind `=` as the model means it."""

from checker.lang import Flag, Struct, atomic, choose, implies, invariant, process, scenario


class Pair(Struct):
    """Two flags, and what was said of them."""

    a = Flag("a")
    b = Flag("b")
    both = Flag("both")
    same = Flag("same")
    any = Flag("any")


pair = Pair[0]


def judge():
    """Says of any two flags whether both are set, whether they are the same, and whether one is set."""
    with atomic("any two flags"):
        pair.a = choose(False, True)
        pair.b = choose(False, True)
    with atomic("are both set?"):
        pair.both = pair.a and pair.b
    with atomic("are they the same?"):
        pair.same = pair.a == pair.b
    with atomic("is one set?"):
        pair.any = pair.a or pair.b


@invariant
def both_are_the_same():
    """What is said of both fits what is said of each."""
    return implies(pair.both and pair.same, pair.a and pair.b)


judged = scenario("Every two flags.", process("judge", judge))
