"""What the methods text cites, and how citations get their numbers."""

from __future__ import annotations

from collections.abc import Iterable

#: key -> reference; a paragraph cites ``[{key}]`` or ``[{key},{key}]``
REFERENCES = {
    "bh": "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300.",
    "fl": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. J Bus Econ Stat 1983;1:292-298.",
    "winkler": "Winkler AM et al. Permutation inference for the general linear model. NeuroImage 2014;92:381-397.",
    "westfall": "Westfall PH, Young SS. Resampling-based multiple testing. New York: Wiley; 1993.",
    "phipson": "Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol 2010;9:39.",
    "combat": "Yu M et al. Statistical harmonization corrects site effects in functional connectivity. Hum Brain Mapp 2018;39:4213-4227.",
    "dl": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188.",
    "hk": "Hartung J, Knapp G. On tests of the overall treatment effect in meta-analysis. Stat Med 2001;20:1771-1782.",
    "hedges": "Hedges LV. Distribution theory for Glass's estimator of effect size. J Educ Stat 1981;6:107-128.",
    "liu": "Liu Y et al. Transcriptional patterns of amygdala functional connectivity in first-episode, drug-naive major depressive disorder. Transl Psychiatry 2024;14:351. doi 10.1038/s41398-024-03062-z.",
    "sklearn": "Pedregosa F et al. Scikit-learn: machine learning in Python. J Mach Learn Res 2011;12:2825-2830.",
    "delong": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver operating characteristic curves. Biometrics 1988;44:837-845.",
    "janes": "Janes H, Pepe MS. Adjusting for covariate effects on classification accuracy using the covariate-adjusted receiver operating characteristic curve. Biometrika 2009;96:371-382.",
    "platt": "Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods. Advances in Large Margin Classifiers 1999:61-74.",
    "haufe": "Haufe S et al. On the interpretation of weight vectors of linear models in multivariate neuroimaging. NeuroImage 2014;87:96-110.",
    "blocks": "Winkler AM et al. Multi-level block permutation. NeuroImage 2015;123:253-268.",
    "lmertest": "Kuznetsova A, Brockhoff PB, Christensen RHB. lmerTest package: tests in linear mixed effects models. J Stat Softw 2017;82(13):1-26.",
    "bonett": "Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and Spearman correlations. Psychometrika 2000;65:23-28.",
    "leucht": "Leucht S et al. Definitions of response and remission in schizophrenia: recommendations for their use and their presentation. Acta Psychiatr Scand Suppl 2009;(438):7-14.",
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
    "dougherty": "Dougherty JD et al. Analytical approaches to RNA profiling data for the identification of genes enriched in specific cells. Nucleic Acids Res 2010;38:4218-4230.",
    "csea": "Xu X et al. Cell type-specific expression analysis to identify putative cellular mechanisms for neurogenetic disorders. J Neurosci 2014;34:1420-1431.",
    "kang": "Kang HJ et al. Spatio-temporal transcriptome of the human brain. Nature 2011;478:483-489.",
    "eickhoff": "Eickhoff SB et al. Activation likelihood estimation meta-analysis revisited. NeuroImage 2012;59:2349-2361.",
    "turkeltaub": "Turkeltaub PE et al. Minimizing within-experiment and within-group effects in activation likelihood estimation meta-analyses. Hum Brain Mapp 2012;33:1-13.",
    "kernel": "Eickhoff SB et al. Coordinate-based activation likelihood estimation meta-analysis of neuroimaging data: a random-effects approach based on empirical estimates of spatial uncertainty. Hum Brain Mapp 2009;30:2907-2926.",
    "lancaster": "Lancaster JL et al. Bias between MNI and Talairach coordinates analyzed using the ICBM-152 brain template. Hum Brain Mapp 2007;28:1194-1205.",
    "power": "Eickhoff SB et al. Behavior, sensitivity, and power of activation likelihood estimation characterized by massive empirical simulation. NeuroImage 2016;137:70-85.",
    "cash": "Cash RFH et al. Altered brain activity in unipolar depression unveiled using connectomics. JAMA Psychiatry 2023;80:246-256.",
    "yeo": "Yeo BTT et al. The organization of the human cerebral cortex estimated by intrinsic functional connectivity. J Neurophysiol 2011;106:1125-1165.",
    "hansen": "Hansen JY et al. Mapping neurotransmitter systems to the structural and functional organization of the human neocortex. Nat Neurosci 2022;25:1569-1581.",
    "macm": "Robinson JL et al. Metaanalytic connectivity modeling: delineating the functional connectivity of the human amygdala. Hum Brain Mapp 2010;31:173-184.",
    "neurosynth": "Yarkoni T et al. Large-scale automated synthesis of human functional neuroimaging data. Nat Methods 2011;8:665-670.",
    "satterthwaite": "Satterthwaite TD et al. An improved framework for confound regression and filtering for control of motion artifact in the preprocessing of resting-state functional connectivity data. NeuroImage 2013;64:240-256.",
    "compcor": "Behzadi Y et al. A component based noise correction method (CompCor) for BOLD and perfusion based fMRI. NeuroImage 2007;37:90-101.",
    "scrubbing": "Power JD et al. Methods to detect, characterize, and remove motion artifact in resting state fMRI. NeuroImage 2014;84:320-341.",
    "lindquist": "Lindquist MA et al. Modular preprocessing pipelines can reintroduce artifacts into fMRI data. Hum Brain Mapp 2019;40:2358-2376.",
    "anatomy": "Eickhoff SB et al. A new SPM toolbox for combining probabilistic cytoarchitectonic maps and functional imaging data. NeuroImage 2005;25:1325-1335.",
    "aal": "Tzourio-Mazoyer N et al. Automated anatomical labeling of activations in SPM. NeuroImage 2002;15:273-289.",
    "tfce": "Smith SM, Nichols TE. Threshold-free cluster enhancement. NeuroImage 2009;44:83-98.",
    "knijnenburg": "Knijnenburg TA et al. Fewer permutations, more accurate P-values. Bioinformatics 2009;25:i161-i168.",
    "tail": "Winkler AM et al. Faster permutation inference in brain imaging. NeuroImage 2016;141:502-516.",
    "besag": "Besag J, Clifford P. Sequential Monte Carlo p-values. Biometrika 1991;78:301-304.",
    "chumbley": "Chumbley J et al. Topological FDR for neuroimaging. NeuroImage 2010;49:3057-3064.",
    "worsley": "Worsley KJ et al. A unified statistical approach for determining significant signals in images of cerebral activation. Hum Brain Mapp 1996;4:58-73.",
    "friston": "Friston KJ et al. Assessing the significance of focal activations using their spatial extent. Hum Brain Mapp 1994;1:210-220.",
    "kiebel": "Kiebel SJ et al. Robust smoothness estimation in statistical parametric maps using standardized residuals from the general linear model. NeuroImage 1999;10:756-766.",
    "kotoula": "Kotoula V et al. Functional MRI markers for treatment-resistant depression: insights and challenges. Prog Brain Res 2023;278:117-148. doi 10.1016/bs.pbr.2023.04.001.",
    "egger": "Egger M et al. Bias in meta-analysis detected by a simple, graphical test. BMJ 1997;315:629-634.",
    "tost": "Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of average bioavailability. J Pharmacokinet Biopharm 1987;15:657-680.",
    "deseq2": "Love MI, Huber W, Anders S. Moderated estimation of fold change and dispersion for RNA-seq data with DESeq2. Genome Biol 2014;15:550.",
    "pydeseq2": "Muzellec B et al. PyDESeq2: a python package for bulk RNA-seq differential expression analysis. Bioinformatics 2023;39:btad547.",
    "apeglm": "Zhu A, Ibrahim JG, Love MI. Heavy-tailed prior distributions for sequence count data. Bioinformatics 2019;35:2084-2092.",
    "superexact": "Wang M, Zhao Y, Zhang B. Efficient test and visualization of multi-set intersections. Sci Rep 2015;5:16923.",
    "rrho": "Plaisier SB et al. Rank-rank hypergeometric overlap: identification of statistically significant overlap between gene-expression signatures. Nucleic Acids Res 2010;38:e169.",
    "wgcna": "Langfelder P, Horvath S. WGCNA: an R package for weighted correlation network analysis. BMC Bioinformatics 2008;9:559.",
    "monti": "Monti S, Tamayo P, Mesirov J, Golub T. Consensus clustering: a resampling-based method for class discovery and visualization of gene expression microarray data. Mach Learn 2003;52:91-118.",
    "leiden": "Traag VA, Waltman L, van Eck NJ. From Louvain to Leiden: guaranteeing well-connected communities. Sci Rep 2019;9:5233.",
    "golden": "Golden SA et al. A standardized protocol for repeated social defeat stress in mice. Nat Protoc 2011;6:1183-1191.",
    "nilearn": "Nilearn contributors. nilearn. doi 10.5281/zenodo.8397156.",
    "snakemake": "Molder F et al. Sustainable data analysis with Snakemake. F1000Research 2021;10:33.",
}


def cited(paragraphs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Number the citations.

    Parameters
    ----------
    paragraphs
        With ``{key}`` where the number of a reference belongs.

    Returns
    -------
    paragraphs, references : lists of str
        References in the order in which they are cited.
    """
    used: list[str] = []

    def numbered(text: str) -> str:
        first, *parts = text.split("{")
        for part in parts:
            key, _, rest = part.partition("}")
            if key not in used:
                used.append(key)
            first += f"{used.index(key) + 1}{rest}"
        return first

    done = [numbered(text) for text in paragraphs]
    return done, [REFERENCES[key] for key in used]
