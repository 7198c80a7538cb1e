"""Key by key, which rules an edit of the config reruns.

For every key stand the rules with which the rerun starts: their jobs have a reason of their own, such as a changed
param, and read nothing that another job of the rerun makes. What stands below them follows, and nothing else reruns.
report_page shows the whole config: it is made again whatever changes, alone if nothing else uses the key.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from amygene.expression.ahba import DONORS, FILES, donor_folder
from amygene.settings import read_schema
from fixtures.project import CHECKOUT, Job, Project, followers, starts

pytestmark = pytest.mark.slow

CHECKS = {"cohort_assemble", "cohort_contrast"}
EVERYTHING = {"every rule"}
#: make what all studies share
SHARED = {"fetch_artifact", "unpack_resource", "expression_environment"}

#: key -> another value, and the rules with which the rerun starts
SMALL: dict[str, tuple[Any, Collection[str]]] = {
    "study": ("other", EVERYTHING),
    "seed": (1, {"group_permute", "sites_leave_out", "genes_nulls", "genes_calibration"}),
    "stages": (["cohort", "genes", "report"], {"report_page"}),
    # a map of one's own does not hang on the cohort
    "cohort.format": ("none", {"report_page"}),
    "cohort.participants": ("data/same.tsv", CHECKS),
    "cohort.first_column": (2, {"cohort_series"}),
    "cohort.n_columns": (60, {"cohort_series"}),
    "cohort.select.age": ([18, None], CHECKS),
    "cohort.select.age.min": (18, CHECKS),
    "cohort.select.age.max": (90, CHECKS),
    "cohort.select.sex.in": (["M", "F"], CHECKS),
    "cohort.select.sex.not_in": (["X"], CHECKS),
    "cohort.select.sex.for": ({"group": "PAT"}, CHECKS),
    "cohort.missing": (["", "unknown"], CHECKS),
    "cohort.codes": ({"sex": {"M": "m"}}, CHECKS),
    "cohort.categorical": (["site", "sex", "handedness"], CHECKS),
    "cohort.faulty": ("exclude", CHECKS),
    "atlas.name": ("Other30", EVERYTHING),
    "atlas.labels": ("data/same_labels.tsv", {"atlas"}),
    "seeds": (["Amygdala_R"], {"cohort_seeds", "connectivity_qc"}),
    "seeds.1": ("Cor01", {"cohort_seeds", "connectivity_seed"}),
    "seeds.0.name": ("SINISTRA", {"cohort_seeds", "connectivity_seed"}),
    "seeds.0.regions": (["Amygdala_L", "Cor00"], {"cohort_seeds", "connectivity_seed"}),
    "contrasts.PATvsHC.variable": ("sex", CHECKS),
    "contrasts.PATvsHC.case": ("THIRD", CHECKS),
    "contrasts.PATvsHC.control": ("THIRD", CHECKS),
    "contrasts.PATvsHC.covariates": (["site", "sex"], CHECKS),
    "contrasts.PATvsHC.site_effects": ("combat", {"group_comparison"}),
    "contrasts.PATvsHC.exchange_within": (None, CHECKS),
    "group.family": ("contrast", {"group_table"}),
    "sites.min_per_group": (2, {"sites_leave_out"}),
    "maps.own.table": ("data/same_map.tsv", {"genes_map"}),
    "maps.own.region": ("name", {"genes_map"}),
    "maps.own.value": ("other", {"genes_map"}),
    "expression.table": ("data/same_expression.tsv", {"expression_table"}),
    "genes.correlation": ("spearman", {"genes_chunk", "genes_counts", "enrichment_pools"}),
    "genes.nulls": ("variogram", {"genes_map", "genes_calibration"}),
    "genes.pls_components": (2, {"genes_pls"}),
    "genes.bootstraps": (120, {"genes_pls"}),
    "genes.calibration_maps": (3, {"genes_calibration"}),
    "enrichment.collections": (
        [{"name": "SETS", "gmt": "data/sets.gmt"}, {"name": "OTHERS", "gmt": "data/others.gmt"}],
        {"enrichment_sets"},
    ),
    "enrichment.collections.0.name": ("RENAMED", {"enrichment_sets", "enrichment_gsea"}),
    "enrichment.collections.0.gmt": ("data/others.gmt", {"enrichment_sets", "enrichment_gsea"}),
    "enrichment.score": ("mean_abs_r", {"enrichment_sets"}),
    "enrichment.min_size": (5, {"enrichment_sets", "enrichment_gsea"}),
    "enrichment.max_size": (50, {"enrichment_sets", "enrichment_gsea"}),
    "enrichment.random_sets": (120, {"enrichment_sets", "enrichment_gsea"}),
    "enrichment.gsea": ([], {"report_enrichment"}),
    "permutations.group": (200, {"group_permute"}),
    "permutations.sites": (200, {"sites_leave_out"}),
    "permutations.null_maps": (200, {"genes_nulls"}),
    "jobs.subjects_per_job": (12, {"cohort_series"}),
    "jobs.sites_per_job": (1, {"sites_leave_out"}),
    "jobs.permutations_per_shard": (100, {"group_permute"}),
    "jobs.genes_per_chunk": (4000, {"genes_chunk"}),
}

#: keys of another source of expression
UNUSED = {
    "expression.donors_folder": "donors",
    "expression.donors": [9861],
    "expression.ibf_threshold": 0.4,
    "expression.probe_selection": "average",
    "expression.lr_mirror": "bidirectional",
    "expression.sample_norm": "zscore",
    "expression.gene_norm": "zscore",
    "expression.norm_structures": True,
    "expression.missing": "centroids",
    "expression.tolerance": 3,
    "expression.reannotated": False,
    "expression.stability": 0.1,
}

SIMULATED = {
    f"cohort.simulated.{key}": (value, {"simulate"})
    for key, value in {
        "sites": {"A": [20, 20]},
        "regions": ["L_insula"],
        "effect": 1,
        "category": "another",
        "category_effect": 1,
        "sessions": 2,
    }.items()
}
SIMULATED_CONFIG = {
    "study": "simulated",
    "stages": ["cohort"],
    "cohort": {"format": "simulated", "simulated": {"sites": {"A": [20, 21]}}},
    "atlas": "DK83",
    "contrasts": {"MDDvsHC": {"case": "MDD", "control": "HC"}},
}

RELEASE = {
    "cohort.root": ("copy", {"rest_meta_mdd_sheet", "cohort_series"}),
    "cohort.phenotypes": ("other.xlsx", {"rest_meta_mdd_sheet"}),
    "cohort.series": ("ROISignals_FunImgARglobalCWF", {"rest_meta_mdd_sheet", "cohort_series"}),
    "cohort.motion": ("motion.tsv", {"rest_meta_mdd_sheet"}),
}
RELEASE_CONFIG = {
    "study": "release",
    "stages": ["cohort"],
    "cohort": {"format": "rest-meta-mdd", "root": "release"},
    "contrasts": {"MDDvsHC": {"case": "MDD", "control": "HC"}},
}
RELEASE_FILES = [
    *(f"{root}/Phenotypic.xlsx" for root in ("release", "copy")),
    *(
        f"{root}/Results/ROISignals_{series}/ROISignals_S1-{group}-0001.mat"
        for root in ("release", "copy")
        for series in ("FunImgARCWF", "FunImgARglobalCWF")
        for group in (1, 2)
    ),
    "other.xlsx",
    "motion.tsv",
]

ABIDE = {
    "cohort.root": ("elsewhere", {"abide_sheet"}),
    "cohort.pipeline": ("cpac", {"abide_sheet"}),
    "cohort.global_signal_regression": (True, {"abide_sheet"}),
    "cohort.url": ("http://localhost", {"abide_sheet"}),
}
ABIDE_CONFIG = {
    "study": "abide",
    "stages": ["cohort"],
    "cohort": {"format": "abide", "root": "download"},
    "contrasts": {"ASDvsHC": {"case": "ASD", "control": "HC"}},
    "jobs": {"subjects_per_job": 2000},
}

READY = {
    "cohort.maps": ({"LEFT": "data/others.tsv"}, {"cohort_ready"}),
    "cohort.scale": ("r", {"cohort_ready"}),
}
READY_CONFIG = {
    "study": "ready",
    "stages": ["cohort", "connectivity"],
    "cohort": {
        "format": "ready",
        "participants": "data/participants.tsv",
        "maps": {"LEFT": "data/z.tsv"},
        "scale": "fisher-z",
    },
    "atlas": {"name": "Mine", "labels": "data/labels.tsv"},
    "seeds": ["LEFT"],
    "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC"}},
}
READY_FILES = {
    "data/participants.tsv": "participant_id\tgroup\na\tPAT\nb\tHC\n",
    **dict.fromkeys(["data/labels.tsv", "data/z.tsv", "data/others.tsv"], ""),
}

DONORS_OWN = {key: (value, {"expression_abagen"}) for key, value in UNUSED.items()}
AHBA = DONORS_OWN | {
    "expression.source": ("table", {"expression_table"}),
    "expression.donors_folder": ("others", {"expression_abagen"}),
    "expression.donors": ([9861, 10021], {"expression_abagen"}),
    "expression.multiverse": (True, {"expression_abagen"}),
    "atlas": ("DK83", EVERYTHING),
    "atlas.image": ("data/same.nii", {"atlas"}),
    "enrichment.collections.0": ("KEGG", {"fetch_artifact"}),
    "maps.own.image": ("data/map.nii", {"genes_map"}),
}
AHBA_CONFIG = {
    "study": "ahba",
    "stages": ["genes", "enrichment"],
    "enrichment": {"collections": ["LAKE"]},
    "atlas": {"name": "Mine", "labels": "data/labels.tsv", "image": "data/atlas.nii"},
    "maps": {"own": {"table": "data/map.tsv"}},
    "expression": {"source": "abagen", "donors_folder": "donors", "table": "data/expression.tsv"},
}
AHBA_FILES = [
    *(
        f"{folder}/{donor_folder(donor)}/{file}"
        for folder in ("donors", "others")
        for donor in DONORS
        for file in FILES
    ),
    *(f"data/{file}" for file in ("labels.tsv", "atlas.nii", "same.nii", "map.tsv", "map.nii", "expression.tsv")),
]
_MADE = {"enrichment_specificity"}
CLASSES = {
    "enrichment.collections.0.specificity": ("data/others.tsv", _MADE),
    "enrichment.collections.0.thresholds": ([0.01, 0.05], _MADE),
    "enrichment.collections.0.min_expression": (1, _MADE),
    "enrichment.collections.0.draws": (20, _MADE),
    "enrichment.collections.1.brainspan": ("data/others.zip", _MADE),
}
CLASSES_CONFIG = {
    "study": "classes",
    "stages": ["enrichment"],
    "enrichment": {
        "collections": [
            {"name": "CELLS8", "specificity": "data/cells.tsv"},
            {"name": "STAGES", "brainspan": "data/brainspan.zip"},
        ]
    },
    "atlas": {"name": "Mine", "labels": "data/labels.tsv"},
    "maps": {"own": {"table": "data/map.tsv"}},
    "expression": {"source": "table", "table": "data/expression.tsv"},
}
CLASSES_FILES = [
    f"data/{file}"
    for file in ("cells.tsv", "others.tsv", "brainspan.zip", "others.zip", "labels.tsv", "map.tsv", "expression.tsv")
]
_READ = {"evidence_findings", "evidence_claims"}
LITERATURE = {
    "evidence.tables": (["data/findings.tsv", "data/others.tsv"], _READ),
    "evidence.regions": ("data/others.tsv", _READ),
    "evidence.contrasts": ({"PATvsHC": "nonresistant"}, {"evidence_claims"}),
}
LITERATURE_CONFIG = {
    "study": "literature",
    "stages": ["evidence"],
    "cohort": {"format": "table", "participants": "data/participants.tsv"},
    "atlas": {"name": "Mine", "labels": "data/labels.tsv"},
    "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC"}},
    "evidence": {"tables": ["data/findings.tsv"], "regions": "data/regions.tsv"},
}
LITERATURE_FILES = {
    "data/participants.tsv": "participant_id\tgroup\ttimeseries\na\tPAT\ta.npy\nb\tHC\tb.npy\n",
    **dict.fromkeys(
        [*(f"data/{f}.tsv" for f in ("labels", "findings", "others", "regions")), *(f"data/{p}.npy" for p in "ab")], ""
    ),
}
FIT = {"prediction_fit", "prediction_permute", "prediction_guard"}
PREDICTION = {
    "prediction.designs": (["leave-site-out"], {"prediction_guard"}),
    "prediction.models": (["rbf-svm", "ridge"], FIT),
    "prediction.features": (["all"], FIT),
    "prediction.n_selected": (10, FIT),
    "prediction.folds": (3, {"prediction_sample"}),
    "prediction.repeats": (2, FIT),
    "prediction.harmonise": ("none", FIT),
    "prediction.remove_covariates": (False, FIT),
    "prediction.tested": (["ridge"], {"prediction_permute"}),
    "prediction.external.study": ("other", {"prediction_sample"}),
    "prediction.external.contrast": ("Another", {"prediction_sample"}),
    "prediction.grid.rbf-svm.C": ([1], FIT),
    "prediction.grid.rbf-svm.gamma": ([1], FIT),
    "prediction.grid.linear-svm.C": ([1], FIT),
    "prediction.grid.logistic.C": ([1], FIT),
    "prediction.grid.ridge.alpha": ([1], FIT),
    "permutations.prediction": (40, {"prediction_permute"}),
    "jobs.folds_per_job": (10, {"prediction_fit"}),
    "jobs.relabelings_per_shard": (20, {"prediction_permute"}),
}
PREDICTION_CONFIG = {
    "study": "prediction",
    "stages": ["prediction"],
    "cohort": {"format": "table", "participants": "participants.tsv"},
    "atlas": {"name": "Mine", "labels": "labels.tsv"},
    "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC"}},
    "prediction": {"external": {"study": "second"}},
    "permutations": {"prediction": 60},
}
PREDICTION_FILES = ["participants.tsv", "labels.tsv"]

CONVERGENCE = {
    "meta.foci": (["data/other_foci.tsv"], {"meta_foci"}),
    "meta.faulty": ("exclude", {"meta_foci"}),
    "meta.mask": ("gray", {"meta_grid"}),
    "meta.comparisons": (
        {"up": {"contrast": "up"}, "down": {"contrast": ["down", "less"]}},
        {"meta_rules", "meta_ale", "meta_network"},
    ),
    "meta.subgroups": ({"drug": {"drug": "SSRI"}, "few": {"weeks": {"max": 2}}}, {"meta_rules", "meta_ale"}),
    "meta.contributions": (["drug"], {"meta_rules", "meta_clusters"}),
    "meta.voxel_p": (0.01, {"meta_ale"}),
    "meta.leave_out": (False, {"report_meta_comparison"}),
    "meta.connectome.matrix": ("data/other_matrix.csv", {"meta_connectome"}),
    "meta.connectome.labels": ("data/other_names.csv", {"meta_connectome"}),
    "meta.connectome.atlas": ("AAL116", {"atlas"}),
    "meta.connectome.atlas.name": ("Other", {"atlas"}),
    "meta.connectome.atlas.labels": ("data/other_labels.tsv", {"atlas"}),
    "meta.connectome.atlas.image": ("data/other_atlas.nii", {"atlas"}),
    "meta.networks.image": ("data/other_networks.nii", {"meta_networks"}),
    "meta.networks.names": (["VIS", "DMN"], {"meta_networks"}),
    "meta.differences": ([["up", "down"]], {"meta_difference"}),
    "meta.targets": ({"Mine": [-40, 40, 20]}, {"meta_targets"}),
    "meta.receptors.folder": ("others", {"meta_receptors"}),
    "meta.receptors.table": ("data/receptors.tsv", {"meta_receptors"}),
    "meta.receptors.neuromaps": (["DAT"], {"meta_receptor_download"}),
    "meta.database.folder": ("database2", {"meta_coactivation"}),
    "meta.database.n_subjects": (30, {"meta_coactivation"}),
    "meta.database.min_studies": (50, {"meta_coactivation"}),
    "meta.nulls": ("variogram", {"meta_similarity", "meta_receptor_tests"}),
    "meta.genes": (["network"], {"report_page"}),
    "permutations.meta": (12000, {"meta_draws"}),
    "permutations.meta_network": (2000, {"meta_network"}),
    "permutations.meta_followup": (500, {"meta_leave_out", "meta_coactivation"}),
    "jobs.draws_per_shard": (2000, {"meta_draws"}),
    "jobs.left_out_jobs": (2, {"meta_leave_out"}),
}
CONVERGENCE_CONFIG = {
    "study": "convergence",
    "stages": ["meta", "report"],
    "atlas": "DK83",
    "meta": {
        "foci": ["data/foci.tsv"],
        "comparisons": {"up": {"contrast": "up"}, "down": {"contrast": "down"}},
        "subgroups": {"drug": {"drug": "SSRI"}},
        "connectome": {
            "matrix": "data/matrix.csv",
            "labels": "data/names.csv",
            "atlas": {"name": "Mine", "labels": "data/labels.tsv", "image": "data/atlas.nii"},
        },
        "networks": {"image": "data/networks.nii", "names": ["VIS", "SMN"]},
        "receptors": {"folder": "pet"},
        "database": {"folder": "database"},
    },
}
CONVERGENCE_FILES = [
    *(
        f"data/{o}{f}"
        for o in ("", "other_")
        for f in ("foci.tsv", "matrix.csv", "names.csv", "labels.tsv", "atlas.nii")
    ),
    *(f"data/{f}" for f in ("networks.nii", "other_networks.nii", "receptors.tsv")),
    *(f"{folder}/5HTT_dasb_hc30_savli.nii" for folder in ("pet", "others")),
    *(f"{folder}/data_coordinates.tsv.gz" for folder in ("database", "database2")),
]

NORMS = {f"meta.simulated.{key}": (value, {"meta_simulate"}) for key, value in (
    ("experiments", 30), ("share", 0.2), ("spread", 6), ("talairach", 0)
)} | {"meta.connectome.controls": ("MDDvsHC2", {"cohort_contrast"})}  # fmt: skip
NORMS_CONFIG = SIMULATED_CONFIG | {
    "study": "norms",
    "stages": ["meta"],
    "contrasts": {name: {"case": "MDD", "control": "HC"} for name in ("MDDvsHC", "MDDvsHC2")},
    "meta": {"foci": "simulated", "connectome": {"controls": "MDDvsHC"}},
}

#: a key that takes the place of another, and one that another must follow
INSTEAD = {
    "cohort.format": "cohort.participants",
    "maps.own.image": "maps.own.table",
    "meta.receptors.table": "meta.receptors.folder",
    "meta.receptors.neuromaps": "meta.receptors.folder",
}
ALSO = {
    "cohort.select.sex.for": ("cohort.select.sex.in", ["M", "F"]),
    "enrichment.collections.0.name": ("enrichment.gsea", ["RENAMED"]),
}

_BOLD = "space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz"
_SCANS = {"cohort_images", "cohort_confounds"}
_CLEANED = {"cohort_confounds"}
IMAGES = {
    "cohort.derivatives": ("copy", _SCANS),
    "cohort.space": ("MNI6", _SCANS),
    "cohort.task": ("rest", set()),
    "cohort.resolution": ("2", set()),
    "cohort.sessions": (["1"], set()),
    "cohort.tr": (2.0, _CLEANED),
    "cleaning.strategy": ("24P", _CLEANED),
    "cleaning.band_pass": ([0.01, None], _CLEANED),
    "cleaning.filtered": (True, _CLEANED),
    "cleaning.detrend": (False, _CLEANED),
    "cleaning.scrub": (None, _CLEANED),
    "cleaning.scrub.fd": (0.4, _CLEANED),
    "cleaning.scrub.before": (2, _CLEANED),
    "cleaning.scrub.after": (2, _CLEANED),
    "cleaning.discard": (5, _CLEANED),
    "cleaning.smoothing": (6, {"connectivity_voxel"}),
    "cleaning.min_df": (10, CHECKS),
    "connectivity.seed_weighting": ("weighted", {"connectivity_seed_set"}),
    "connectivity.seed_threshold": (0.5, {"connectivity_seed_set"}),
    "connectivity.min_seed_coverage": (0.2, {"cohort_seed_coverage", "connectivity_voxel"}),
    "connectivity.voxel_size": (4, {"cohort_assemble", "connectivity_voxel"}),
    "seeds.0.sphere": ([0, 0, 0, 9], {"connectivity_seed_set"}),
    "seeds.1.mask": ("data/other.nii", {"connectivity_seed_set"}),
    "seeds.2.image": ("data/other.nii", {"connectivity_seed_set"}),
    "seeds.2.volumes": ([1], {"connectivity_seed_set"}),
    "jobs.images_per_job": (1, _SCANS),
}
IMAGES_CONFIG = {
    "study": "images",
    "stages": ["cohort", "connectivity"],
    "cohort": {"format": "bids", "root": "data"},
    "cleaning": {"strategy": "none", "scrub": {"fd": 0.5}},
    "atlas": {"name": "Mine", "labels": "data/labels.tsv", "image": "data/atlas.nii"},
    "seeds": [
        {"name": "BALL", "sphere": [0, 0, 0, 8]},
        {"name": "BOX", "mask": "data/mask.nii"},
        {"name": "MAP", "image": "data/map.nii", "volumes": [0]},
    ],
    "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC"}},
}
IMAGES_FILES = [
    "data/participants.tsv",
    *(f"data/{file}.nii" for file in ("atlas", "mask", "map", "other")),
    "data/labels.tsv",
    *(
        f"{folder}/sub-{i}/ses-1/func/sub-{i}_ses-1_task-rest_res-2_{bold}"
        for folder in ("data/derivatives/fmriprep", "copy")
        for i in (1, 2)
        for bold in (_BOLD, _BOLD.replace("MNI152NLin2009cAsym", "MNI6"))
    ),
]

SHEET = {
    "cohort.scans": ("data/scans.tsv", _SCANS),
    "cohort.mask": ("data/mask.nii", {"cohort_images"}),
}
SHEET_CONFIG = IMAGES_CONFIG | {"study": "sheet", "cohort": {"format": "table", "participants": "data/sheet.tsv"}}
SHEET_FILES = {
    "data/sheet.tsv": "participant_id\tgroup\tbold\na\tPAT\ta.nii\nb\tHC\tb.nii\n",
    "data/scans.tsv": "participant_id\tbold\na\tc.nii\nb\td.nii\n",
    **dict.fromkeys([*(f"data/{f}.nii" for f in ("atlas", "mask", "map", "other", *"abcd")), "data/labels.tsv"], ""),
}

SIMULATED_IMAGES = {
    "cohort.simulated_scans.sites": ({"A": [3, 3]}, {"simulate_dataset", "simulate_scans"}),
    "cohort.simulated_scans.voxel_size": (6, {"simulate_dataset", "simulate_anatomy"}),
    "cohort.simulated_scans.effect": (0, {"simulate_dataset", "simulate_scans"}),
    **{
        f"cohort.simulated_scans.planted.{name}": (1.5, {"simulate_dataset", "simulate_scans"})
        for name in ("precuneus", "temporal", "orbital", "cingulate", "frontal")
    },
    "cohort.simulated_scans.sessions": (["1"], {"simulate_dataset", "simulate_scans"}),
}
SIMULATED_IMAGES_CONFIG = {
    "study": "scans",
    "stages": ["cohort"],
    "cohort": {"format": "simulated-bids", "simulated_scans": {"sites": {"A": [2, 3]}}},
    "atlas": "DK83",
    "contrasts": {"MDDvsHC": {"case": "MDD", "control": "HC"}},
}

VOXELS = {
    "group.voxel.connectivity": (26, {"group_voxel_comparison"}),
    "group.voxel.cluster_p": (0.01, {"group_voxel_comparison"}),
    "group.voxel.draws": ("tail", {"group_voxel"}),
    "group.voxel.until": (30, {"group_voxel"}),
    "group.voxel.peaks": (2, {"group_voxel"}),
    "group.voxel.peak_distance": (30, {"group_voxel"}),
    "group.voxel.margin": (0.4, {"group_voxel"}),
    "permutations.voxels": (300, {"group_voxel_permute"}),
    "permutations.voxel_sites": (200, {"sites_voxel"}),
    "jobs.voxel_permutations_per_shard": (200, {"group_voxel_permute"}),
}
VOXELS_CONFIG = IMAGES_CONFIG | {"study": "voxels", "stages": ["group", "sites"]}

_SHEETS = {"cohort_longitudinal", "cohort_sessions"}
_CHANGE = {"response_change", "response_groups"}
TREATMENT = {
    "cohort.session_table": (
        "data/other_sessions.tsv",
        {"cohort_longitudinal", "cohort_series", "cohort_session_series"},
    ),
    "cohort.outcome_table": ("data/other_outcomes.tsv", _SHEETS),
    "cohort.timepoints": (["pre", "post", "later", "last"], _SHEETS),
    "response.outcomes.HAMD.instrument": ("madrs", _SHEETS),
    # only a report says it, and this study has none
    "response.outcomes.HAMD.label": ("points", set()),
    "response.outcomes.HAMD.better": ("higher", {"cohort_sessions"}),
    "response.outcomes.HAMD.floor": (2, {"cohort_sessions"}),
    "response.outcomes.HAMD.responder": (0.4, {"cohort_sessions"}),
    "response.outcomes.HAMD.remission": (8, {"cohort_sessions"}),
    "response.changes.drug.groups": (None, _CHANGE),
    "response.changes.drug.groups.variable": ("sex", _CHANGE),
    "response.changes.drug.groups.levels": (["B", "A"], _CHANGE),
    "response.changes.one.groups.outcome": ("MADRS", _CHANGE),
    "response.changes.one.groups.timepoint": ("later", _CHANGE),
    "response.changes.one.groups.measure": ("remission", _CHANGE),
    "response.changes.drug.timepoints": (["pre", "post"], _CHANGE),
    "response.changes.drug.where": ({"sex": "F"}, _CHANGE),
    # numbers of sessions are checked where the sheet is
    "response.changes.drug.covariates": (["age"], _SHEETS),
    "response.changes.drug.covariates_by_time": (["age"], _CHANGE),
    "response.changes.drug.exchange_within": (None, _CHANGE),
    "response.associations.hamd.outcome": ("MADRS", {"response_association"}),
    "response.associations.hamd.measure": ("change", {"response_association"}),
    "response.associations.hamd.connectivity": ("change", {"response_association"}),
    "response.associations.hamd.timepoints": (["later"], {"response_association"}),
    "response.associations.hamd.where": ({"sex": "F"}, {"response_association"}),
    "response.associations.hamd.covariates": (["age"], {"response_association"}),
    "response.associations.hamd.exchange_within": (None, {"response_association"}),
    "response.normalisation.patients.variable": ("sex", {"response_normalisation"}),
    "response.normalisation.patients.case": ("B", {"response_normalisation"}),
    "response.normalisation.patients.control": ("B", {"response_normalisation"}),
    "response.normalisation.patients.margin": (0.3, {"response_normalisation"}),
    "response.normalisation.patients.timepoints": (["pre", "post"], {"response_normalisation"}),
    "response.normalisation.patients.covariates": (["age"], _SHEETS),
    "response.normalisation.patients.exchange_within": (None, {"response_normalisation"}),
    "response.predictions.hamd.outcome": ("MADRS", {"response_participants"}),
    "response.predictions.hamd.timepoint": ("later", {"response_participants"}),
    "response.predictions.hamd.measure": ("remission", {"response_participants"}),
    "response.predictions.hamd.where": ({"sex": "F"}, {"response_participants"}),
    "response.predictions.hamd.clinical": (["age"], {"response_participants"}),
    "response.predictions.hamd.exchange_within": (None, {"response_participants"}),
    "permutations.response": (200, {"response_change", "response_association", "response_normalisation"}),
}
TREATMENT_CONFIG = {
    "study": "treatment",
    "stages": ["response"],
    "cohort": {
        "format": "table",
        "participants": "data/participants.tsv",
        "session_table": "data/sessions.tsv",
        "outcome_table": "data/outcomes.tsv",
        "timepoints": ["pre", "post", "later"],
    },
    "atlas": {"name": "Mine", "labels": "data/labels.tsv"},
    "response": {
        "outcomes": {name: {"responder": 0.5, "remission": 7} for name in ("HAMD", "MADRS")},
        "changes": {
            "drug": {"groups": {"variable": "group", "levels": ["A", "B"]}},
            "one": {"groups": {"outcome": "HAMD", "timepoint": "post"}},
        },
        "associations": {"hamd": {"outcome": "HAMD"}},
        "normalisation": {"patients": {"case": "A", "control": "C", "margin": 0.5}},
        "predictions": {"hamd": {"outcome": "HAMD", "timepoint": "post"}},
    },
    "permutations": {"response": 100, "prediction": 20},
}
_ROWS = "".join(f"{p}\t{t}\t{p}{t}.npy\n" for p in "abc" for t in ("pre", "post", "later"))
TREATMENT_FILES = {
    "data/participants.tsv": "participant_id\tgroup\na\tA\nb\tB\nc\tC\n",
    "data/sessions.tsv": "participant_id\tsession\ttimeseries\n" + _ROWS,
    "data/other_sessions.tsv": "participant_id\tsession\ttimeseries\n" + _ROWS.replace(".npy", "2.npy"),
    **dict.fromkeys(["data/outcomes.tsv", "data/other_outcomes.tsv", "data/labels.tsv"], ""),
    **{f"data/{p}{t}{n}.npy": "" for p in "abc" for t in ("pre", "post", "later") for n in ("", "2")},
}
TREATED = {f"cohort.simulated.{key}": (value, {"simulate"}) for key, value in (
    ("attendance", 0.5), ("change", 1), ("change_regions", ["L_insula"]),
    ("outcome_region", "L_insula"), ("outcome_correlation", 0.1),
)}  # fmt: skip
TREATED_CONFIG = SIMULATED_CONFIG | {
    "study": "treated",
    "cohort": {"format": "simulated", "simulated": {"sites": {"A": [20, 21]}, "sessions": 2}},
}

_SIGNATURES = {"preclinical_signatures", "preclinical_overlaps", "preclinical_bridge"}
ANIMALS = {
    "preclinical.tissues": (
        {"NAc": {"counts": "data/other_counts.tsv", "samples": "data/other_samples.tsv"}},
        {"preclinical_counts"},
    ),
    "preclinical.tissues.NAc.counts": ("data/other_counts.tsv", {"preclinical_counts"}),
    "preclinical.tissues.NAc.samples": ("data/other_samples.tsv", {"preclinical_counts"}),
    "preclinical.group": ("arm", {"preclinical_counts"}),
    "preclinical.covariates": (["batch"], {"preclinical_counts"}),
    "preclinical.order": (["B", "A"], {"preclinical_trajectories"}),
    "preclinical.contrasts.AvsB.case": ("C", {"preclinical_counts"}),
    "preclinical.contrasts.AvsB.control": ("C", {"preclinical_counts"}),
    "preclinical.signatures.own.table": ("data/other_own.tsv", _SIGNATURES),
    **{f"preclinical.signatures.own.{key}": ("another", _SIGNATURES) for key in ("gene", "log2fc", "p", "q")},
    "preclinical.min_count": (5, {"preclinical_counts"}),
    "preclinical.min_samples": (3, {"preclinical_counts"}),
    "preclinical.thresholds.log2fc": (1, {"preclinical_contrasts", "preclinical_signatures"}),
    "preclinical.thresholds.p": (0.01, {"preclinical_contrasts", "preclinical_signatures"}),
    "preclinical.thresholds.q": (0.05, {"preclinical_contrasts", "preclinical_signatures", "preclinical_trajectories"}),
    "preclinical.shrinkage": (False, {"preclinical_contrasts"}),
    "preclinical.responders.tests": ("data/other_tests.tsv", {"preclinical_responders"}),
    "preclinical.responders.steps": ({"FLX": ["2", "3"]}, {"preclinical_responders"}),
    "preclinical.responders.improvement": (10, {"preclinical_responders"}),
    "preclinical.orthologues": ("data/orthologues.tsv", {"preclinical_orthologues"}),
    "preclinical.collection": ("KEGG", {"unpack_resource"}),
    "preclinical.min_size": (20, {"preclinical_bridge"}),
    "preclinical.trajectory_size": (30, {"preclinical_trajectories"}),
    "preclinical.network.genes": (1000, {"preclinical_network"}),
    "preclinical.network.power": (6, {"preclinical_network"}),
    "preclinical.network.min_size": (30, {"preclinical_network"}),
    "permutations.preclinical": (100, {"preclinical_network", "preclinical_overlaps", "preclinical_trajectories"}),
}
ANIMALS_CONFIG = {
    "study": "animals",
    "stages": ["preclinical", "report"],
    "atlas": "DK83",
    "maps": {"own": {"table": "data/map.tsv", "value": "value"}},
    "expression": {"source": "DK83"},
    "preclinical": {
        "tissues": {"NAc": {"counts": "data/counts.tsv", "samples": "data/samples.tsv"}},
        "contrasts": {"AvsB": {"case": "A", "control": "B"}},
        "signatures": {"own": {"table": "data/own.tsv"}},
        "responders": {"tests": "data/tests.tsv", "steps": {"FLX": ["1", "2"]}},
    },
}
ANIMALS_FILES = [
    *(f"data/{o}{f}.tsv" for o in ("", "other_") for f in ("counts", "samples", "own", "tests")),
    *(f"data/{f}.tsv" for f in ("map", "orthologues")),
]
MICE = {f"preclinical.simulated.{key}": (value, {"preclinical_simulate"}) for key, value in (
    ("genes", 2000), ("module_size", 60), ("effect", 0), ("bridge", 0)
)}  # fmt: skip
MICE_CONFIG = {
    "study": "mice",
    "stages": ["preclinical"],
    "atlas": "DK83",
    "expression": {"source": "DK83"},
    "preclinical": {"tissues": "simulated", "contrasts": {"SUSvsCON": {"case": "SUS-W", "control": "CON-W"}}},
}

_VOXEL_RESULTS = {"response_voxel_change", "response_voxel_association", "response_voxel_controls"}
_AGAINST_CONTROLS = {"response_normalisation", "response_voxel_comparison"}
TREATED_IMAGES = {
    "group.voxel.cluster_p": (0.01, {"response_voxel_comparison"}),
    "group.voxel.draws": ("tail", _VOXEL_RESULTS),
    "permutations.voxels": (300, {"response_voxel_permute"}),
    "response.changes.one.covariates_by_time": (["age"], {*_CHANGE, "response_voxel_comparison"}),
    "response.changes.one.where": ({"sex": "F"}, {*_CHANGE, "response_voxel_comparison"}),
    "response.associations.hamd.measure": ("change", {"response_association", "response_voxel_comparison"}),
    "response.normalisation.patients.margin": (0.3, {"response_normalisation", "response_voxel_controls"}),
    "response.normalisation.patients.exchange_within": (None, _AGAINST_CONTROLS),
    "response.normalisation.patients.variable": ("sex", _AGAINST_CONTROLS),
    "permutations.response": (
        *(300, {"response_change", "response_association", "response_normalisation", "response_voxel_normalisation"}),
    ),
    "response.outcomes.HAMD.responder": (0.4, {"cohort_sessions"}),
}
TREATED_IMAGES_CONFIG = {
    "study": "treatedscans",
    "stages": ["response"],
    "cohort": {
        "format": "simulated-bids",
        "simulated_scans": {"sites": {"A": [8, 6]}, "sessions": ["baseline", "day13"]},
    },
    "atlas": "DK83",
    "seeds": ["LLBA"],
    "response": {
        "outcomes": {"HAMD": {"instrument": "hamd", "responder": 0.5}},
        "changes": {"one": {"groups": {"outcome": "HAMD", "timepoint": "day13"}}},
        "associations": {"hamd": {"outcome": "HAMD"}},
        "normalisation": {"patients": {"case": "MDD", "control": "HC", "margin": 0.5}},
    },
    "permutations": {"response": 100, "voxels": 100},
}

THREE_SESSIONS = {"response.changes.course.days": ([0, 2, 9], {"response_voxel_comparison"})}
THREE_SESSIONS_CONFIG = IMAGES_CONFIG | {
    "study": "threesessions",
    "stages": ["response"],
    "cohort": TREATMENT_CONFIG["cohort"],
    "response": {"changes": {"course": {"groups": None, "days": [0, 1, 9]}}},
    "permutations": {"response": 100, "voxels": 100},
}
del THREE_SESSIONS_CONFIG["contrasts"]
THREE_SESSIONS_FILES = TREATMENT_FILES | {
    "data/sessions.tsv": "participant_id\tsession\tbold\n" + _ROWS,
    **dict.fromkeys([f"data/{file}.nii" for file in ("atlas", "mask", "map")], ""),
}

#: a key that stands in names of files, and its wildcard: nobody asks for files of the old name any more
RENAMES = {"cohort.space": "space"}

STUDIES = {
    "small": SMALL,
    "simulated": SIMULATED,
    "release": RELEASE,
    "abide": ABIDE,
    "ready": READY,
    "ahba": AHBA,
    "classes": CLASSES,
    "literature": LITERATURE,
    "prediction": PREDICTION,
    "convergence": CONVERGENCE,
    "norms": NORMS,
    "images": IMAGES,
    "sheet": SHEET,
    "scans": SIMULATED_IMAGES,
    "voxels": VOXELS,
    "treatment": TREATMENT,
    "treated": TREATED,
    "animals": ANIMALS,
    "mice": MICE,
    "treatedscans": TREATED_IMAGES,
    "threesessions": THREE_SESSIONS,
}
CASES = [(study, key) for study, cases in STUDIES.items() for key in cases]


def parts(config: Any, path: str) -> tuple[Any, Any]:
    """The mapping or list that holds a key, and the key in it."""
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in above:
        config = config.setdefault(part, {}) if isinstance(config, dict) else config[part]
    return config, last


def edited(config: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The config with another value of one key."""
    changed = copy.deepcopy(dict(config))
    if key in INSTEAD:
        holder, name = parts(changed, INSTEAD[key])
        del holder[name]
    for path, new in ((key, value), *([ALSO[key]] if key in ALSO else [])):
        holder, name = parts(changed, path)
        holder[name] = new
    return changed


@dataclass(frozen=True)
class Study:
    """All jobs of a study that is up to date, and its plan after each edit."""

    jobs: list[Job]
    plans: dict[str, list[Job]]


def study(project: Project, config: Mapping[str, Any], configs: Mapping[str, Mapping[str, Any]]) -> Study:
    jobs = project.plan("--forceall", "--configfile", project.write_config(config, "base.yaml"))
    return Study(jobs, project.plans({"nothing": config, **configs}))


@pytest.fixture(scope="module")
def studies(finished, tmp_path_factory) -> dict[str, Study]:
    """All plans of this file: of the small study, which was run, and of studies that Snakemake takes for done."""
    config = yaml.safe_load((finished.folder / "study.yaml").read_text())
    for copied, name in (
        ("participants", "same"),
        ("labels", "same_labels"),
        ("map", "same_map"),
        ("expression", "same_expression"),
    ):
        (finished.folder / f"data/{name}.tsv").write_bytes((finished.folder / f"data/{copied}.tsv").read_bytes())
    unused = copy.deepcopy(config)
    for key, value in UNUSED.items():
        unused = edited(unused, key, value)
    made = {
        "small": study(
            finished, config, {key: edited(config, key, v) for key, (v, _) in SMALL.items()} | {"unused": unused}
        )
    }
    for name, config, files in (
        ("simulated", SIMULATED_CONFIG, []),
        ("release", RELEASE_CONFIG, RELEASE_FILES),
        ("abide", ABIDE_CONFIG, []),
        ("ready", READY_CONFIG, READY_FILES),
        ("ahba", AHBA_CONFIG, AHBA_FILES),
        ("classes", CLASSES_CONFIG, CLASSES_FILES),
        ("literature", LITERATURE_CONFIG, LITERATURE_FILES),
        ("prediction", PREDICTION_CONFIG, PREDICTION_FILES),
        ("convergence", CONVERGENCE_CONFIG, CONVERGENCE_FILES),
        ("norms", NORMS_CONFIG, []),
        ("images", IMAGES_CONFIG, IMAGES_FILES),
        ("sheet", SHEET_CONFIG, SHEET_FILES),
        ("scans", SIMULATED_IMAGES_CONFIG, []),
        ("voxels", VOXELS_CONFIG, IMAGES_FILES),
        ("treatment", TREATMENT_CONFIG, TREATMENT_FILES),
        ("treated", TREATED_CONFIG, []),
        ("animals", ANIMALS_CONFIG, ANIMALS_FILES),
        ("mice", MICE_CONFIG, []),
        ("treatedscans", TREATED_IMAGES_CONFIG, []),
        ("threesessions", THREE_SESSIONS_CONFIG, THREE_SESSIONS_FILES),
    ):
        project = Project.make(tmp_path_factory.mktemp(name))
        for file, text in (files if isinstance(files, dict) else dict.fromkeys(files, "")).items():
            (project.folder / file).parent.mkdir(parents=True, exist_ok=True)
            (project.folder / file).write_text(text)
        project.pretend(project.write_config(config), folders=["ROISignals"])
        made[name] = study(project, config, {key: edited(config, key, v) for key, (v, _) in STUDIES[name].items()})
    return made


@pytest.mark.parametrize("name", STUDIES)
def test_a_finished_study_reruns_nothing(studies, name):
    assert studies[name].plans["nothing"] == []


@pytest.mark.parametrize(("name", "key"), CASES)
def test_an_edited_key_reruns_what_uses_it(studies, name, key):
    jobs, reran, expected = studies[name].jobs, studies[name].plans[key], STUDIES[name][key][1]
    if expected == EVERYTHING:
        assert {job.rule for job in jobs} <= {job.rule for job in reran} | SHARED
        return
    assert starts(reran) == set(expected)
    following = followers(reran, reran)
    assert all(job.reason for job in reran if job.rule in expected and job not in following)
    # nothing that stands below is left as it was
    made = {file for job in reran for file in job.output}
    kept = [job for job in jobs if job.output and RENAMES.get(key) not in job.wildcards]
    assert followers([job for job in kept if made.isdisjoint(job.output)], reran) == []


def test_keys_of_another_source_rerun_nothing(studies):
    assert [job.rule for job in studies["small"].plans["unused"]] == ["report_page", "all"]


def keys(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every key of a schema that holds a value: names that the user chooses as <name>, items of lists as <item>."""
    forms = [schema, *schema.get("oneOf", [])]
    inside = [(name, rule) for form in forms for name, rule in form.get("properties", {}).items()]
    for form in forms:
        for name, rule in (("<name>", form.get("additionalProperties")), ("<item>", form.get("items"))):
            if isinstance(rule, dict) and any(key in rule for key in ("properties", "oneOf")):
                inside.append((name, rule))
    if not inside or any(("type" in form and form["type"] != "object") or "enum" in form for form in forms):
        yield path
    for name, rule in inside:
        yield from keys(rule, f"{path}.{name}".removeprefix("."))


def test_every_key_of_the_schema_is_held_here():
    schema = read_schema(CHECKOUT / "config/schemas/config.schema.yaml")
    named = r"^(contrasts|maps|cohort\.select|response\.\w+|preclinical\.(?:tissues|contrasts|signatures))\.\w+"
    held = {re.sub(named, r"\1.<name>", key) for _, key in CASES}
    held = {re.sub(r"\.\d+", ".<item>", key) for key in held}
    assert held == set(keys(schema))
