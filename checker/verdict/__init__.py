"""Checking from Python: from names of a design and a scenario to a `Result`.

`api` prepares the program, has it searched, and judges what was found; `choice` chooses the engine, `bounds` tells of each
bound as it is reached; `replay`, `recount` and `compare` look at
results again, or at two of them.

May import: lang, base, ir, source, compile, search, symbolic, trace, picture.
"""
