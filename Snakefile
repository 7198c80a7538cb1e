# amygene: from resting-state fMRI to amygdala connectivity, group differences, genes and pathways.
# One include per stage, in the order in which data flows; each file opens with the question it answers.

if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/resources.smk"
include: "rules/atlas.smk"
include: "rules/cohort.smk"
include: "rules/cohort_images.smk"
include: "rules/connectivity.smk"
include: "rules/connectivity_voxel.smk"
include: "rules/group.smk"
include: "rules/group_voxel.smk"
include: "rules/sites.smk"
include: "rules/prediction.smk"
include: "rules/response.smk"
include: "rules/response_voxel.smk"
include: "rules/expression.smk"
include: "rules/genes.smk"
include: "rules/enrichment.smk"
include: "rules/meta.smk"
include: "rules/preclinical.smk"
include: "rules/evidence.smk"
include: "rules/report.smk"


rule all:
    """Everything that the config's `stages` holds."""
    default_target: True
    input:
        [getattr(rules, stage).input for stage in config["stages"]],
