"""Python source -> the syntax tree of the modelling language.

Takes the text of a function.  Gives its `tree`, in which names are resolved and what the language lacks is refused.

May import: lang, base.
"""
