# Truth for test_preclinical_negative_binomial.py and test_preclinical_contrasts.py: DESeq2 on counts of deseq2_input.csv.
# Rscript make_deseq2.R  (R 4.2.2, DESeq2 1.38.3; run in tests/reference)
suppressMessages(library(DESeq2))
input <- read.csv("deseq2_input.csv", row.names = 1)
group <- factor(sub("_.*", "", colnames(input)), levels = c("A", "B", "C"))
batch <- factor(rep(c("x", "y"), length.out = ncol(input)))
data <- DESeqDataSetFromMatrix(as.matrix(input), data.frame(group, batch), ~ batch + group)
wald <- DESeq(data, quiet = TRUE)
b <- results(wald, contrast = c("group", "B", "A"), independentFiltering = FALSE)
lrt <- nbinomLRT(wald, reduced = ~ batch)
l <- results(lrt, independentFiltering = FALSE, cooksCutoff = FALSE)
vst <- assay(varianceStabilizingTransformation(data, blind = TRUE))
write.csv(data.frame(
  gene = rownames(input), dispersion = dispersions(wald), log2fc = b$log2FoldChange, se = b$lfcSE, stat = b$stat,
  p = b$pvalue, lrt = l$stat, p_lrt = l$pvalue, vst_first = vst[, 1], vst_last = vst[, ncol(vst)]
), "deseq2_tests.csv", row.names = FALSE)
write.csv(data.frame(sample = colnames(input), size_factor = sizeFactors(wald)), "deseq2_size_factors.csv", row.names = FALSE)
