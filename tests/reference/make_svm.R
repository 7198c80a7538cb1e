# Support vector machines by e1071 (libsvm): decision values of the test part, and what pROC makes of them.
# Features are standardised in the training part with the population's standard deviation, as scikit-learn does (R's
# scale() takes the sample's), and divided by the root of their number, so that a participant's mean squared length is
# 1; e1071 is told not to scale again. With e1071's own defaults the same gamma is gamma / ncol(x).
suppressPackageStartupMessages({
  library(e1071)
  library(pROC)
})

data <- read.csv("svm_input.csv")
x <- as.matrix(data[, grep("^y", names(data))])
train <- data$train == 1
centre <- colMeans(x[train, ])
spread <- sqrt(colMeans(sweep(x[train, ], 2, centre)^2))
z <- sweep(sweep(x, 2, centre), 2, spread, "/") / sqrt(ncol(x))
y <- factor(data$case, levels = c(1, 0))

fit <- function(kernel, cost, gamma) {
  model <- svm(z[train, ], y[train], kernel = kernel, cost = cost, gamma = gamma, scale = FALSE, tolerance = 1e-9)
  values <- attr(predict(model, z[!train, ], decision.values = TRUE), "decision.values")
  sign <- if (colnames(values)[1] == "1/0") 1 else -1
  sign * values[, 1]
}
settings <- rbind(
  expand.grid(kernel = "radial", cost = c(1, 10, 100), gamma = c(0.1, 0.3, 1)),
  expand.grid(kernel = "linear", cost = c(0.1, 1, 10), gamma = 1)
)
rows <- lapply(seq_len(nrow(settings)), function(i) {
  s <- settings[i, ]
  values <- fit(as.character(s$kernel), s$cost, s$gamma)
  area <- as.numeric(auc(roc(data$case[!train], values, levels = c(0, 1), direction = "<", quiet = TRUE)))
  accuracy <- mean((values > 0) == (data$case[!train] == 1))
  data.frame(s, row = which(!train), decision = values, auc = area, accuracy = accuracy)
})
write.csv(format(do.call(rbind, rows), digits = 15), "svm_e1071.csv", row.names = FALSE, quote = FALSE)
