"""Writing what was found: text for people, JSON and JUnit for programs, progress for the patient.

May import: lang, base, ir, source, compile, search, trace, picture, verdict, table.
"""
