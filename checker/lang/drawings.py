"""How counterexamples draw rows of cells."""

class Drawing:
    """How counterexamples draw a row of cells."""

    def __init__(self, title, row, letters, group, marks, over, durable, legend):
        self.title, self.row, self.letters, self.group = title, row, dict(letters), group
        self.marks, self.over = tuple(marks), tuple((over or {}).items())
        self.durable, self.legend = durable, legend


def drawing(title, row, letters, group=1, marks=(), over=None, durable=False, legend=""):
    """A row of cells in counterexamples, as `|DDDD0000|` with a caret under each mark.

    row: a field of all instances of a struct, one character each (an array field: one for
    each element).  letters: the character of each value.  group: cells between two bars.
    marks: integer fields, of structs with one instance, that count cells.  over: further
    fields, with letters that replace those of the row; an element stands for an equal share
    of the cells: `over={Folio.mapping: {False: " "}}`.  durable: the row outlives a power
    failure.  legend: one line on what the letters mean.
    """
    return Drawing(title, row, letters, group, marks, over, durable, legend)
