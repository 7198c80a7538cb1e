# Specificity index and pSI by the authors' own function, specificity.index of R package pSI 1.0 (CRAN, Xu, Wells,
# OBrien, Nehorai, Dougherty), run in R 4.2.2: Rscript make_specificity.R PATH/pSI/R/specificity.index.R
# p_max = 1 keeps p of all genes but the last; 200 draws. fisher.test (stats) gives the exact tests.
source(commandArgs(TRUE)[1])
data <- read.csv("specificity_input.csv", row.names = 1)
index <- specificity.index(data, bts = 2, e_min = 0.3, SI = TRUE)
set.seed(1)
p <- specificity.index(data, bts = 200, p_max = 1, e_min = 0.3)
rows <- expand.grid(gene = rownames(data), class = names(data), stringsAsFactors = FALSE)
rows$index <- unlist(index)
rows$p <- unlist(p)
write.csv(format(rows, digits = 15), "specificity_psi.csv", row.names = FALSE, quote = FALSE)

listed <- rownames(data) %in% paste0("G", c(1:12, 31:40))
tests <- expand.grid(class = names(data), threshold = c(0.2, 0.05), stringsAsFactors = FALSE)
tests$p <- mapply(function(class, threshold) {
  specific <- !is.na(index[[class]]) & !is.na(p[[class]]) & p[[class]] < threshold
  fisher.test(table(factor(specific, c(TRUE, FALSE)), factor(listed, c(TRUE, FALSE))), alternative = "greater")$p.value
}, tests$class, tests$threshold)
write.csv(format(tests, digits = 15), "specificity_fisher.csv", row.names = FALSE, quote = FALSE)
