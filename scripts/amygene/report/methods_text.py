"""The methods section of a study, written from the settings that were used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REFERENCES = {
    "bh": "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300.",
    "fl": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. J Bus Econ Stat 1983;1:292-298.",
    "winkler": "Winkler AM et al. Permutation inference for the general linear model. NeuroImage 2014;92:381-397.",
    "phipson": "Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol 2010;9:39.",
    "combat": "Yu M et al. Statistical harmonization corrects site effects in functional connectivity. Hum Brain Mapp 2018;39:4213-4227.",
    "dl": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188.",
    "hk": "Hartung J, Knapp G. On tests of the overall treatment effect in meta-analysis. Stat Med 2001;20:1771-1782.",
    "hedges": "Hedges LV. Distribution theory for Glass's estimator of effect size. J Educ Stat 1981;6:107-128.",
    "liu": "Liu Y et al. Transcriptional patterns of amygdala functional connectivity in first-episode, drug-naive major depressive disorder. Transl Psychiatry 2024;14:351. doi 10.1038/s41398-024-03062-z.",
    "ahba": "Hawrylycz MJ et al. An anatomically comprehensive atlas of the adult human brain transcriptome. Nature 2012;489:391-399.",
    "abagen": "Markello RD et al. Standardizing workflows in imaging transcriptomics with the abagen toolbox. eLife 2021;10:e72129.",
    "moran": "Wagner HH, Dray S. Generating spatially constrained null models using Moran spectral randomization. Methods Ecol Evol 2015;6:1169-1178.",
    "variogram": "Burt JB et al. Generative modeling of brain maps with spatial autocorrelation. NeuroImage 2020;220:117038.",
    "spin": "Alexander-Bloch AF et al. On testing for spatial correspondence between maps of human brain structure and function. NeuroImage 2018;178:540-551.",
    "fulcher": "Fulcher BD, Arnatkeviciute A, Fornito A. Overcoming false-positive gene-category enrichment in the analysis of spatially resolved transcriptomic brain atlas data. Nat Commun 2021;12:2669.",
    "wei": "Wei Y et al. Statistical testing in transcriptomic-neuroimaging studies. Hum Brain Mapp 2022;43:885-901.",
    "gsea": "Subramanian A et al. Gene set enrichment analysis. Proc Natl Acad Sci USA 2005;102:15545-15550.",
    "pls": "Abdi H, Williams LJ. Partial least squares methods. Methods Mol Biol 2013;930:549-579.",
    "metascape": "Zhou Y et al. Metascape provides a biologist-oriented resource. Nat Commun 2019;10:1523.",
    "nilearn": "Nilearn contributors. nilearn. doi 10.5281/zenodo.8397156.",
    "snakemake": "Molder F et al. Sustainable data analysis with Snakemake. F1000Research 2021;10:33.",
}

_SITE_EFFECTS = {
    "covariate": "Every site had an intercept of its own.",
    "none": "Sites were not modelled.",
    "combat": "Connectivity was first harmonised across sites with ComBat, which kept group and covariates [{combat}].",
    "random-effects": "The difference was estimated at every site and pooled with random effects [{dl}], standard errors after Hartung and Knapp [{hk}].",
}
_MULTIVERSE = (
    "; correlations were compared with those after leaving each donor out, using the left hemisphere only, mirroring samples, keeping stable genes "
    "only, and normalising genes within structures"
)
_NULLS = {
    "moran": "Moran spectral randomisation [{moran}], which keeps the map's mean, variance and autocorrelation",
    "variogram": "surrogates whose variogram follows the map's [{variogram}] (structures with fewer than ten regions: Moran spectral randomisation [{moran}])",
    "spin": "rotations of the cortex [{spin}]; other structures were left out",
}


def methods(
    config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]], versions: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Paragraphs and references.

    Parameters
    ----------
    config
        The study's complete settings.
    models
        Contrast -> settings of its model.
    versions
        Of packages.

    Returns
    -------
    paragraphs, references : lists of str
        References in the order in which they are cited.
    """
    used: list[str] = []

    def cite(text: str) -> str:
        """Replace ``{key}`` by the number of the reference."""
        parts = text.split("{")
        out = parts[0]
        for part in parts[1:]:
            key, _, rest = part.partition("}")
            if key not in used:
                used.append(key)
            out += f"{used.index(key) + 1}{rest}"
        return out

    stages = set(config["stages"])
    atlas = config["atlas"] if isinstance(config["atlas"], str) else config["atlas"]["name"]
    seeds = [s if isinstance(s, str) else s["name"] for s in config["seeds"]]
    draws = config["permutations"]
    paragraphs = []
    if models:
        paragraphs.append(
            f"Connectivity. For every participant the mean series of each seed ({', '.join(seeds)}) was correlated (Pearson) with the series of every "
            f"other region of the atlas {atlas}, and correlations were Fisher z-transformed. Regions whose series did not vary (no coverage) are missing "
            "in that participant; every region rests on the participants in whom it is known."
        )
    for name, model in models.items():
        contrast = config["contrasts"][name]
        covariates = [c for c in model["covariates"] if c != "site"]
        strata = f"within the levels of {model['exchange_within']}" if model["exchange_within"] else "freely"
        family = "the regions of one seed" if config["group"]["family"] == "seed" else "the regions of all seeds"
        paragraphs.append(
            f"Group difference {name}. {contrast['case']} were compared with {contrast['control']} in a linear model per region"
            + (f" with {', '.join(covariates)} as covariates. " if covariates else ". ")
            + cite(_SITE_EFFECTS[model["site_effects"]])
            + cite(
                f" Two-sided p-values rest on {draws['group']} permutations of the residuals of the reduced model [{{fl}},{{winkler}}], exchanged {strata}, as "
                f"(1 + b) / (1 + m) [{{phipson}}]. False discovery rates [{{bh}}] and family-wise p (largest absolute t) are over {family}. Effects are "
                "Hedges g [{hedges}] with exact 95 % confidence intervals."
            )
        )
    if models and "sites" in stages:
        paragraphs.append(
            cite(
                "Validation at held-out sites. Each site was left out in turn. The T-map of the site alone was correlated with the T-map of the rest; the "
                f"groups were relabelled {draws['sites']} times at the site for its two-sided p. As in [{{liu}}], the T-map without the site was also correlated "
                "with the T-map of everybody; since the two share most participants, it is shown with the band it has when groups are relabelled within all "
                "sites. Site-wise estimates were pooled with random effects [{dl},{hk}]; heterogeneity is Cochran's Q and I²."
            )
        )
    if stages & {"genes", "enrichment"} and config["expression"].get("source"):
        source = config["expression"]["source"]
        text = {
            "DK83": "the matrix of 83 Desikan-Killiany regions that imaging-transcriptomics publishes, made from the Allen Human Brain Atlas [{ahba}]",
            "abagen": "microarray data of the Allen Human Brain Atlas [{ahba}] processed with abagen [{abagen}] ("
            + _abagen_options(config["expression"])
            + ")"
            + _MULTIVERSE * config["expression"]["multiverse"],
            "table": "a matrix supplied by the authors",
        }[source]
        correlation = config["genes"]["correlation"].capitalize()
        paragraphs.append(
            cite(
                f"Genes. Expression was {text}. Each map was correlated ({correlation}) with every gene over the regions in which both are known. P-values are two-sided "
                f"around the mean of {draws['null_maps']} null maps, made separately in cortex, subcortex and cerebellum by {_NULLS[config['genes']['nulls']]}, so that "
                "differences between structures do not count as association. False discovery rates [{bh}] and family-wise p are over all genes. The number of genes at "
                "a parametric false discovery rate of .05 was compared with the same number under every null map. Partial least squares [{pls}] is a second view."
            )
        )
    if "enrichment" in stages and config["expression"].get("source"):
        limits = config["enrichment"]
        names = [c if isinstance(c, str) else c["name"] for c in limits["collections"]]
        score = "mean correlation" if limits["score"] == "mean_r" else "mean absolute correlation"
        replicate = " and gene set enrichment analysis [{gsea}]" if limits["gsea"] else ""
        paragraphs.append(
            cite(
                f"Gene sets. The score of a set ({', '.join(names)}; {limits['min_size']} to {limits['max_size']} measured genes) is the {score} of its genes with the map. It was "
                "tested against the same null maps [{fulcher}], and beside that against "
                f"{limits['random_sets']} random sets of the same size and co-expression [{{wei}}]. False discovery rates are over each collection. Over-representation of the "
                f"parametric gene list among the measured genes (hypergeometric){replicate} is shown as a replicate only: it takes genes and regions for independent. "
                "Significant sets were clustered by shared genes (kappa at least .3 [{metascape}])."
            )
        )
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    paragraphs.append(
        cite(
            f"Software. {listed}; workflow by Snakemake [{{snakemake}}], brain pictures by nilearn [{{nilearn}}]. Seed of all random draws: {config['seed']}."
        )
    )
    return paragraphs, [REFERENCES[key] for key in used]


def _abagen_options(expression: Mapping[str, Any]) -> str:
    donors = "" if "all" in expression["donors"] else f"donors {', '.join(map(str, expression['donors']))}, "
    probes = "reannotated probes" if expression["reannotated"] else "probes as annotated"
    parts = [
        f"{donors}{probes}, intensity filter {expression['ibf_threshold']}, probe selection {expression['probe_selection']}, samples within "
        f"{expression['tolerance']} mm of a region"
    ]
    if expression["lr_mirror"]:
        parts.append(f"samples mirrored {expression['lr_mirror']}")
    within = " within cortex, subcortex and cerebellum" if expression["norm_structures"] else ""
    parts.append(
        f"samples normalised by {expression['sample_norm'] or 'nothing'} and genes by {expression['gene_norm'] or 'nothing'}{within}"
    )
    if expression["missing"]:
        parts.append(f"regions without samples filled by {expression['missing']}")
    if expression["stability"] > -1:
        parts.append(f"genes with a differential stability of at least {expression['stability']}")
    return ", ".join(parts)
