"""Columns of the tables of the stage preclinical, table by table."""

_GENE = {
    "gene": "gene, as the counts name it",
    "contrast": "name of the contrast",
    "base_mean": "mean of counts over samples, each divided by its size factor",
    "p": "two-sided p; missing where Cook's distance tells of an outlier",
    "tissue": "name of the tissue",
}
TISSUES = {
    "tissue": "name of the tissue",
    "n_samples": "samples that take part",
    "left_out": "samples that do not, and why",
    "n_genes": "genes in the counts",
    "n_tested": "genes with enough counts, which are tested",
    "n_orthologues": "of these, genes with a one-to-one human orthologue",
    "lost": "share of the tested genes without one",
}
SIGNATURES = {
    "signature": "name of the ready signature",
    "n_genes": "genes of its table",
    "n_up": "of these, genes that are up beyond the thresholds",
    "n_down": "of these, genes that are down beyond the thresholds",
    "n_orthologues": "genes with a one-to-one human orthologue",
    "lost": "share of its genes without one",
}
ORTHOLOGUES = {
    "mouse_id": "mouse gene, Ensembl's id",
    "mouse": "mouse gene, symbol",
    "human": "its one-to-one human orthologue, symbol",
}
BEHAVIOUR = {
    "animal": "name of the animal",
    "susceptible": "whether its ratio in the first test is below 1",
}
RESPONDERS = {
    "step": "treatment",
    "n_animals": "animals with both tests",
    "n_responders": "animals whose ratio rose by more than the threshold",
    "share": "share of responders",
    "share_low": "lower end of its exact 95 % interval",
    "share_high": "upper end of its exact 95 % interval",
}
DIFFERENTIAL = _GENE | {
    "log2fc": "log2 fold change, case against control",
    "se": "its standard error",
    "stat": "Wald's statistic",
    "q": "p after Benjamini-Hochberg over the genes that pass independent filtering; missing in the others",
    "log2fc_shrunk": "log2 fold change, shrunk towards 0",
    "direction": "1 up, -1 down beyond all thresholds, else 0",
}
OVER_GROUPS = _GENE | {
    "dispersion": "dispersion of the negative binomial, in both models",
    "statistic": "twice the difference of the log-likelihoods with and without groups",
    "q": "p after Benjamini-Hochberg over the genes of the table",
}
SAMPLES = {
    "sample": "name of the sample",
    "library_size": "sum of its counts",
    "size_factor": "what its counts are divided by",
    "n_detected": "genes with a count",
    "n_outliers": "genes in which Cook's distance of the sample is above the 99th percentile of its F distribution",
    "median_distance": "median distance to the other samples, over all variance-stabilised genes",
    "pc1": "first principal component of the 500 most variable genes",
    "pc2": "second principal component",
    "pc1_share": "share of variance of the first",
    "pc2_share": "share of variance of the second",
}
TRAJECTORIES = {
    "gene": "gene that differs over groups (likelihood-ratio test)",
    "cluster": "number of the cluster, the largest is 1; 0 belongs to none that is large enough",
    "silhouette": "how much nearer the gene is to its own cluster than to the next, -1 to 1",
    "stability": "how often it is together with the other genes of its cluster when 80 % of the genes are drawn",
    "stability_animals": "the same when the animals of every group are drawn with replacement",
}
ONTOLOGY = {
    "contrast": "name of the contrast",
    "direction": "up or down",
    "n_genes": "genes of the set among the orthologues of the tested genes, the background",
    "n_listed": "of these, genes that are up or down",
    "expected": "number expected by chance",
    "p_hypergeometric": "one-sided p of the hypergeometric test",
    "q_hypergeometric": "p after Benjamini-Hochberg over the sets, for each contrast and direction",
}
MODULES = {
    "module": "name of the module; M1.2 lies in M1",
    "level": "depth, 1 are the modules of the whole network",
    "parent": "module that it lies in",
    "n_genes": "genes of the module",
    "n_hubs": "genes with q_hub < .05",
    "hubs": "the strongest of them",
}
MEMBERS = MODULES | {
    "gene": "gene, as the counts name it",
    "strength": "sum of its ties inside the module (topological overlap)",
    "p_hub": "p of its strength when the module's ties are shuffled over its pairs of genes; never 0",
    "q_hub": "p_hub after Benjamini-Hochberg over the module",
}
MODULE_ENRICHMENT = {
    "module": "name of the module",
    "contrast": "name of the contrast",
    "n_genes": "genes of the module",
    "n_up": "of these, genes that are up",
    "n_down": "of these, genes that are down",
    "p_up": "one-sided p of the hypergeometric test of n_up, the network's genes as background",
    "q_up": "p_up after Benjamini-Hochberg over modules, contrasts and directions",
    "p_down": "the same of n_down",
    "q_down": "the same of n_down",
    "direction": "the direction that is enriched at q < .05, else neither",
}
OVERLAPS = {
    "kind": "what overlaps: up or down genes of contrasts against one control, or of tissues in a contrast",
    "sets": "contrasts or tissues",
    "n_sets": "how many",
    "n_background": "genes that are tested for all of them",
    "smallest": "genes of the smallest set",
    "n_shared": "genes in all of them",
    "only": "of these, genes in no other set of the same kind",
    "expected": "number expected by chance",
    "fold": "shared over expected",
    "p": "one-sided exact p that independent random sets share at least as many",
    "q": "p after Benjamini-Hochberg over the rows of the same kind",
}
EXCLUSIVE = {
    "kind": "what overlaps",
    "sets": "sets that hold the genes",
    "n_sets": "how many",
    "n_genes": "genes in exactly these sets",
}
RANK_RANK = {
    "one": "first ranking, tissue and contrast",
    "other": "second ranking",
    "n_genes": "genes that both rank",
    "rho": "Spearman's correlation of the rankings",
    "largest": "largest |z| of the number of genes that two tops share, with its sign",
    "p": "share of random orders of the genes whose largest |z| reaches it; never 0",
    "q": "p after Benjamini-Hochberg over the table",
}
BRIDGE = {
    "signature": "contrast, ready signature or module",
    "tissue": "tissue that it is from",
    "kind": "up, down or module: mean r of the genes; up-down: mean r of the up genes minus that of the down genes, "
    "halved; signed: all genes, weighted by their statistic around its mean",
    "n_genes": "genes of the signature",
    "n_orthologues": "of these, genes with a one-to-one human orthologue",
    "n_measured": "of these, genes whose orthologue is measured in the map's regions",
    "lost": "share of the signature's genes that are not",
    "score": "weighted mean correlation of its genes with the map",
    "p_null": "two-sided p of the score under null maps; never 0",
    "q_null": "p_null after Benjamini-Hochberg over all signatures of the table",
    "p_fwe": "family-wise p over all signatures of the table",
    "p_coexpression": "two-sided p against random genes of the same number and co-expression; of signed, against its "
    "weights on random genes that are as co-expressed",
    "coexpression": "of up, down and module: mean correlation of pairs of its genes over regions of the human brain",
    "coexpression_random": "the same of its random genes; where it is lower, p_coexpression is too small",
    "p_animals": "two-sided p of the score when the animals of the contrast's two groups are relabeled; never 0",
    "reason": "why a signature is not tested",
    "reason_animals": "why it has no p_animals, or one that cannot be small",
}
