# Truth for test_preclinical_network.py: WGCNA's signed adjacency and topological overlap of wgcna_input.csv.
# Rscript make_wgcna.R  (R 4.2.2, WGCNA 1.72-1; run in tests/reference)
suppressMessages(library(WGCNA))
input <- as.matrix(read.csv("wgcna_input.csv", row.names = 1))
adjacency <- adjacency(input, type = "signed", power = 14)
overlap <- TOMsimilarity(adjacency, TOMType = "signed", verbose = 0)
rows <- which(upper.tri(adjacency), arr.ind = TRUE)
write.csv(data.frame(
  a = colnames(input)[rows[, 1]], b = colnames(input)[rows[, 2]], adjacency = signif(adjacency[rows], 12), overlap = signif(overlap[rows], 12)
), "wgcna_network.csv", row.names = FALSE)
