# Random-effects meta-analysis by metafor: DerSimonian-Laird, Hartung-Knapp.
suppressPackageStartupMessages(library(metafor))

data <- read.csv("meta_input.csv")
rows <- lapply(split(data, data$outcome), function(d) {
  d <- d[!is.na(d$beta), ]
  m <- rma(yi = d$beta, sei = d$se, method = "DL", test = "knha")
  # with DL metafor's I2 is (Q - df) / Q, in percent
  data.frame(
    outcome = d$outcome[1], k = m$k, beta = as.numeric(m$beta), se = m$se, df = m$k - 1, p = m$pval,
    ci_low = m$ci.lb, ci_high = m$ci.ub, tau2 = m$tau2, i2 = m$I2 / 100, q = m$QE, p_q = m$QEp
  )
})
write.csv(do.call(rbind, rows), "meta_metafor.csv", row.names = FALSE, quote = FALSE)
