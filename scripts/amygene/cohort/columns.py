"""Columns of the tables of the stage cohort."""

COLUMNS = {
    "step": "first step that the participant fails: phenotype, series, selection or contrast",
    "case_mean": "mean in cases",
    "case_sd": "standard deviation in cases",
    "control_mean": "mean in controls",
    "control_sd": "standard deviation in controls",
    "case_count": "cases of this level",
    "control_count": "controls of this level",
    "sha256": "hash of the file",
    "planted": "planted difference, case minus control, Fisher z",
    "lowered": "whether the region is one whose connectivity was lowered by name",
    "connection": "name of the planted connection",
    "radius": "radius of the sphere it ends in, mm",
    "differs": "in whom the connection differs: patients, responders, or responders by change",
    "baseline": "value of the instrument at baseline",
    "change": "value minus baseline",
    "reduction": "reduction rate: improvement as a share of the baseline (above the instrument's floor)",
    "responder": "1 where the reduction rate reaches the config's threshold, else 0",
    "remission": "1 where the value reaches the config's limit, else 0",
}
