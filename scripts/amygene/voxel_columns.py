"""What columns mean in tables of clusters of voxels that mean something else elsewhere."""

OF_CLUSTERS = {
    **dict.fromkeys("xyz", "position of the peak, MNI mm"),
    "cluster": "number of the cluster among those formed alike, the largest first",
    "n_voxels": "size of the cluster",
    "volume": "size of the cluster, mm3",
    **dict.fromkeys(("centre_x", "centre_y", "centre_z"), "centre of the cluster weighted by |t|, MNI mm"),
}
