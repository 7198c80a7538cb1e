"""Columns of the tables of the stage enrichment."""

COLUMNS = {
    "q_coexpression": "p_coexpression after Benjamini-Hochberg over the collection",
    "coexpression": "mean correlation of the pairs of the set's genes",
    "coexpression_random": "the same of its random sets: what could be matched",
    "p_hypergeometric": "replicate: over-representation among genes at q_parametric < .05",
    "q_hypergeometric": "p_hypergeometric after Benjamini-Hochberg over the collection",
    "stage": "stage of development",
    "n_donors": "people they are of",
    "n_ranked": "genes expressed in the class, among which folds are ranked",
    "threshold": "genes with pSI below it are specific to the class",
    "odds_ratio": "odds of being listed, specific genes over others",
    "p_fisher": "replicate: one-sided p of Fisher's exact test",
    "q_fisher": "p_fisher after Benjamini-Hochberg over the classes of one threshold",
    "representative": "the cluster's set with the smallest p",
    "es": "enrichment score",
    "nes": "normalised enrichment score",
    "p_gsea": "nominal p of gene set enrichment analysis (replicate)",
    "q_gsea": "its false discovery rate",
}
# what columns mean in single tables that mean something else elsewhere
FISHER = {
    "n_genes": "genes of the background that are specific to the class at the threshold",
    "n_listed": "those of them at q_parametric < .05",
}
