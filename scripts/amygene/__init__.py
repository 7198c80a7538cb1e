"""Amygdala connectivity, its group differences, its genes and its pathways.

Twenty rooms on six floors; a room imports from the floors below it (CONTRIBUTING.md, `lint-imports`).
"""

__version__ = "0.1.0"
