"""Columns of the tables of the stage response."""

COLUMNS = {
    "model_term": "effect of the model: group x time, time or group",
    "n_participants": "participants that the effect rests on: for group x time and time, those with two sessions",
    "f": "F of the effect against the error of its stratum (between or within participants), type II",
    "df1": "degrees of freedom of the effect",
    "df2": "degrees of freedom of the error",
    "epsilon": "Greenhouse and Geisser's correction of the degrees of freedom",
    "partial_eta2": "share of the variance left in the stratum by the other effects that this one explains",
    "smallest_g": "smallest true effect, in standard deviations, that the sample finds with 80 % power (p < .05)",
    "f_mixed": "F of a model with a random intercept per participant, type III; learns from single sessions too",
    "df2_mixed": "its degrees of freedom of the error (Satterthwaite)",
    "p_mixed": "its p",
    "from": "earlier timepoint",
    "to": "later timepoint",
    "mean": "mean in the group",
    "sd": "standard deviation",
    "mean_ci_low": "lower end of the 95 % confidence interval of the mean",
    "mean_ci_high": "upper end of the 95 % confidence interval of the mean",
    "in_model": "whether the scan is in the model",
    "count": "participants of this level",
    "adjusted_for": "covariates of a partial correlation",
    "r_ci_low": "lower end of the 95 % confidence interval of r",
    "r_ci_high": "upper end of the 95 % confidence interval of r",
    "smallest_r": "smallest true correlation that the sample finds with a power of 80 % (p < .05)",
    "p_equivalence": "p of equivalence, two one-sided tests; null hypothesis: the difference is the margin or more",
    "power_equivalence": "probability that the sample shows equivalence (p_equivalence < .05) where nothing differs",
    "verdict": "what the tests say of the region (see the note)",
    "edges": "edges that were chosen (the first ten)",
    "noise_mean": "mean area of the same procedure with shuffled groups",
    "noise_95": "95th percentile of that",
    "p_noise": "share of shuffled groups that give such an area or a larger one, (1+b)/(1+m)",
    "draw": "number of the relabeling",
}
# what columns mean in single tables that mean something else elsewhere
CHANGE = {
    "p": "permutation p of F: whole participants change places (time: sessions within participants); (1+b)/(1+m)",
    "p_fwe": "family-wise p, permutation of the largest F",
    "p_parametric": "p of F, degrees of freedom times epsilon",
    "beta": "effect in Fisher z, adjusted for the covariates (see the note)",
    "g": "Hedges g of the effect (see the note)",
    "group": "group of the model",
    "df1": "degrees of freedom of the effect",
}
ASSOCIATION = {
    "r": "correlation of connectivity and outcome, given what it is adjusted for",
    "p": "two-sided permutation p, the outcome's residuals change places; (1+b)/(1+m)",
    "n": "participants it rests on",
    "df": "n - 2 - columns of covariates",
}
REPLICATE = {"auc": "area under the ROC curve, in the participants who chose the edges"}
