"""Published effect sizes pooled: random-effects meta-analysis, heterogeneity, small studies."""

from __future__ import annotations

import numpy as np
import pandas as pd

from amygene.stats.random_effects import pool

#: fewest studies that are pooled, and from how many on the test of small studies says much (Sterne et al. 2011)
MIN_STUDIES, MANY = 2, 10
_STUDIES = ["outcome", "study", "effect_size", "se", "ci_low", "ci_high", "weight"]
_POOLED = [
    "outcome", "k", "effect_size", "se", "ci_low", "ci_high", "p_pooled", "prediction_low", "prediction_high", "tau2",
    "i2", "q_heterogeneity", "p_heterogeneity", "egger_intercept", "egger_se", "p_egger", "note",
]  # fmt: skip


def standard_errors(findings: pd.DataFrame) -> np.ndarray:
    """Standard errors: as given, or from the 95 % interval of a normal estimate."""
    from_interval = (findings["ci_high"] - findings["ci_low"]) / (2 * 1.959963984540054)
    return findings["se"].where(findings["se"] > 0, from_interval).to_numpy(dtype=float)


def outcomes(findings: pd.DataFrame) -> pd.Series:
    """What the effect of each finding is about, in words; the two ends of a connection in one order."""
    ends = [
        sorted(
            " ".join(word for word in (row[side], row[name]) if word) for name, side in _ENDS if row[name] is not None
        )
        for _, row in findings.iterrows()
    ]
    table = findings.assign(end=[e[0] for e in ends], other_end=[e[1] if len(e) > 1 else None for e in ends])
    words = []
    for _, row in table.iterrows():
        place = " – ".join(e for e in (row["end"], row["other_end"]) if e)
        about = ", ".join(str(row[c]) for c in ("modality", "measure", "condition", "effect") if row[c] is not None)
        words.append(f"{place}, {about}, {row['comparison']}")
    return pd.Series(words, index=findings.index, dtype=object)


_ENDS = (("region", "side"), ("target", "target_side"))


def pool_findings(findings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pool the effect sizes of findings about the same thing.

    Random effects (`stats.random_effects.pool`): variance between studies by DerSimonian & Laird 1986, standard error
    and interval of Hartung & Knapp 2001 with t on k - 1 degrees of freedom; 95 % prediction interval with t on k - 2
    (Higgins et al. 2009, J R Stat Soc A 172:137); Cochran's Q and I2. Small studies: Egger's regression of effect / se
    on 1 / se, whose intercept is 0 if effects do not depend on the size of studies (Egger et al. 1997, BMJ 315:629).

    Several findings of one study about the same thing are not independent: their effects are averaged, with the largest
    of their errors, before pooling.

    Returns
    -------
    pooled, studies : DataFrames
        A row per outcome with two or more studies, and a row per outcome and study; empty without effect sizes.
    """
    own = findings[findings["effect_size"].notna()]
    if own.empty:
        return pd.DataFrame(columns=_POOLED), pd.DataFrame(columns=_STUDIES)
    own = own.assign(error=standard_errors(own), outcome=outcomes(own))
    pooled, studies = [], []
    for outcome, rows in own.groupby("outcome", sort=False):
        one = rows.groupby("study", sort=False).agg(effect_size=("effect_size", "mean"), se=("error", "max"))
        found = pool_one(one["effect_size"].to_numpy(), one["se"].to_numpy())
        if len(one) >= MIN_STUDIES:
            pooled.append({"outcome": outcome, **found})
        reach = 1.959963984540054 * one["se"]
        one = one.assign(
            outcome=outcome,
            ci_low=one["effect_size"] - reach,
            ci_high=one["effect_size"] + reach,
            weight=found["weight"],
        )
        studies.append(one.reset_index()[_STUDIES])
    table = pd.DataFrame(pooled, columns=_POOLED)
    return table, pd.concat(studies, ignore_index=True)


def pool_one(effect: np.ndarray, se: np.ndarray) -> dict[str, object]:
    """Pool the effects of independent studies; see `pool_findings`.

    Parameters
    ----------
    effect, se : arrays of shape (k,)
    """
    k = len(effect)
    if k < MIN_STUDIES:
        return {"k": k, "weight": np.full(k, np.nan)}
    from scipy import stats

    fit = pool(effect[:, None], se[:, None])
    mean, error, tau2 = (float(x[0]) for x in (fit.beta, fit.se, fit.tau2))
    reach = stats.t.ppf(0.975, k - 1) * error
    wide = stats.t.ppf(0.975, k - 2) * np.sqrt(tau2 + error**2) if k > 2 else np.nan
    weight = 1 / (se**2 + tau2)
    found: dict[str, object] = {
        "k": k,
        "effect_size": mean,
        "se": error,
        "ci_low": mean - reach,
        "ci_high": mean + reach,
        "p_pooled": 2 * stats.t.sf(abs(mean / error), k - 1) if error > 0 else np.nan,
        "prediction_low": mean - wide,
        "prediction_high": mean + wide,
        "tau2": tau2,
        "i2": float(fit.i2[0]),
        "q_heterogeneity": float(fit.q[0]),
        "p_heterogeneity": float(fit.p_q[0]),
        "weight": weight / weight.sum(),
    }
    if k >= 3 and np.ptp(se) > 1e-6 * se.max():
        egger = stats.linregress(1 / se, effect / se)
        t = egger.intercept / egger.intercept_stderr
        found |= {
            "egger_intercept": egger.intercept,
            "egger_se": egger.intercept_stderr,
            "p_egger": 2 * stats.t.sf(abs(t), k - 2),
        }
        found["note"] = f"fewer than {MANY} studies: the test of small studies has little power" if k < MANY else ""
    else:
        found |= dict.fromkeys(("egger_intercept", "egger_se", "p_egger"), np.nan)
        found["note"] = "too few studies, or all of one size: no test of small studies"
    return found
