"""What every stage may use: errors and how they are said, memory limits, files, caches, processes.

May import: nothing.
"""
