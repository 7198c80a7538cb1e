# amygene: from resting-state fMRI to amygdala connectivity, group differences, genes and pathways.
# One include per stage, in the order in which data flows; each file opens with the question it answers.

import os
import sys
from pathlib import Path

# adapters lie in a folder per stage and import the package, and what they share, from here: rules by sys.path, jobs by
# PYTHONPATH (a script finds only its own folder by itself)
SCRIPTS = Path(str(workflow.current_basedir)) / "scripts"
if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")]))

if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/lock.smk"
include: "rules/resources.smk"
include: "rules/atlas.smk"
include: "rules/cohort.smk"
include: "rules/cohort_images.smk"
include: "rules/connectivity.smk"
include: "rules/connectivity_voxels.smk"
include: "rules/group.smk"
include: "rules/group_voxels.smk"
include: "rules/sites.smk"
include: "rules/prediction.smk"
include: "rules/response.smk"
include: "rules/response_voxels.smk"
include: "rules/expression.smk"
include: "rules/genes.smk"
include: "rules/enrichment.smk"
include: "rules/meta.smk"
include: "rules/meta_networks.smk"
include: "rules/meta_joins.smk"
include: "rules/preclinical.smk"
include: "rules/evidence.smk"
include: "rules/report.smk"


rule all:
    """Everything that the config's `stages` holds."""
    default_target: True
    input:
        [getattr(rules, stage).input for stage in config["stages"]],
