"""What a model declares, and what its functions say.

Takes the name of a model.  Gives its scenarios, designs, properties and constants by name (`catalogue`), and the text
of its functions (`functions`), with the edits of a design applied (`variant`).  `tools`: folders of a model that are programs.

May import: lang, base, ir.
"""
