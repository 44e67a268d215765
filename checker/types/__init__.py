"""What things are: the values of constants and fields, of locals, of expressions, and what functions do.

Takes trees of functions.  Gives the same functions with the types of their locals and expressions, and the fields
that they read and write (`infer`); `world` has the fields of the whole program.

May import: lang, base, ir, source, parse.
"""
