"""The intermediate representation: what every engine reads, and nothing else.

`program` is its grammar, `text` writes it, `check` holds its rules, `interpreter` says what it means; `slots` and
`sites` number the parts of a state, and what can be violated.

May import: base.
"""
