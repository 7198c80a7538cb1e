"""Amygdala connectivity, its group differences, its genes and its pathways.

Twenty rooms on six floors; a room imports from the floors below it (CONTRIBUTING.md, `lint-imports`). Files are opened by
`io` and by the readers of `imaging`, `cohort`, `expression`, `enrichment`, `preclinical`, `meta` and `evidence`; all else
takes arrays and tables.
"""

__version__ = "0.1.0"
