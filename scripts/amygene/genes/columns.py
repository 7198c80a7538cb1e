"""Columns of the tables of the stage genes."""

COLUMNS = {
    "used": "whether the region enters the analysis of genes",
    "measure": "what is compared: mean, moran_i (Moran's I) or variogram",
    "observed": "value of the map",
    "null_median": "median of the null maps",
    "weight": "weight of the gene in the first component, unit length",
    "z_bootstrap": "weight over its bootstrap standard error",
    "genes": "real expression, or simulated maps",
    "shift": "difference between structures: none, moderate (1 SD) or strong (2 SD)",
    "null": "what p rests on",
    "rate": "share of p < .05 when map and gene are unrelated",
    "error": "standard error of the rate",
    "component": "number of the component",
    "explained": "share of the map's variance that the component explains",
    "variant": "choice in processing expression that differs from the main analysis",
    "rho_with_main": "Spearman's correlation, over genes, of r under the variant with r of the main analysis",
    "rms_difference": "root mean square over genes of the difference between the two r",
    "n_sign_changes": "genes whose r has the other sign",
}
