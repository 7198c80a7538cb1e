"""Columns of the tables of the stage sites."""

COLUMNS = {
    "r_with_full": "correlation of the T-map without the site with the T-map of everybody (replicate, optimistic)",
    "r_null_low": "2.5th percentile of r_with_full when groups are relabeled within sites",
    "r_null_high": "97.5th percentile of r_with_full when groups are relabeled within sites",
    "r_heldout_rest": "correlation of the T-map of the site alone with the T-map of the rest",
    "p_heldout_rest": "two-sided permutation p of r_heldout_rest, groups relabeled at the site",
    "tau2": "variance of the difference between sites (DerSimonian and Laird)",
    "i2": "share of the variance of the sites' estimates that is between sites",
    "q_heterogeneity": "Cochran's Q over sites",
    "p_heterogeneity": "its p; null hypothesis: all sites have one difference",
}
