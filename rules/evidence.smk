# Evidence: does this study agree with published findings?
# Reads  tables of findings (config/evidence/, or one's own), what regions of the atlas they are about, group maps and
#        the maps of relabeled groups, maps of treatment
# Writes results/{study}/evidence/atlas-{atlas}_findings.tsv (every finding, and where it lies in the atlas),
#        contrast-{contrast}_atlas-{atlas}_claims.tsv (every finding of connectivity: tested, or the reason why not),
#        ..._agreement.tsv (how many agree, under relabeling), {treatment}_atlas-{atlas}_claims.tsv (of change with
#        treatment and of response), pooled.tsv, studies.tsv (effect sizes pooled, where tables hold some)

EVIDENCE = config["evidence"]
HAS_EVIDENCE = "evidence" in config["stages"]
FINDINGS = [given_or_shipped(table) for table in EVIDENCE["tables"]]
FINDINGS_SCHEMA = shipped("config/schemas/evidence.schema.yaml")
PLACES = given_or_shipped(EVIDENCE["regions"])
# contrast -> what findings are against, if they are held against it
STANDS_FOR = {name: EVIDENCE["contrasts"].get(name, "controls") for name in CONTRASTS}
# analyses of treatment whose maps findings can be held against; an association must be of connectivity before
# treatment with an outcome of which more is better
BETTER = ("reduction", "responder", "remission")
TREATMENT_MAPS = [f"change-{change}" for change in CHANGES] + [
    f"association-{name}"
    for name, one in ASSOCIATIONS.items()
    if one["measure"] in BETTER and one["connectivity"] == "baseline"
]


def has_effects(file):
    """Whether a table of findings has a column of effect sizes; one that is not there is told about by its job."""
    if not os.path.isfile(file):
        return False
    with open(file, encoding="utf-8-sig", errors="replace") as stream:
        return "effect_size" in [name.strip('" \n') for name in re.split("[,\\t]", stream.readline())]


WITH_EFFECTS = [file for file in FINDINGS if has_effects(file)]


wildcard_constraints:
    treatment="|".join(map(re.escape, TREATMENT_MAPS)) or "none",


rule evidence_findings:
    """All findings in one table, and the regions of the atlas that each is about."""
    input:
        tables=FINDINGS,
        places=PLACES,
        schema=FINDINGS_SCHEMA,
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
    output:
        table="results/{study}/evidence/atlas-{atlas}_findings.tsv",
        sidecar="results/{study}/evidence/atlas-{atlas}_findings.json",
    log:
        "results/{study}/logs/evidence_findings_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/evidence_findings_atlas-{atlas}.tsv"
    # before work that such tables would spoil
    priority: 100
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("evidence/findings.py"),
    script:
        "../scripts/evidence/findings.py"


rule evidence_claims:
    """Findings of connectivity against the difference of two groups, counted under relabeling."""
    input:
        tables=FINDINGS,
        places=PLACES,
        schema=FINDINGS_SCHEMA,
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        comparisons=expand(
            "results/{{study}}/group/shards/contrast-{{contrast}}_seed-{seed}_atlas-{{atlas}}_comparison.npz",
            seed=SEEDS,
        ),
        # seed by seed
        shards=expand(
            "results/{{study}}/group/shards/contrast-{{contrast}}_seed-{seed}_atlas-{{atlas}}_from-{shard}.npz",
            seed=SEEDS,
            shard=SHARDS,
        ),
    output:
        claims="results/{study}/evidence/contrast-{contrast}_atlas-{atlas}_claims.tsv",
        claims_sidecar="results/{study}/evidence/contrast-{contrast}_atlas-{atlas}_claims.json",
        agreement="results/{study}/evidence/contrast-{contrast}_atlas-{atlas}_agreement.tsv",
        agreement_sidecar="results/{study}/evidence/contrast-{contrast}_atlas-{atlas}_agreement.json",
    log:
        "results/{study}/logs/evidence_claims_contrast-{contrast}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/evidence_claims_contrast-{contrast}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1500),
        runtime=per_attempt(10),
    params:
        code=code("evidence/claims.py"),
        seeds=SEEDS,
        stands_for=lambda w: STANDS_FOR[w.contrast],
        contrast=lambda w: {k: CONTRASTS[w.contrast][k] for k in ("variable", "case", "control")},
        permutations=PERMUTATIONS,
        seed=config["seed"],
    script:
        "../scripts/evidence/claims.py"


rule evidence_response:
    """Findings about treatment against a map of change, or of what goes with response."""
    input:
        tables=FINDINGS,
        places=PLACES,
        schema=FINDINGS_SCHEMA,
        regions="results/{study}/atlas/atlas-{atlas}_dseg.tsv",
        maps=lambda w: expand(
            "results/{study}/response/{treatment}_seed-{seed}_atlas-{atlas}_{table}.tsv",
            study=w.study,
            treatment=w.treatment,
            seed=SEEDS,
            atlas=w.atlas,
            table="within" if w.treatment.startswith("change-") else "correlations",
        ),
    output:
        table="results/{study}/evidence/{treatment}_atlas-{atlas}_claims.tsv",
        sidecar="results/{study}/evidence/{treatment}_atlas-{atlas}_claims.json",
    log:
        "results/{study}/logs/evidence_response_{treatment}_atlas-{atlas}.log",
    benchmark:
        "results/{study}/benchmarks/evidence_response_{treatment}_atlas-{atlas}.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("evidence/response.py"),
        seeds=SEEDS,
        baseline=next(iter(SCANNED), None),
    script:
        "../scripts/evidence/response.py"


rule evidence_pooled:
    """Effect sizes of findings about the same thing, pooled with random effects."""
    input:
        tables=FINDINGS,
        schema=FINDINGS_SCHEMA,
    output:
        pooled="results/{study}/evidence/pooled.tsv",
        pooled_sidecar="results/{study}/evidence/pooled.json",
        studies="results/{study}/evidence/studies.tsv",
        studies_sidecar="results/{study}/evidence/studies.json",
    log:
        "results/{study}/logs/evidence_pooled.log",
    benchmark:
        "results/{study}/benchmarks/evidence_pooled.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("evidence/pooled.py"),
    script:
        "../scripts/evidence/pooled.py"


rule evidence:
    """Stage evidence."""
    input:
        f"results/{STUDY}/evidence/atlas-{ATLAS}_findings.tsv",
        expand(
            "results/{study}/evidence/contrast-{contrast}_atlas-{atlas}_claims.tsv",
            study=STUDY,
            contrast=CONTRASTS,
            atlas=ATLAS,
        ),
        expand(
            "results/{study}/evidence/{treatment}_atlas-{atlas}_claims.tsv",
            study=STUDY,
            treatment=TREATMENT_MAPS,
            atlas=ATLAS,
        ),
        f"results/{STUDY}/evidence/pooled.tsv" if WITH_EFFECTS else [],


PARTS += ["evidence"] if HAS_EVIDENCE else []


rule report_evidence:
    """Published findings by region, where this study stands on them, and effect sizes pooled."""
    input:
        findings=f"results/{{study}}/evidence/atlas-{ATLAS}_findings.tsv",
        claims=[f"results/{{study}}/evidence/contrast-{c}_atlas-{ATLAS}_claims.tsv" for c in CONTRASTS],
        agreement=[f"results/{{study}}/evidence/contrast-{c}_atlas-{ATLAS}_agreement.tsv" for c in CONTRASTS],
        treatment=[f"results/{{study}}/evidence/{m}_atlas-{ATLAS}_claims.tsv" for m in TREATMENT_MAPS],
        pooled="results/{study}/evidence/pooled.tsv" if WITH_EFFECTS else [],
        studies="results/{study}/evidence/studies.tsv" if WITH_EFFECTS else [],
    output:
        part="results/{study}/report/parts/evidence.json",
        findings=multiext("results/{study}/report/figures/evidence_findings", ".svg", ".png"),
        pooled=multiext("results/{study}/report/figures/evidence_pooled", ".svg", ".png") if WITH_EFFECTS else [],
        claims=expand(
            "results/{{study}}/report/figures/contrast-{contrast}_atlas-{atlas}_evidence.{kind}",
            contrast=CONTRASTS,
            atlas=ATLAS,
            kind=["svg", "png"],
        ),
    log:
        "results/{study}/logs/report_evidence.log",
    benchmark:
        "results/{study}/benchmarks/report_evidence.tsv"
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code("evidence/report.py"),
        contrasts={name: {k: str(c[k]) for k in ("case", "control")} for name, c in CONTRASTS.items()},
        treatment=TREATMENT_MAPS,
        simulated=COHORT["format"].startswith("simulated"),
    script:
        "../scripts/evidence/report.py"
