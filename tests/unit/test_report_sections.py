"""Sentences say what the tables hold, and never more."""

import numpy as np
import pandas as pd

from amygene.report.sections import cohort, enrichment, genes, group, sites

CONTRAST = {"case": "MDD", "control": "HC"}


def roi(t, q):
    n = len(t)
    return pd.DataFrame(
        {
            "region": [f"R{i}" for i in range(n)],
            "t": t,
            "p": np.array(q) / 2,
            "q": q,
            "p_fwe": np.array(q) * 2,
            "g": np.array(t) / 10,
            "g_ci_low": np.array(t) / 10 - 0.1,
            "g_ci_high": np.array(t) / 10 + 0.1,
        }
    )


def test_nothing_found_is_not_called_no_difference():
    words = group.difference(roi([1.0, -1.2], [0.5, 0.4]), CONTRAST, "RAMY")
    assert "no region differs" in words
    assert "not evidence that there is no difference" in words
    assert "R1" in words  # the smallest p is named


def test_directions_are_those_of_t():
    words = group.difference(roi([-5.0, 4.0, 0.1], [0.001, 0.01, 0.9]), CONTRAST, "RAMY")
    less, more = words.index("less connected in MDD with R0"), words.index("more connected in MDD with R1")
    assert less < more
    assert "2 of 3 regions at q < .05, 2 at family-wise p < .05" in words
    assert "R0, g = -0.50 (95 % CI -0.60 to -0.40)" in words


def loso(r, p, full, low=0.5, high=0.9):
    return pd.DataFrame(
        {
            "site": [f"S{i}" for i in range(len(r))],
            "r_with_full": full,
            "r_null_low": low,
            "r_null_high": high,
            "r_heldout_rest": r,
            "p_heldout_rest": p,
            "note": [None if np.isfinite(x) else "one group only: cannot be tested alone" for x in r],
        }
    )


def test_a_negative_correlation_is_no_replication_however_small_its_p():
    words = sites.validation(loso([-0.6, 0.7], [0.001, 0.001], [0.95, 0.7]), "RAMY")
    assert "holds (p < .05) at 1 of 2 sites" in words
    assert "for 1 of 2 sites is what chance alone gives" in words


def test_sites_that_cannot_be_tested_are_said_to():
    assert "one group only" in sites.validation(loso([np.nan], [np.nan], [0.9]), "RAMY")


def genes_table():
    return pd.DataFrame(
        {
            "gene": ["A", "B"],
            "r": [0.5, -0.7],
            "null_mean": [0.0, -0.6],
            "p_null": [0.01, 0.4],
            "q_null": [0.02, 0.4],
            "p_group": [0.2, 0.01],
        }
    )


def test_the_gene_named_is_the_one_furthest_from_its_null_mean_not_from_zero():
    counts = {"n_genes": 2, "genes_q_null": 1, "genes_q_parametric": 2, "null_count_median": 1.0, "p_count": 0.2}
    words = genes.followers(genes_table(), counts, "map-x")
    assert "is A (r = 0.50" in words
    assert "no more than null maps give" in words
    assert (
        "1 of 2 genes follow the map at q < .05 under null maps and 0 of them also when groups are relabeled" in words
    )


def sets_table(q, p_group=np.nan):
    return pd.DataFrame(
        {
            "set": [f"set {i}" for i in range(len(q))],
            "p_null": np.array(q) / 2,
            "q_null": q,
            "p_group": p_group,
            "p_coexpression": 0.01,
            "q_hypergeometric": 0.01,
            "z_null": 3.0,
        }
    )


def test_sets_are_counted_and_the_replicate_is_named_as_such():
    words = enrichment.enriched(sets_table([0.01, 0.2]), "KEGG")
    assert "1 of 2 sets at q < .05, 1 of them also" in words
    assert "hypergeometric replicate gives 2" in words
    assert "none of 2 sets" in enrichment.enriched(sets_table([0.3, 0.2]), "KEGG")
    assert "under null maps: 1 of 2 in KEGG" in enrichment.counted({"KEGG": sets_table([0.01, 0.2])}, "map-x")
    assert "relabeled: 0 of 2 in KEGG" in enrichment.counted({"KEGG": sets_table([0.01, 0.2], 0.3)}, "map-x")


def test_unknown_motion_is_said():
    assert "not known" in cohort.motion(pd.DataFrame({"mean_z_RAMY": [0.1]}), "RAMY")
    fd = np.linspace(0.05, 0.3, 20)
    qc = pd.DataFrame({"mean_fd": fd, "mean_z_RAMY": -fd})
    assert "r = -1.00" in cohort.motion(qc, "RAMY")


def test_regions_without_signal_are_counted():
    qc = pd.DataFrame({"n_constant": [0.0, 11.0, 1.0, 0.0]})
    assert cohort.silent(qc).startswith("2 of 4 participants have regions without signal (at most 11 regions)")
    assert cohort.silent(qc * 0) == "Every region has signal in every participant."


def test_exclusions_of_one_contrast_are_not_counted_as_out():
    participants = pd.DataFrame({"participant_id": ["a", "b"], "site": ["S1", "S2"], "contrast-X": ["case", "control"]})
    excluded = pd.DataFrame({"contrast": ["all", "X"], "step": ["selection", "contrast"], "reason": ["r", "s"]})
    words = cohort.members(participants, excluded, {"X": CONTRAST})
    assert words[0].startswith("2 of 3 participants take part at 2 sites; 1 is excluded (1 at the step selection)")
    assert words[1] == "Contrast X: 1 MDD against 1 HC."
