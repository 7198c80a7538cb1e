"""What columns mean in tables of clusters of voxels that mean something else elsewhere."""

OF_CLUSTERS = {
    **dict.fromkeys("xyz", "position of the peak, MNI mm"),
    "cluster": "number of the cluster among those formed alike, the largest first",
    "n_voxels": "size of the cluster",
    "volume": "size of the cluster, mm3",
    "n_tests": "tests that p_fwe, p_tfce, p_size and p_mass are over: pairs of sessions, their trend, pairs of groups",
    "region": "where the peak is, after the cluster's number",
    "n_equivalent": "voxels of the cluster whose own p of equivalence is below .05",
    **dict.fromkeys(("centre_x", "centre_y", "centre_z"), "centre of the cluster weighted by |t|, MNI mm"),
}
