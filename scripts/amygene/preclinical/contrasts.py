"""Differential expression of one tissue by PyDESeq2: every contrast, the likelihood-ratio test, and quality."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.preclinical.negative_binomial import likelihood_ratio_test
from amygene.stats.multiplicity import benjamini_hochberg


@dataclass(frozen=True)
class Model:
    """Fit of PyDESeq2 with one group as the reference.

    Attributes
    ----------
    data
        PyDESeq2's ``DeseqDataSet``, fitted.
    variable, reference
        What the groups are, and the group that coefficients are relative to.
    """

    data: Any
    variable: str
    reference: str


def fit(values: pd.DataFrame, sheet: pd.DataFrame, variable: str, covariates: Sequence[str], reference: str) -> Model:
    """Size factors, dispersions and coefficients (Love et al. 2014; PyDESeq2, Muzellec et al. 2023).

    Dispersions are of the design ``covariates + variable``. Counts that Cook's distance calls outliers are replaced
    in groups of 7 or more, and the gene is fitted again.

    Parameters
    ----------
    values : DataFrame of int, samples x genes
    sheet : DataFrame
        Of the same samples.
    variable, covariates
        Columns of the sheet. A covariate that holds numbers only is a quantity.
    reference
        Value of the variable.
    """
    from pydeseq2.dds import DeseqDataSet

    columns = metadata(sheet, variable, covariates, reference)
    design = "~" + " + ".join([*columns.columns[1:], columns.columns[0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = DeseqDataSet(counts=values, metadata=columns, design=design, inference=_inference(), quiet=True)
        data.deseq2()
    return Model(data, variable, reference)


def metadata(sheet: pd.DataFrame, variable: str, covariates: Sequence[str], reference: str) -> pd.DataFrame:
    """Columns ``group``, ``covariate_0``, ...: names in a formula must be plain."""
    others = [g for g in dict.fromkeys(sheet[variable]) if g != reference]
    columns = {"group": pd.Categorical(sheet[variable], categories=[reference, *others])}
    for i, covariate in enumerate(covariates):
        numbers = pd.to_numeric(sheet[covariate], errors="coerce").to_numpy(dtype=float)
        # scaled, or the fit would not settle
        spread = (numbers - numbers.mean()) / (numbers.std() or 1)
        columns[f"covariate_{i}"] = pd.Categorical(sheet[covariate]) if np.isnan(numbers).any() else spread
    return pd.DataFrame(columns, index=sheet.index)


def _inference() -> Any:
    from pydeseq2.default_inference import DefaultInference

    return DefaultInference(n_cpus=1)


def wald(model: Model, case: str, alpha: float, shrink: bool) -> pd.DataFrame:
    """Case against the model's reference, gene by gene.

    Null hypothesis per gene: its mean is the same in both groups.

    Parameters
    ----------
    alpha : float
        False discovery rate for which genes of low mean are filtered out; their q is missing.
    shrink : bool
        Also shrink log2 fold changes (apeGLM's prior: Zhu et al. 2019, Bioinformatics 35:2084).

    Returns
    -------
    DataFrame
        gene, base_mean, log2fc, se, stat, p, q, log2fc_shrunk. p is missing where Cook's distance tells of an outlier.
    """
    from pydeseq2.ds import DeseqStats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = DeseqStats(
            model.data, contrast=["group", case, model.reference], alpha=alpha, inference=_inference(), quiet=True
        )
        _quiet(stats.summary)
        found = stats.results_df
        table = pd.DataFrame(
            {
                "gene": found.index.astype(str),
                "base_mean": found["baseMean"].to_numpy(),
                "log2fc": found["log2FoldChange"].to_numpy(),
                "se": found["lfcSE"].to_numpy(),
                "stat": found["stat"].to_numpy(),
                "p": found["pvalue"].to_numpy(),
                "q": found["padj"].to_numpy(),
            }
        )
        if shrink:
            _quiet(stats.lfc_shrink, coeff=f"group[T.{case}]")
        table["log2fc_shrunk"] = stats.results_df["log2FoldChange"].to_numpy() if shrink else np.nan
    return table


def _quiet(call: Any, **options: Any) -> None:
    """PyDESeq2 prints whole tables."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        call(**options)


def over_groups(model: Model) -> pd.DataFrame:
    """Likelihood-ratio test over all groups at once, with the covariates in both models.

    Null hypothesis per gene: its mean is the same in all groups.

    Returns
    -------
    DataFrame
        gene, base_mean, dispersion, statistic, p, q. p is missing where Cook's distance tells of an outlier, and
        where a fit did not settle.
    """
    data = model.data
    counts = np.asarray(data.X, dtype=float).copy()
    dispersion = data.var["dispersions"].to_numpy(dtype=float)
    if "refitted" in data.var and data.var["refitted"].any():
        counts[:, data.var["refitted"].to_numpy()] = data.counts_to_refit.X
    design = data.obsm["design_matrix"]
    of_groups = np.array([name.startswith("group[") for name in design.columns])
    full = design.to_numpy(dtype=float)
    usable = np.isfinite(dispersion)
    statistic, p = np.full(len(dispersion), np.nan), np.full(len(dispersion), np.nan)
    settled = np.zeros(len(dispersion), dtype=bool)
    statistic[usable], p[usable], settled[usable] = likelihood_ratio_test(
        counts.T[usable],
        data.obs["size_factors"].to_numpy(dtype=float),
        dispersion[usable],
        full,
        full[:, ~of_groups],
    )
    p[~settled | np.asarray(data.cooks_outlier(), dtype=bool)] = np.nan
    return pd.DataFrame(
        {
            "gene": data.var_names.astype(str),
            "base_mean": data.var["_normed_means"].to_numpy(),
            "dispersion": dispersion,
            "statistic": statistic,
            "p": p,
            "q": benjamini_hochberg(p),
        }
    )


def stabilised(values: pd.DataFrame) -> pd.DataFrame:
    """Variance-stabilised counts, blind to the groups (on the scale of log2), samples x genes."""
    from pydeseq2.dds import DeseqDataSet

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = pd.DataFrame({"all": "a"}, index=values.index)
        data = DeseqDataSet(counts=values, metadata=one, design="~1", inference=_inference(), quiet=True)
        data.vst(use_design=False)
    return pd.DataFrame(data.layers["vst_counts"], index=values.index, columns=values.columns)


def quality(model: Model, sheet: pd.DataFrame, vst: pd.DataFrame, n_genes: int = 500) -> pd.DataFrame:
    """What every sample is like: library size, size factor, outliers, place among the others.

    Parameters
    ----------
    vst : DataFrame, samples x genes
        From `stabilised`.
    n_genes : int
        The most variable genes make the principal components.

    Returns
    -------
    DataFrame
        sample, group, library_size, size_factor, n_detected, n_outliers (genes in which Cook's distance of the sample
        is above its cutoff), median_distance (to the other samples), pc1, pc2, pc1_share, pc2_share.
    """
    from scipy.stats import f

    data = model.data
    n, k = data.obsm["design_matrix"].shape
    counts = np.asarray(data.X, dtype=float)
    variance = vst.to_numpy().var(axis=0)
    top = vst.to_numpy()[:, np.sort(np.argsort(-variance, kind="stable")[:n_genes])]
    centred = top - top.mean(axis=0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    # the sign of a component is arbitrary: its largest loading is made positive
    left = left * np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    apart = distances(vst)
    np.fill_diagonal(apart, np.nan)
    return pd.DataFrame(
        {
            "sample": sheet.index.astype(str),
            "group": sheet[model.variable].to_numpy(),
            "library_size": counts.sum(axis=1).astype(np.int64),
            "size_factor": data.obs["size_factors"].to_numpy(),
            "n_detected": (counts > 0).sum(axis=1),
            "n_outliers": (np.nan_to_num(data.layers["cooks"]) > f.ppf(0.99, k, n - k)).sum(axis=1),
            "median_distance": np.nanmedian(apart, axis=1),
            "pc1": left[:, 0] * size[0],
            "pc2": left[:, 1] * size[1],
            "pc1_share": size[0] ** 2 / (size**2).sum(),
            "pc2_share": size[1] ** 2 / (size**2).sum(),
        }
    )


def distances(vst: pd.DataFrame) -> np.ndarray:
    """Euclidean distance of samples over all genes, shape (n_samples, n_samples)."""
    values = vst.to_numpy() - vst.to_numpy().mean(axis=0)
    product = values @ values.T
    length = np.diag(product)
    return np.sqrt(np.maximum(length[:, None] + length[None] - 2 * product, 0))


def passing(table: pd.DataFrame, thresholds: Mapping[str, float]) -> pd.Series:
    """+1 of a gene that is up, -1 down, 0 neither: beyond all of |log2 fold change|, p and q."""
    beyond = (
        (table["log2fc"].abs() > thresholds["log2fc"]) & (table["p"] < thresholds["p"]) & (table["q"] < thresholds["q"])
    )
    return pd.Series(np.where(beyond, np.sign(table["log2fc"]), 0).astype(int), index=table.index)


def all_contrasts(
    values: pd.DataFrame,
    sheet: pd.DataFrame,
    variable: str,
    covariates: Sequence[str],
    contrasts: Mapping[str, Mapping[str, str]],
    thresholds: Mapping[str, float],
    shrink: bool,
) -> pd.DataFrame:
    """Every contrast; the model is fitted once for each control, which shrinkage is relative to.

    Returns
    -------
    DataFrame
        contrast, the columns of `wald`, direction; contrasts in the order given.
    """
    parts = {}
    for reference in dict.fromkeys(c["control"] for c in contrasts.values()):
        model = fit(values, sheet, variable, covariates, reference)
        for name, contrast in contrasts.items():
            if contrast["control"] == reference:
                parts[name] = wald(model, contrast["case"], thresholds["q"], shrink)
                parts[name]["direction"] = passing(parts[name], thresholds)
    return (
        pd.concat({name: parts[name] for name in contrasts}, names=["contrast"]).reset_index(0).reset_index(drop=True)
    )
