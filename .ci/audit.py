"""Ask the database of known vulnerabilities about every locked package; where it cannot be reached, say so.

Usage: uv run python .ci/audit.py UV
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

uv = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    locked = Path(folder) / "requirements.txt"
    subprocess.run([uv, "export", "--quiet", "--no-hashes", "--all-groups", "--output-file", locked], check=True)
    audit = subprocess.run(
        [
            *(uv, "tool", "run", "--quiet", "pip-audit", "--requirement", locked, "--no-deps", "--disable-pip"),
            *("--progress-spinner", "off", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
try:
    packages = json.loads(audit.stdout)["dependencies"]
except ValueError:
    print(f"NOT AUDITED: pip-audit gave no answer ({audit.stderr.strip()[-300:]})")
    sys.exit()
asked = [p for p in packages if "skip_reason" not in p]
print(f"{len(asked)} of {len(packages)} locked packages were looked up", end="")
print("." if asked else ": NOT AUDITED, the database cannot be reached from this machine.")
vulnerable = [(p["name"], p["version"], v["id"]) for p in asked for v in p["vulns"]]
for name, version, known in vulnerable:
    print(f"{name} {version}: {known}")
sys.exit(bool(vulnerable))
