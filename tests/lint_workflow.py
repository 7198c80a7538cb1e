"""Run ``snakemake --lint`` and fail on any remark but those that do not apply.

Every rule runs in the environment of uv.lock, so rules name no conda environment or container. A function that finds
the files of one stage stands in that stage's file, beside the rules that it serves.
"""

import subprocess
import sys

ALLOWED = ("Specify a conda environment or container for each rule.", "Mixed rules and functions in same snakefile.")


def main() -> int:
    """Print the remarks that count; 1 if there are any."""
    done = subprocess.run([sys.executable, "-m", "snakemake", "--lint"], capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    remarks = [line.strip(" *") for line in output.splitlines() if line.startswith("    * ")]
    if not remarks and done.returncode:
        print(output)
        return 1
    others = [r for r in remarks if not r.startswith(ALLOWED)]
    print("\n".join(others) or f"no remark but those allowed ({len(remarks)} of them)")
    return bool(others)


if __name__ == "__main__":
    sys.exit(main())
