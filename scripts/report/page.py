"""One page with everything, the methods section, and where every number comes from."""

import yaml

from amygene.io.files import replacing
from amygene.io.tables import versions, write_json
from amygene.report import page
from amygene.report.methods_text import methods
from amygene.report.parts import read_part
from amygene.report.sections import SECTIONS, about
from job import start

start(snakemake.log[0])
output, params = snakemake.output, snakemake.params
config, study = params.config, snakemake.wildcards.study
parts = [read_part(file) for file in snakemake.input.parts]
findings = [sentence for part in parts for sentence in part.findings]
made = [{"id": "summary", "title": "Summary", "question": "", "blocks": [page.points(page.gathered(findings))]}]
for name, (title, question) in SECTIONS.items():
    blocks = [block for part in parts if part.section == name for block in part.blocks]
    if blocks:
        made.append({"id": name, "title": title, "question": question, "blocks": blocks})
paragraphs, references = methods(config, params.models, versions(), params.images)
files = dict(sorted({file: digest for part in parts for file, digest in part.sources.items()}.items()))
written = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
made += [about.methods(paragraphs, references), about.settings(written, versions(), params.resources, files)]
with replacing(output.page) as beside:
    beside.write_text(page.render(study, made), encoding="utf-8")
with replacing(output.methods) as beside:
    listed = "\n".join(f"{i}. {reference}" for i, reference in enumerate(references, 1))
    text = "# Methods\n\n" + "\n\n".join(paragraphs) + "\n\n## References\n\n" + listed + "\n"
    beside.write_text(text, encoding="utf-8")
write_json(
    output.provenance,
    {
        "study": study,
        "config": config,
        "versions": versions(),
        "resources": {
            name: {k: v for k, v in entry.items() if k != "files"} for name, entry in params.resources.items()
        },
        "files": files,
    },
)
