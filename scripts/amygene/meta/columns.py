"""Columns of the tables of the stage meta."""

COLUMNS = {
    "experiment": "name of the experiment (of several of one sample, the sample's)",
    "sample": "whose brains these are; experiments of one sample count as one",
    "n_subjects": "people of the experiment; of merged experiments the mean, rounded down",
    "space": "space in which the coordinates were reported, MNI or TAL",
    "comparison": "main analysis",
    "subgroup": "subgroup of experiments; all: everybody",
    "n_experiments": "experiments, one per sample",
    "n_foci": "foci of the experiments",
    "n_foci_inside": "foci of the experiment within the cluster",
    "share": "share (%) of the cluster's ALE values that is lost without the experiments",
    "annotation": "annotation of the experiments",
    "category": "its category; several of one sample are joined by +",
    "volume": "volume, mm3",
    "peak_x": "voxel with the largest ALE value, MNI mm",
    "peak_y": "voxel with the largest ALE value, MNI mm",
    "peak_z": "voxel with the largest ALE value, MNI mm",
    "peak_ale": "its ALE value",
    "peak_z_value": "z of its one-sided p, not corrected",
    "centre_x": "median of the voxels' coordinates, MNI mm",
    "centre_y": "median of the voxels' coordinates, MNI mm",
    "centre_z": "median of the voxels' coordinates, MNI mm",
    "aal": "regions of AAL that the cluster lies in, with its share in each",
    "juelich": "areas of the Juelich atlas that the cluster lies in, with its share in each",
    "n_significant": "clusters with family-wise p < .05",
    "places": "where they are: AAL region, centre, size",
    "n_draws": "sets of random foci; fewer than wanted where more could not have made a cluster significant",
    "n_shared": "voxels shared with the cluster of all experiments",
    "connectivity": "mean connectivity with the foci (or seed): over foci, then over experiments by sample size",
    "z_value": "z of the two-tailed p, with the sign of the side; positive: more connected than random foci",
    "connectivity_unweighted": "the same with all experiments alike",
    "z_value_unweighted": "the same with all experiments alike",
    "p_unweighted": "the same with all experiments alike",
    "q_unweighted": "the same with all experiments alike",
    "network": "canonical network",
    "target": "target of transcranial magnetic stimulation",
    "distance_peak": "distance of the target to the cluster's peak, mm",
    "distance_centre": "distance of the target to the cluster's centre, mm",
    "distance_edge": "distance of the target to the cluster's nearest voxel, mm",
    "circuit": "seed whose connectivity this is: a target or a cluster",
    "map": "map of the run",
    "other": "the other map",
    "receptor": "receptor or transporter",
    "density": "median over the cluster's voxels, scaled to 0..1 over regions",
    "seed_cluster": "significant cluster that the studies report",
    "term": "term in abstracts",
    "n_studies": "studies about it",
    "n_active": "those of them with a focus within the cluster",
    "likelihood_ratio": "P(active | term) / P(active)",
}
# what columns mean in single tables that mean something else elsewhere
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
