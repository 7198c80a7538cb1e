"""Part of the report: published findings, where this study stands on them, effect sizes pooled."""

from amygene.report.figures.evidence import against_study, by_region, pooled
from amygene.report.parts import Files, write_part
from amygene.report.sections import evidence
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
findings = files.table(source.findings)
save(by_region(findings.content), *output.findings)
tested = []
for i, (name, groups) in enumerate(params.contrasts.items()):
    claims = files.table(source.claims[i])
    save(against_study(claims.content, groups["case"], groups["control"]), *output.claims[2 * i : 2 * i + 2])
    tested.append(
        evidence.Tested(
            name,
            groups["case"],
            groups["control"],
            claims,
            files.table(source.agreement[i]),
            files.picture(output.claims[2 * i]),
        )
    )
treatment = {name: files.table(file) for name, file in zip(params.treatment, source.treatment, strict=True)}
meta = None
if source.pooled:
    table, studies = files.table(source.pooled), files.table(source.studies)
    save(pooled(table.content, studies.content), *output.pooled)
    meta = table, files.picture(output.pooled[0])
shown = evidence.part(findings, files.picture(output.findings[0]), tested, treatment, meta, params.simulated)
write_part(output.part, "evidence", shown, source)
