"""Writing what was found: `results` for people, `writing` whole files, `lists`, `junit`, `progress` for the patient, `listing` of functions.

May import: lang, base, ir, source, compile, search, trace, picture, verdict, table.
"""
