"""Columns that mean something of their own in the tables of the stage evidence."""

CLAIMS = {
    "comparison": "what the finding is against or goes with",
    "target": "region or network at the other end of the connection",
    "reason": "why this map cannot test it",
    "note": "what a reader of the finding should know",
}
POOLED = {
    "outcome": "what the effects are about: ends of the connection (or region), modality, measure, comparison",
    "effect_size": "effect, higher in the population as positive",
    "se": "its standard error; of the pooled effect Hartung and Knapp's",
    "ci_low": "lower end of the 95 % interval",
    "ci_high": "upper end of the 95 % interval",
    "weight": "share of the study in the pooled effect",
    "tau2": "variance of effects between studies (DerSimonian and Laird)",
    "q_heterogeneity": "Cochran's Q over studies",
    "p_heterogeneity": "its p; null hypothesis: all studies have one effect",
    "note": "what the test of small studies can say",
}
RESPONSE = {
    "map": "group and times, or time of the outcome",
    "ci_low": "lower end of the 95 % interval of the estimate",
    "ci_high": "upper end of the 95 % interval of the estimate",
    "p": "two-sided permutation p of the connection",
}
