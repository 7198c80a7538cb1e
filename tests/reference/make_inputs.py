"""Write the small data sets that the other programs are run on (numpy of the main environment)."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def write(name: str, table: pd.DataFrame) -> None:
    """Write a table with all digits of a double."""
    table.to_csv(HERE / f"{name}.csv", index=False, na_rep="NA", lineterminator="\n")


def combat() -> None:
    """40 participants at three sites that differ in mean and spread, 20 outcomes; the same with missing values."""
    rng = np.random.default_rng(20240501)
    site = np.repeat([1, 2, 3], [12, 10, 18])
    group = rng.permutation(np.arange(40) % 2)
    age = rng.normal(35, 10, 40).round(1)
    shift = rng.normal(0, 0.5, (3, 20)) + np.array([0.4, -0.3, 0.0])[:, None]
    stretch = rng.uniform(0.6, 1.6, (3, 20))
    signal = np.outer(group, rng.normal(0, 0.3, 20)) + np.outer(age - 35, rng.normal(0, 0.02, 20))
    values = 0.4 + signal + shift[site - 1] + stretch[site - 1] * rng.normal(0, 0.4, (40, 20))
    design = pd.DataFrame({"site": site, "group": group, "age": age})
    names = [f"y{j:02d}" for j in range(1, 21)]
    write("combat_input", pd.concat([design, pd.DataFrame(values, columns=names)], axis=1))
    values[rng.random(values.shape) < 0.06] = np.nan
    write("combat_missing_input", pd.concat([design, pd.DataFrame(values, columns=names)], axis=1))


def meta() -> None:
    """Estimates of six sites for ten outcomes: homogeneous and heterogeneous ones, some missing."""
    rng = np.random.default_rng(20240502)
    se = rng.uniform(0.08, 0.4, (10, 6))
    tau = np.repeat([0.0, 0.5], 5)[:, None]
    beta = 0.2 + tau * rng.standard_normal((10, 6)) + se * rng.standard_normal((10, 6))
    beta[0] = 0.2 + 0.1 * (beta[0] - 0.2)  # closer together than their errors: no variance between sites
    beta[3, 2] = beta[8, 0] = beta[8, 4] = np.nan
    beta[9, :4] = np.nan  # two sites are left
    rows = [(o + 1, s + 1, beta[o, s], se[o, s]) for o in range(10) for s in range(6)]
    write("meta_input", pd.DataFrame(rows, columns=["outcome", "site", "beta", "se"]))


def hedges() -> None:
    """Two groups of unlike size, five outcomes."""
    rng = np.random.default_rng(20240503)
    case = np.repeat([1, 0], [14, 23])
    values = rng.normal(0, 1, (37, 5)) + np.outer(case, [0.0, 0.5, -0.8, 1.5, 3.0])
    write("hedges_input", pd.DataFrame({"case": case, **{f"y{j}": values[:, j] for j in range(5)}}))


def space() -> None:
    """30 regions with centres (mm) and a map."""
    rng = np.random.default_rng(20240504)
    xyz = rng.uniform(-60, 60, (30, 3)).round(2)
    value = 0.02 * xyz[:, 1] + np.sin(xyz[:, 0] / 25) + rng.normal(0, 0.3, 30)
    write("space_input", pd.DataFrame({"x": xyz[:, 0], "y": xyz[:, 1], "z": xyz[:, 2], "value": value}))


def roc() -> None:
    """70 participants at three sites, three scores of unlike worth, one of them with ties."""
    rng = np.random.default_rng(20240505)
    case = rng.permutation(np.repeat([1, 0], [28, 42]))
    site = rng.integers(1, 4, 70)
    common = rng.normal(0, 1, 70)
    s1 = 0.9 * case + common + rng.normal(0, 0.7, 70) + 0.5 * site
    s2 = 0.5 * case + common + rng.normal(0, 0.7, 70)
    s3 = (0.6 * case + rng.normal(0, 1, 70)).round(0)
    write("roc_input", pd.DataFrame({"case": case, "site": site, "s1": s1, "s2": s2, "s3": s3}))


def svm() -> None:
    """90 participants, 12 features, 60 of them to train on."""
    rng = np.random.default_rng(20240506)
    case = rng.permutation(np.repeat([1, 0], [34, 56]))
    values = rng.normal(0, 1, (90, 12)) * rng.uniform(0.5, 3, 12) + np.outer(case, rng.normal(0, 0.8, 12))
    design = pd.DataFrame({"case": case, "train": (np.arange(90) < 60).astype(int)})
    write("svm_input", pd.concat([design, pd.DataFrame(values, columns=[f"y{j:02d}" for j in range(1, 13)])], axis=1))


def repeated() -> None:
    """34 participants in two groups at three times, five outcomes; some sessions were missed.

    Age is known once, motion at every session. Outcome y4 has no variance between participants; y5 was planted with an
    interaction.
    """
    rng = np.random.default_rng(20240507)
    rows = []
    for i in range(34):
        group, age = int(i >= 18), round(float(rng.normal(35, 9)), 1)
        tau = rng.normal(0, [0.3, 0.2, 0.1, 0, 0.3])
        # numbers 0 to 19 come to all sessions
        for time in range(3):
            noise = rng.normal(0, 0.2, 5)
            if i % 17 > 9 and rng.random() < 0.35:
                continue
            fd = round(float(np.exp(rng.normal(-2.2, 0.4))), 4)
            y = 0.4 + tau + noise + 0.8 * (fd - 0.12) + 0.01 * (age - 35)
            y[4] += 0.25 * group * time
            rows.append({"participant": f"s{i:02d}", "group": group, "time": time, "age": age, "fd": fd})
            rows[-1] |= {f"y{j}": value for j, value in enumerate(y, 1)}
    write("repeated_input", pd.DataFrame(rows))


def correlation() -> None:
    """45 participants: outcome with ties, dose, age and four columns."""
    rng = np.random.default_rng(20240508)
    dose, age = rng.gamma(2, 1, 45).round(2), rng.normal(35, 9, 45).round(0)
    outcome = (20 + 3 * dose + 0.2 * age + rng.normal(0, 5, 45)).round(0)
    columns = {
        f"x{j}": w * outcome / 10 + 0.2 * dose + rng.normal(0, 0.7, 45) for j, w in enumerate((0, 0.5, -1, 2), 1)
    }
    write("correlation_input", pd.DataFrame({"outcome": outcome, "dose": dose, "age": age, **columns}))


def specificity() -> None:
    """120 genes in six classes: 16 specific ones, zeros, genes below the smallest expression, equal rows."""
    rng = np.random.default_rng(14)
    values = rng.lognormal(1, 1.2, (120, 6)).round(3)
    values[:10, 0] *= 12
    values[30:36, 3] *= 8
    values[50:56, 2] = 0
    values[60:64] = 0.1
    values[70, 4] = 0.3
    values[80] = values[81]
    table = pd.DataFrame(values.round(3), columns=list("ABCDEF"))
    table.insert(0, "gene", [f"G{i}" for i in range(1, 121)])
    write("specificity_input", table)


if __name__ == "__main__":
    combat()
    meta()
    hedges()
    space()
    roc()
    svm()
    repeated()
    correlation()
    specificity()
