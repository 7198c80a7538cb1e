"""What columns mean in tables of this stage that mean something else elsewhere."""

FOCI = {
    **dict.fromkeys("xyz", "focus in MNI space, mm"),
    **dict.fromkeys(("x_reported", "y_reported", "z_reported"), "as published, in the space reported, mm"),
    "experiment": "name of the experiment",
    "used": "whether the focus is sound and takes part",
    "reason": "why it does not",
}
NETWORK = {
    "p": "two-tailed p against random foci, as many per experiment, anywhere in the regions; never 0",
    "q": "p after Benjamini-Hochberg over the rows of the table",
    "null_mean": "mean of random foci",
    "null_low": "2.5th percentile of random foci",
    "null_high": "97.5th percentile of random foci",
}
CLUSTERS = {
    "cluster": "number of the cluster, the largest is 1",
    "p_fwe": "family-wise p of the cluster's size: share of sets of random foci with one at least as large; never 0",
    "p_error": "Monte-Carlo standard error of p_fwe",
    "reason": "why the analysis was not made",
    "n_voxels": "voxels of the cluster",
    "peak_z_value": "z of the peak's one-sided p, not corrected",
}
TARGETS = CLUSTERS | {
    "x": "place of the target, MNI mm",
    "y": "place of the target, MNI mm",
    "z": "place of the target, MNI mm",
    "region": "nearest region of the connectome within 10 mm",
    "distance": "distance to it, mm",
}
UNMAPPED = {
    "x": "focus, MNI mm",
    "y": "focus, MNI mm",
    "z": "focus, MNI mm",
    "distance": "distance to the nearest region, mm",
}
RECEPTORS = CLUSTERS | {
    "n_voxels": "voxels of the cluster in regions with a density",
    "null_mean": "mean of surrogates of the receptor's map (of null maps of the map)",
    "null_low": "2.5th percentile of surrogates",
    "null_high": "97.5th percentile of surrogates",
    "p_null": "two-sided p around the null mean, (1+b)/(1+m)",
    "q_null": "p_null after Benjamini-Hochberg over the receptors",
}
SIMILARITY = {
    "r": "correlation of the two maps over regions",
    "q_null": "p_null after Benjamini-Hochberg over all pairs",
}
DECODING = CLUSTERS | {
    "p": "one-sided binomial p of P(active | term) against P(active)",
    "q": "p after Benjamini-Hochberg over the terms",
}
