"""Write the reference of all config keys, config/README.md, from the schema.

Run with ``uv run python scripts/config_reference.py``; a test compares the file with the schema.
"""

from pathlib import Path

import yaml

from amygene.settings import read_schema

ROOT = Path(__file__).resolve().parent.parent


def kind(rule):
    """What a value may be, in words."""
    if "enum" in rule:
        return " \\| ".join("null" if v is None else str(v) for v in rule["enum"])
    if "oneOf" in rule:
        return " or ".join(kind(choice) for choice in rule["oneOf"])
    names = rule.get("type", "anything")
    words = names if isinstance(names, str) else " or ".join(names)
    if words == "array" and "items" in rule:
        words = f"list of {kind(rule['items'])}"
    if words == "object" and "properties" in rule:
        words = "mapping of " + ", ".join(rule["properties"])
    bounds = [f">= {rule['minimum']}"] if "minimum" in rule else []
    bounds += [f"<= {rule['maximum']}"] if "maximum" in rule else []
    return " ".join([words, *bounds])


def rows(schema, prefix=""):
    """A row per key, sections before their keys."""
    for key, rule in schema.get("properties", {}).items():
        name = f"{prefix}{key}"
        default = rule.get("default", "required" if key in schema.get("required", []) else "")
        shown = (
            "" if default in ({}, "") else f"`{yaml.safe_dump(default, default_flow_style=True, width=10**6).strip()}`"
        )
        shown = shown.replace("\n...", "").replace("|", "\\|")
        yield f"| `{name}` | {kind(rule)} | {shown} | {rule.get('description', '')} |"
        yield from rows(rule, f"{name}.")
        for choice in rule.get("oneOf", []):
            yield from rows(choice, f"{name}.")
        others = rule.get("additionalProperties")
        if isinstance(others, dict) and "properties" in others:
            yield from rows(others, f"{name}.<name>.")


def reference():
    """The whole file."""
    schema = read_schema(ROOT / "config/schemas/config.schema.yaml")
    sheet = yaml.safe_load((ROOT / "config/schemas/participants.schema.yaml").read_text())
    columns = [f"| `{name}` | {kind(rule)} | {rule['description']} |" for name, rule in sheet["properties"].items()]
    evidence = yaml.safe_load((ROOT / "config/schemas/evidence.schema.yaml").read_text())
    findings = [f"| `{name}` | {kind(rule)} | {rule['description']} |" for name, rule in evidence["properties"].items()]
    return "\n".join(
        [
            "# Config reference",
            "",
            "Made from `config/schemas/config.schema.yaml` by `scripts/config_reference.py`. One file holds one study;",
            "an unknown key is refused with the key that was probably meant. Changing a key reruns what uses it.",
            "",
            "| key | value | default | meaning |",
            "|---|---|---|---|",
            *rows(schema),
            "",
            "# The participants sheet",
            "",
            "Tab- or comma-separated, one row per participant. Columns that are not listed here are welcome: covariates and",
            "selection may use them.",
            "",
            "| column | value | meaning |",
            "|---|---|---|",
            *columns,
            "",
            "# Tables of published findings",
            "",
            "What `evidence.tables` names: one row per study and finding; `n/a` or an empty cell is not known. Columns that are",
            "not listed here are welcome. Those of `config/evidence/` are a start.",
            "",
            "| column | value | meaning |",
            "|---|---|---|",
            *findings,
            "",
            "# Seeds",
            "",
            "`config/seeds.tsv` says which regions of an atlas a seed consists of (several are separated by `;` and averaged).",
            "A seed that is not listed is taken for the name of a region; `seeds: [{name: ..., regions: [...]}]` defines one",
            "in the config.",
            "",
            "With images a seed can also be made of probabilities (an image and its volumes, numbered from 0), be a mask, or a",
            "sphere (`xyz` separated by commas, radius, MNI mm). `LCMA`, `RCMA`, `LLBA`, `RLBA`, `LSFA` and `RSFA` are the",
            "centromedial, laterobasal and superficial amygdala of the Juelich atlas, `LJAMY` and `RJAMY` the three together.",
            "They overlap the amygdala of AAL and other atlases poorly and are not parts of it.",
            "",
        ]
    )


if __name__ == "__main__":
    (ROOT / "config/README.md").write_text(reference())
