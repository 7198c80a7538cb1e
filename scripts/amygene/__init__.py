"""Amygdala connectivity, its group differences, its genes and its pathways.

Layers, lowest first; a module imports from its own layer's siblings never, from lower layers freely:

1. ``problems``; ``stats`` and ``nulls`` (numerics on arrays); ``tables``, ``series``, ``atlas``, ``seeds``,
   ``resources``, ``cohort`` (readers: the only modules that open files)
2. the stages: ``connectivity``, ``group``, ``sites``, ``expression``, ``genes``, ``enrichment``
3. ``report``
"""

__version__ = "0.1.0"
