# Areas under ROC curves by pROC: DeLong's interval and paired test, sensitivity along the curve.
suppressPackageStartupMessages(library(pROC))

data <- read.csv("roc_input.csv")
curve <- function(score, rows = TRUE) {
  roc(data$case[rows], data[rows, score], levels = c(0, 1), direction = "<", quiet = TRUE)
}
areas <- do.call(rbind, lapply(c("s1", "s2", "s3"), function(score) {
  do.call(rbind, lapply(c("all", sort(unique(data$site))), function(site) {
    r <- curve(score, if (site == "all") TRUE else data$site == site)
    ci <- ci.auc(r, method = "delong")
    data.frame(
      score = score, site = site, auc = as.numeric(auc(r)), ci_low = ci[1], ci_high = ci[3],
      variance = var(r, method = "delong")
    )
  }))
}))
write.csv(format(areas, digits = 15), "roc_proc.csv", row.names = FALSE, quote = FALSE)

pairs <- list(c("s1", "s2"), c("s1", "s3"), c("s2", "s3"))
tests <- do.call(rbind, lapply(pairs, function(pair) {
  t <- roc.test(curve(pair[1]), curve(pair[2]), method = "delong", paired = TRUE)
  data.frame(a = pair[1], b = pair[2], difference = as.numeric(-diff(t$estimate)), p = t$p.value)
}))
write.csv(format(tests, digits = 15), "roc_paired_proc.csv", row.names = FALSE, quote = FALSE)

fpr <- seq(0, 1, 0.01)
points <- do.call(rbind, lapply(c("s1", "s2", "s3"), function(score) {
  tpr <- coords(curve(score), x = 1 - fpr, input = "specificity", ret = "sensitivity", transpose = FALSE)
  data.frame(score = score, fpr = fpr, tpr = tpr$sensitivity)
}))
write.csv(format(points, digits = 15), "roc_curve_proc.csv", row.names = FALSE, quote = FALSE)
