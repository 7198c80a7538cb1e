"""Write which rules share a cluster job into config/profiles/slurm/config.yaml.

Run with ``uv run python scripts/cluster_groups.py`` after a new rule; a test compares the profile with the rules.

A rule that is not named below makes a group of its own, and so do new ones: some of its jobs share a cluster job, one
after the other. That is always right, since no rule waits for itself. Rules of one group in TOGETHER must not have
another rule between them that is not in the group; tests/slurm/test_profile.py looks for that in every plan.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROFILE = ROOT / "config/profiles/slurm/config.yaml"
BEGIN, END = "# written by scripts/cluster_groups.py\n", "# end of what scripts/cluster_groups.py writes\n"

#: minutes to hours, or much to read: every job of these rules is a cluster job, beside the others
LARGE = {
    "cohort_images",
    "connectivity_pack",
    "connectivity_parcellate",
    "connectivity_session_parcellate",
    "connectivity_voxel",
    "enrichment_specificity",
    "expression_abagen",
    "group_permute",
    "group_voxel",
    "group_voxel_comparison",
    "group_voxel_permute",
    "meta_coactivation",
    "meta_draws",
    "meta_leave_out",
    "preclinical_contrasts",
    "preclinical_groups",
    "preclinical_network",
    "preclinical_overlaps",
    "prediction_fit",
    "prediction_guard",
    "prediction_permute",
    "response_fit",
    "response_guard",
    "response_permute",
    "response_voxel_association",
    "response_voxel_change",
    "response_voxel_comparison",
    "response_voxel_controls",
    "response_voxel_normalisation",
    "response_voxel_permute",
    "simulate_scans",
    "sites_leave_out",
    "sites_voxel",
}
#: small rules that follow each other, or wait for the same: one cluster job for all that hang together
TOGETHER = {
    "start": ["atlas", "simulate", "rest_meta_mdd_sheet", "bids_sheet", "simulate_dataset"],
    "cohort": ["cohort_seeds", "cohort_seed_coverage", "cohort_longitudinal", "cohort_assemble", "cohort_sessions"],
    "connectivity": [
        "connectivity_gather",
        "connectivity_qc",
        "connectivity_voxel_qc",
        "connectivity_seed_report",
        "cohort_contrast",
        "group_comparison",
    ],
    "tables": ["group_table", "group_harmonisation", "sites_table"],
    "expression": ["expression_table", "genes_calibration"],
    # from the values of a map to its gene sets
    "map": [
        "genes_map",
        "genes_nulls",
        "genes_chunk",
        "genes_counts",
        "genes_pls",
        "genes_table",
        "genes_multiverse",
        "enrichment_pools",
        "enrichment_sets",
        "enrichment_gsea",
        "enrichment_fisher",
    ],
    "responders": ["response_participants", "response_sample"],
    "foci": ["meta_grid", "meta_simulate", "meta_foci", "meta_rules", "meta_labels"],
    "networks": ["meta_connectome", "meta_networks", "meta_network", "meta_difference"],
    "animals": [
        "preclinical_orthologues",
        "preclinical_simulate",
        "preclinical_responders",
        "preclinical_counts",
        "preclinical_signatures",
    ],
    "tissue": ["preclinical_trajectories", "preclinical_ontology", "preclinical_module_enrichment"],
}
#: group -> how many sets of jobs that hang together share a cluster job, if not FEW
COMPONENTS = {"cohort_series": 10, "connectivity_seed": 20, "tables": 20, "map": 1}
FEW = 5


def small_rules():
    """Names of the rules whose jobs are handed out and are not large, in the order of the files."""
    found = []
    for file in sorted((ROOT / "rules").glob("*.smk")):
        blocks = re.split(r"^(?=(?:use )?rule \w+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for block in blocks:
            name = re.findall(r"^(?:use rule \w+ as|rule) (\w+)", block)[0]
            if "    output:\n" in block and "    localrule: True\n" not in block and name not in LARGE:
                found.append(name)
    return found


def groups():
    """Rule -> its group. The parts of the report are one, without the page that joins them."""
    chosen = {rule: group for group, rules in TOGETHER.items() for rule in rules}
    return {
        rule: "report" if rule.startswith("report_") and rule != "report_page" else chosen.get(rule, rule)
        for rule in small_rules()
    }


def section():
    """The lines of the profile."""
    made = groups()
    components = {group: COMPONENTS.get(group, FEW) for group in dict.fromkeys(made.values())}
    lines = ["groups:", *(f"  {rule}: {group}" for rule, group in made.items())]
    lines += ["group-components:", *(f"  {group}: {n}" for group, n in components.items() if n > 1)]
    return "\n".join(lines) + "\n"


def written(profile):
    """The profile's text with these lines."""
    before, rest = profile.split(BEGIN)
    return before + BEGIN + section() + END + rest.split(END)[1]


if __name__ == "__main__":
    PROFILE.write_text(written(PROFILE.read_text(encoding="utf-8")), encoding="utf-8")
