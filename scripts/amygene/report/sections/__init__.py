"""The sections of the report, one module per stage.

A module makes *parts*: lists of blocks (`amygene.report.page`) and the sentences that the summary repeats. Where a
stage has something to say in the methods section, its module has ``methods``.
"""

#: section -> title and question, in the order of the page
SECTIONS = {
    "cohort": ("Cohort", "Who is in, who is out, and what are the data like?"),
    "connectivity": ("Images", "What do the maps rest on?"),
    "group": ("Group difference", "Where do the groups differ?"),
    "group_voxel": ("Group difference in voxels", "Where in the brain do the groups differ?"),
    "sites": ("Held-out sites", "Does it hold at a site that was left out?"),
    "prediction": ("Prediction", "Can one subject be classified?"),
    "response": ("Treatment response", "What changes with treatment, and what predicts it?"),
    "genes": ("Genes", "Which genes follow the map?"),
    "enrichment": ("Gene sets", "Which processes and cells follow the map?"),
    "meta": ("Published effects", "Where do published effects converge, at regions and in networks?"),
    "preclinical": ("Animal signatures", "Which animal signatures follow the map?"),
    "evidence": ("Published findings", "Does this study agree with what others found?"),
}
