"""Whether every design still does what the table of expected verdicts says.

`measure` checks one row, `run` all of them in several processes; `text`, `junit` and `sarif` say what came out.
`states` counts the states of every scenario.

May import: lang, base, ir, source, search, symbolic, picture, verdict, table, output.
"""
