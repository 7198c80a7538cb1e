# ComBat by sva. Complete data: sva::ComBat itself. Missing values: sva leaves them out of its regression but divides by
# other numbers of participants than the paper does, so here the standardisation is lm() on each outcome's complete
# cases, and everything after it (moments of the priors, iteration) is sva's own.
suppressPackageStartupMessages(library(sva))

read <- function(name) read.csv(paste0(name, ".csv"))
write <- function(name, values) write.csv(as.data.frame(values), paste0(name, ".csv"), row.names = FALSE, quote = FALSE)

data <- read("combat_input")
outcomes <- grep("^y", names(data), value = TRUE)
keep <- model.matrix(~ group + age, data)
adjusted <- ComBat(t(as.matrix(data[outcomes])), batch = data$site, mod = keep, par.prior = TRUE)
write("combat_sva", t(adjusted))
means <- ComBat(t(as.matrix(data[outcomes])), batch = data$site, mod = keep, par.prior = TRUE, mean.only = TRUE)
write("combat_mean_sva", t(means))

data <- read("combat_missing_input")
y <- as.matrix(data[outcomes])
sites <- sort(unique(data$site))
expected <- standard <- y
spread <- numeric(length(outcomes))
for (j in seq_along(outcomes)) {
  full <- !is.na(y[, j])
  model <- lm(y[full, j] ~ 0 + factor(site, sites) + group + age, data[full, ])
  b <- coef(model)
  share <- as.numeric(table(factor(data$site[full], sites))) / sum(full)
  expected[, j] <- sum(share * b[1:3]) + b["group"] * data$group + b["age"] * data$age
  spread[j] <- sqrt(mean(residuals(model)^2))
  standard[, j] <- (y[, j] - expected[, j]) / spread[j]
}
result <- y
for (s in sites) {
  here <- t(standard[data$site == s, ])
  shift <- rowMeans(here, na.rm = TRUE)
  stretch <- apply(here, 1, var, na.rm = TRUE)
  found <- sva:::it.sol(here, shift, stretch, mean(shift), var(shift), sva:::aprior(stretch), sva:::bprior(stretch))
  clean <- (here - found["g.star", ]) / sqrt(found["d.star", ])
  result[data$site == s, ] <- t(clean * spread) + expected[data$site == s, ]
}
write("combat_missing_sva", result)
