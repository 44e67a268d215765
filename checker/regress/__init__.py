"""The table of expected verdicts: what every design is known to do, and whether it still does.

`table` reads and rewrites the rows, `measure` runs one of them, `run` all of them in
several processes; `text`, `junit` and `sarif` say what came out.
"""
