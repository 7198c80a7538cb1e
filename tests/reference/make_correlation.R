# Correlations by R: Pearson, Spearman, and partial ones from residuals of lm (of ranks for Spearman, as in ppcor).
options(digits = 17)
data <- read.csv("correlation_input.csv")
sets <- list(none = character(), dose = "dose", both = c("dose", "age"))
rows <- do.call(rbind, lapply(paste0("x", 1:4), function(x) {
  do.call(rbind, lapply(names(sets), function(set) {
    do.call(rbind, lapply(c("pearson", "spearman"), function(kind) {
      d <- data[, c(x, "outcome", sets[[set]])]
      if (kind == "spearman") d[] <- lapply(d, rank)
      residual <- function(v) resid(lm(reformulate(c("1", sets[[set]]), v), data = d))
      r <- cor(residual(x), residual("outcome"))
      df <- nrow(d) - 2 - length(sets[[set]])
      full <- summary(lm(reformulate(c(x, sets[[set]]), "outcome"), data = d))
      plain <- cor.test(data[[x]], data$outcome)
      data.frame(column = x, covariates = set, kind = kind, r = r, df = df, p = full$coefficients[x, "Pr(>|t|)"],
                 ci_low = if (set == "none" && kind == "pearson") plain$conf.int[1] else NA,
                 ci_high = if (set == "none" && kind == "pearson") plain$conf.int[2] else NA)
    }))
  }))
}))
write.csv(rows, "correlation_r.csv", row.names = FALSE, quote = FALSE)
