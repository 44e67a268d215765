"""What the functions of a model hold in their hands when the oracle runs them as Python.

Each of these passes what is done with it on to the `oracle_machine.Machine` that it belongs to.
"""

from __future__ import annotations


class Blocked(Exception):
    """The step cannot be taken."""


class Violation(Exception):
    """The step violates the property `args[0]`."""


class Node:
    """An instance of a struct; there is one Node for each, so `is` compares."""

    def __init__(self, machine, struct, number):
        self.__dict__.update(machine=machine, struct=struct, number=number)

    def __getattr__(self, name):
        declared = self.struct.fields[name]
        if declared.count is not None:
            return Row(self, name)
        if declared.lock:
            return LockOf(self, name)
        return self.machine.load(self.struct, name, self.number, 0)

    def __setattr__(self, name, value):
        self.machine.store(self.struct, name, self.number, 0, value)

    def __repr__(self):
        return f"{self.struct.__name__}[{self.number}]"


class Row:
    """An array field of an instance."""

    def __init__(self, node, name):
        self.node, self.name = node, name

    def __getitem__(self, index):
        return self.node.machine.load(self.node.struct, self.name, self.node.number, index)

    def __setitem__(self, index, value):
        self.node.machine.store(self.node.struct, self.name, self.node.number, index, value)


class LockOf:
    """A lock field of an instance."""

    def __init__(self, node, name):
        self.node, self.name = node, name


class Struct:
    """A struct in a function body: `S[i]`."""

    def __init__(self, machine, struct, count):
        self.struct = struct
        self.nodes = tuple(Node(machine, struct, i) for i in range(count))

    def __getitem__(self, index):
        if not 0 <= index < len(self.nodes):
            raise Violation("range")
        return self.nodes[index]


class Stack:
    """A record on a process's stack."""

    def __init__(self, machine, record):
        values = {name: machine.first_value(declared) for name, declared in record.fields.items()}
        self.__dict__.update(machine=machine, record=record, values=values)

    def __getattr__(self, name):
        return self.values[name]

    def __setattr__(self, name, value):
        self.values[name] = self.machine.fit(self.record.fields[name].type, value)


class StackRow:
    """An array field of a record."""

    def __init__(self, machine, declared):
        self.machine, self.type = machine, declared.type
        self.values = [machine.initial(declared)] * machine.width(declared)

    def __getitem__(self, index):
        return self.values[self.inside(index)]

    def __setitem__(self, index, value):
        self.values[self.inside(index)] = self.machine.fit(self.type, value)

    def inside(self, index):
        if not 0 <= index < len(self.values):
            raise Violation("range")
        return index


class Place:
    """What stands for a variable named in a call."""

    def __init__(self, owner, name, index=None):
        if owner is None:
            raise Violation("null_reference")
        self.owner, self.name, self.index = owner, name, index

    def get(self):
        value = getattr(self.owner, self.name)
        return value if self.index is None else value[self.index]

    def set(self, value):
        if self.index is None:
            setattr(self.owner, self.name, value)
        else:
            getattr(self.owner, self.name)[self.index] = value


class Box:
    """What stands for a local of the caller; the caller copies it back."""

    owner = name = None

    def __init__(self, machine, value, type=None):
        self.machine, self.value, self.type = machine, value, type

    def get(self):
        return self.value

    def set(self, value):
        self.value = self.machine.fit(self.type, value)
