"""What the columns of tables mean; written into the sidecars and shown in the report.

Here stand columns that several stages share. Those of one stage stand in `columns.py` of its room: `COLUMNS` what
means the same in all tables, and beside it what single tables pass to `tables.write_table` themselves.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

SHARED = {
    "index": "number of the region in the atlas image",
    "region": "name of the region, the atlas's own",
    "hemisphere": "L, R or B (both or neither)",
    "structure": "cortex, subcortex or cerebellum",
    "x": "centre of the region, MNI mm",
    "y": "centre of the region, MNI mm",
    "z": "centre of the region, MNI mm",
    "n_voxels": "voxels of the region in the atlas image",
    "participant_id": "name of the participant",
    "site": "scanner or centre",
    "group": "diagnosis or arm, as in the sheet",
    "contrast": "name of the contrast; all: excluded from every contrast",
    "reason": "why, all reasons",
    "variable": "what is described",
    "level": "level of a category",
    "n_case": "cases with a value",
    "n_control": "controls with a value",
    "test": "name of the test",
    "statistic": "its statistic",
    "df": "degrees of freedom",
    "effect": "name of the effect size",
    "effect_size": "its value",
    "file": "file that was read",
    "n_timepoints": "time points of the series",
    "n_constant": "regions without signal (constant over time); their connectivity is missing",
    "mean_fd": "mean framewise displacement, mm",
    "session": "label of the session",
    "run": "label of the run",
    "n_kept": "volumes that are left after scrubbing",
    "scrubbed": "share of volumes that are left out",
    "max_fd": "largest framewise displacement, mm",
    "df_left": "degrees of freedom after cleaning, tr(S)^2 / tr(S^2) of its covariance S in white noise",
    "kind": "what the seed is made of: regions, mask, sphere or probability",
    "q_parametric": "p_parametric after Benjamini-Hochberg",
    "beta": "difference of case minus control, adjusted for the covariates (Fisher z)",
    "se": "standard error of beta",
    "t": "beta / se",
    "p": "two-sided permutation p, Freedman-Lane, within the strata of exchange_within; (1+b)/(1+m)",
    "p_error": "Monte-Carlo standard error of p",
    "p_parametric": "two-sided p of t, Student's distribution",
    "q": "p after Benjamini-Hochberg over the family",
    "p_fwe": "family-wise p, permutation of the largest absolute statistic",
    "g": "Hedges g, adjusted for the covariates; positive: more in cases",
    "g_ci_low": "lower end of its 95 % confidence interval",
    "g_ci_high": "upper end of its 95 % confidence interval",
    "note": "why a value is missing",
    "seed": "name of the seed; of an edge, the seed that it belongs to",
    "timepoint": "when it was measured, relative to treatment",
    "unit": "name of the scan",
    "outcome": "name of the outcome",
    "n_genes": "genes measured in the region; of a set, its measured genes; of a variant, those that main has too",
    "n_samples": "AHBA tissue samples assigned to the region",
    "value": "value of the map",
    "n_regions": "regions it rests on",
    "distance": "distance of two regions, mm",
    "null_low": "2.5th percentile of the null maps",
    "null_high": "97.5th percentile of the null maps",
    "gene": "gene symbol",
    "r": "correlation of the map with the gene's expression over regions",
    "p_null": "two-sided p around the mean of the null maps, (1+b)/(1+m)",
    "p_group": "two-sided p of the same score against the maps that relabeled groups give (within the strata of "
    "exchange_within): is it more than chance in who is a case gives? Missing for a map that is not of groups",
    "p_fwe_group": "p_group, family-wise: against the largest distance over the family",
    "q_null": "p_null after Benjamini-Hochberg over the family",
    "null_mean": "mean of the score over null maps",
    "set": "name of the gene set",
    "score": "mean (or mean absolute) correlation of the set's genes with the map",
    "p_coexpression": "two-sided p against random gene sets of the same size and co-expression",
    "n_listed": "genes of the set at q_parametric < .05",
    "z_null": "distance of the score from the null mean in null standard deviations",
    "cluster": "number of the cluster of sets that share genes",
}


@cache
def known() -> dict[str, str]:
    """Columns that mean the same wherever they stand: those that are shared, and those of every room.

    Loaded by name, as choices are: a room below does not import those above, and other words for a column rerun
    nothing.
    """
    rooms = sorted(file.parent.name for file in Path(__file__).parents[1].glob("*/columns.py"))
    found = dict(SHARED)
    for room in rooms:
        found |= getattr(import_module(f"amygene.{room}.columns"), "COLUMNS", {})
    return found
