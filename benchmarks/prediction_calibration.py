"""Prediction on simulated studies of the size of Liu 2024: is chance .5, is p uniform, is a difference found, how long?

Run with ``uv run python benchmarks/prediction_calibration.py``; ``--write`` puts the tables into
docs/prediction_calibration.md. A study has 210 cases and 363 controls at four sites and 228 correlated edges with
shifts between sites, covariates and missing values.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import datetime
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from readme import machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from amygene import settings as study_settings
from amygene.models.choices import SITE_EFFECTS
from amygene.prediction.choices import CLASSIFIERS
from amygene.prediction.designs import splits_of
from amygene.prediction.nested import ALL, ON_ALL_DATA, SELECTED, Classifier, Settings, permuted_areas
from amygene.prediction.observed import observe
from amygene.prediction.sample import Sample
from amygene.prediction.tables import Scored
from amygene.stats import roc

SITES = [(44, 68), (26, 54), (66, 36), (74, 205)]
N_EDGES, N_PLANTED, EFFECT, N_RELABELINGS = 228, 10, 0.35, 20
DEFAULTS = study_settings.complete({"study": "any", "cohort": {"format": "none"}, "stages": ["report"], "maps": {"m": {"table": "t"}}},
                                   study_settings.read_schema(ROOT / "config/schemas/config.schema.yaml"))["prediction"]  # fmt: skip
RBF, RIDGE, CHOSEN = Classifier("rbf-svm", ALL), Classifier("ridge", ALL), Classifier("ridge", SELECTED)
REPLICATE = Classifier("rbf-svm", ON_ALL_DATA)
#: measured for p: the others take a hundred times as long, and p rests on no property of the model
TESTED = {"cross-validation": [RIDGE, CHOSEN], "leave-site-out": [RIDGE]}
FITTED = {"cross-validation": [RBF, RIDGE, CHOSEN], "leave-site-out": [RBF, RIDGE], "replicate": [REPLICATE]}


def simulate(number: int, effect: float) -> Sample:
    """One study; `effect` standard deviations are planted in `N_PLANTED` edges."""
    rng = np.random.default_rng([20240501, number])
    sites = np.repeat(np.arange(len(SITES)), [sum(pair) for pair in SITES])
    case = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in SITES])
    n = len(case)
    # edges of one brain are alike: a common part, and more the nearer they are
    place = np.arange(N_EDGES)
    root = np.linalg.cholesky(0.7 * np.exp(-np.abs(place[:, None] - place) / 10) + 0.3)
    age, motion = rng.normal(35, 10, n), rng.gamma(4, 0.03, n)
    edges = rng.standard_normal((n, N_EDGES)) @ root.T + 0.5 * (rng.standard_normal((4, N_EDGES)) @ root.T)[sites]
    edges += 0.02 * (age - 35)[:, None] + 2 * (motion - 0.12)[:, None] * (place % 2)
    edges[:, :: N_EDGES // N_PLANTED] -= effect * case[:, None]
    edges[rng.random(edges.shape) < 0.002] = np.nan
    dummies = (sites[:, None] == np.arange(4)).astype(float)
    return Sample(
        participants=np.array([f"sub-{i}" for i in range(n)]),
        edges=edges,
        seeds=np.array(["LAMY", "RAMY"])[place * 2 // N_EDGES],
        regions=np.array([f"R{j}" for j in place]),
        case=case,
        covariates=np.column_stack([age, rng.integers(0, 2, n), motion, dummies]),
        names=np.array(["age", "sex", "mean_fd", *["site"] * 4]),
        sites=sites,
        site_names=np.array(["A", "B", "C", "D"]),
        strata=sites,
        external=np.zeros(n, dtype=bool),
    )


class Chosen(Settings):
    """Settings that fit the given classifiers and no others."""

    only: list[Classifier]

    def classifiers(self, design: str, sample: Sample) -> list[Classifier]:
        return self.only


def chosen(only: list[Classifier]) -> Chosen:
    """The default settings for some classifiers."""
    names = ("models", "features", "n_selected", "remove_covariates", "grid")
    made = Chosen(
        **{name: DEFAULTS[name] for name in names},
        harmonise=SITE_EFFECTS[DEFAULTS["harmonise"]].place,
        places={name: model.place for name, model in CLASSIFIERS.items()},
        linear=[name for name, model in CLASSIFIERS.items() if model.linear],
    )
    object.__setattr__(made, "only", only)
    return made


def study(number: int, effect: float) -> list[dict[str, object]]:
    """A row per design, variant and classifier of one study: area, interval, p."""
    sample, rows = simulate(number, effect), []
    for design, classifiers in FITTED.items():
        splits = splits_of(design, sample, folds=DEFAULTS["folds"], repeats=1, by_controls=True, seed=number)
        null = {}
        if design in TESTED:
            models = [c.model for c in TESTED[design]]
            null = permuted_areas(sample, splits, chosen(TESTED[design]), design, models, number, 0, N_RELABELINGS)
        found = observe(sample, splits, chosen(classifiers), design)["predictions"]
        for key, part in found.groupby(["design", "unseen_site", "model", "features"], sort=False):
            scored = Scored(part, sample)
            area, low, high = roc.interval(scored.scores, scored.case, scored.sites)
            row = {
                "key": key,
                "auc": area,
                "auc_pooled": roc.area(scored.scores[0], scored.case),
                "covered": low <= 0.5 <= high,
            }
            row["accuracy"] = (scored.called[0] == scored.case).mean()
            if key in null:
                row["p"] = (1 + (null[key] >= area - 1e-9).sum()) / (1 + N_RELABELINGS)
            rows.append(row)
    return rows


def run(studies: int, effect: float, workers: int) -> pd.DataFrame:
    """Means over studies with their standard errors."""
    first = 10_000 if effect else 0
    with ProcessPoolExecutor(workers) as pool:
        table = pd.DataFrame(
            [row for rows in pool.map(study, range(first, first + studies), [effect] * studies) for row in rows]
        )
    lines = []
    for key, part in table.groupby("key", sort=False):
        line = dict(zip(("design", "unseen site", "model", "sees"), key, strict=True))
        line["AUC within sites"] = f"{part['auc'].mean():.3f} ({part['auc'].std() / np.sqrt(studies):.3f})"
        line["AUC, all pairs"] = f"{part['auc_pooled'].mean():.3f} ({part['auc_pooled'].std() / np.sqrt(studies):.3f})"
        line["95th percentile"] = f"{part['auc_pooled'].quantile(0.95):.2f}"
        line["accuracy"] = f"{part['accuracy'].mean():.2f}"
        line["interval holds .5"] = f"{part['covered'].mean():.2f}"
        for bound in (1 / 21, 5 / 21, 10 / 21):
            known = part["p"].notna().all()
            line[f"p <= {bound:.3f}"] = f"{(part['p'] <= bound + 1e-9).mean():.3f}" if known else "-"
        lines.append(line)
    return pd.DataFrame(lines)


def times(relabelings: int = N_RELABELINGS) -> pd.DataFrame:
    """CPU time of 1,000 relabelings, from some of them."""
    sample, lines = simulate(0, 0.0), []
    for design in ("cross-validation", "leave-site-out", "replicate"):
        splits = splits_of(design, sample, folds=DEFAULTS["folds"], repeats=1, by_controls=True, seed=0)
        features = [ON_ALL_DATA] if design == "replicate" else [ALL, SELECTED]
        for classifier in [
            Classifier(m, f) for f in features for m in (["rbf-svm"] if design == "replicate" else DEFAULTS["models"])
        ]:
            start = time.process_time()
            permuted_areas(sample, splits, chosen([classifier]), design, [classifier.model], 0, 0, relabelings)
            seconds = (time.process_time() - start) / relabelings * 1000
            lines.append(
                {
                    "design": design,
                    "model": classifier.model,
                    "sees": classifier.features,
                    "CPU minutes": f"{seconds / 60:.1f}",
                    "_": seconds,
                }
            )
    table = pd.DataFrame(lines)
    total = pd.DataFrame(
        [{"design": "all", "model": "all", "sees": "all", "CPU minutes": f"{table['_'].sum() / 60:.0f}"}]
    )
    return pd.concat([table.drop(columns="_"), total], ignore_index=True)


def markdown(frame: pd.DataFrame) -> str:
    """Markdown of a table."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in frame.to_numpy()])


def main() -> None:
    """Run everything and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=60, help="without a difference; a quarter as many with one")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/prediction_calibration.md")
    options = parser.parse_args()
    text = "\n\n".join(
        [
            "# Calibration of the prediction",
            f"Made on {datetime.date.today()} with `uv run python benchmarks/prediction_calibration.py --studies {options.studies} --write` ({machine()}). Simulated studies of "
            f"the size of Liu 2024: 210 cases, 363 controls, four sites, {N_EDGES} correlated edges; sites have unlike shares of cases and shift the edges, edges follow age "
            "and motion, some values are missing. Default settings, one repeat.",
            "## Nothing planted",
            f"{options.studies} studies; means (standard errors). The area should be .5 within sites, the interval should hold .5 in .95 of the studies, and p (ridge, "
            f"{N_RELABELINGS} relabelings, so its values are multiples of 1/21) should be as often below a bound as the bound says. The replicate chooses edges on everybody "
            "before it splits: what it reports is not chance level. Intervals are too narrow where they hold .5 less often than in .95: DeLong's interval takes the models for given "
            "and does not know that folds share training participants; p, which repeats everything, is the test.",
            markdown(run(options.studies, 0.0, options.workers)),
            "## Planted",
            f"{max(options.studies // 4, 5)} studies in which {N_PLANTED} of the edges are lower in cases by {EFFECT} standard deviations.",
            markdown(run(max(options.studies // 4, 5), EFFECT, options.workers)),
            "## How long 1,000 relabelings take",
            f"One such study, one thread; {N_RELABELINGS} relabelings were measured and scaled to 1,000. Relabelings are dealt to jobs, so N cores take an N-th.",
            markdown(times()),
        ]
    )  # fmt: skip
    print(text)
    if options.write:
        (ROOT / "docs/prediction_calibration.md").write_text(text + "\n")


if __name__ == "__main__":
    main()
