# Groups measured several times: strata by aov, epsilon by afex, random intercept by lmerTest.
suppressPackageStartupMessages({library(afex); library(lmerTest)})
options(contrasts = c("contr.sum", "contr.poly"), digits = 17)

data <- read.csv("repeated_input.csv")
data$age <- data$age - 35
for (v in c("participant", "group", "time")) data[[v]] <- factor(data[[v]])
counts <- table(data$participant)
complete <- data[data$participant %in% names(counts)[counts == 3], ]
two <- droplevels(complete[complete$time != "1", ])
outcomes <- paste0("y", 1:5)

# term by term, every effect adjusted for those before it; products come after the effects they are made of
models <- list(
  two = list(data = two, terms = "time + group + group:time"),
  three = list(data = complete, terms = "time + group + group:time"),
  missing = list(data = data, terms = "time + group + group:time"),
  covariates = list(data = data, terms = "age + fd + time + group + group:time"),
  by_time = list(data = data, terms = "age + fd + time + age:time + group + group:time")
)
strata <- do.call(rbind, lapply(names(models), function(name) {
  m <- models[[name]]
  do.call(rbind, lapply(outcomes, function(y) {
    fit <- summary(aov(as.formula(paste(y, "~", m$terms, "+ Error(participant)")), data = m$data))
    pick <- function(stratum, term) {
      table <- fit[[paste("Error:", stratum)]][[1]]
      at <- which(trimws(rownames(table)) == term)
      data.frame(model = name, outcome = y, term = term, f = table[at, "F value"], df1 = table[at, "Df"],
                 df2 = table["Residuals", "Df"], p = table[at, "Pr(>F)"])
    }
    interaction <- intersect(c("group:time", "time:group"), trimws(rownames(fit[["Error: Within"]][[1]])))
    rows <- rbind(
      pick("participant", "group"),
      pick("Within", interaction)
    )
    rows$term[2] <- "group x time"
    if (name != "by_time") rows <- rbind(rows, pick("Within", "time"))
    rows
  }))
}))
write.csv(format(strata, digits = 15), "repeated_aov.csv", row.names = FALSE, quote = FALSE)

epsilon <- do.call(rbind, lapply(outcomes, function(y) {
  fit <- suppressMessages(suppressWarnings(aov_ez("participant", y, complete, between = "group", within = "time", type = 2)))
  s <- suppressWarnings(summary(fit))
  data.frame(outcome = y, term = c("time", "group x time"), epsilon = s$pval.adjustments[, "GG eps"],
             p = s$pval.adjustments[, "Pr(>F[GG])"])
}))
write.csv(format(epsilon, digits = 15), "repeated_afex.csv", row.names = FALSE, quote = FALSE)

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, rhobeg = 1e-2))
mixed <- do.call(rbind, lapply(c("two", "missing", "covariates"), function(name) {
  m <- models[[name]]
  do.call(rbind, lapply(outcomes, function(y) {
    fit <- suppressMessages(lmer(as.formula(paste(y, "~", m$terms, "+ (1 | participant)")), data = m$data, control = control))
    a <- anova(fit, type = 3, ddf = "Satterthwaite")
    v <- as.data.frame(VarCorr(fit))$vcov
    terms <- sub("time:group|group:time", "group x time", rownames(a))
    data.frame(model = name, outcome = y, term = terms, f = a[, "F value"], df1 = a$NumDF, df2 = a$DenDF,
               p = a[, "Pr(>F)"], tau2 = v[1], sigma2 = v[2])
  }))
}))
write.csv(format(mixed, digits = 15), "repeated_lmertest.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "lme4", format(packageVersion("lme4")), "lmerTest", format(packageVersion("lmerTest")), "afex",
    format(packageVersion("afex")), "\n")
