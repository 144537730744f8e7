"""`make bench`: every figure of the README measured again, one after another; each prints one JSON object.

`python -m bench NAME...` (`make bench NAME`) measures only those, and what is named `NAME_...`. What needs
../shared/data uses the sample course where it is absent.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
DECKS = (
    "decks/diogo/R_programming.pdf",
    "decks/practical-rl/week1_lecture1.pdf",
    "decks/slds-optimization/slides-multivar-first-order-6-momentum.pdf",
)
CAPTIONS = "captions/hf-course"
UPLOADS = 10_000
"""Finished uploads that are there while the services idle."""


def main(names: list[str]) -> int:
    """Run the benchmarks with these names (none: all); returns 0 only if all ended well."""
    found = sorted(
        path.stem for path in Path(__file__).parent.glob("[!_]*.py") if '__name__ == "__main__"' in path.read_text()
    )
    chosen = [each for each in found if not names or any(f"{each}_".startswith(f"{name}_") for name in names)]
    if unknown := [name for name in names if name not in found]:
        print(f"There is no {', '.join(unknown)}; there are: {', '.join(found)}.", file=sys.stderr)
        return 1
    failed = 0
    for name in chosen:
        more = [str(SHARED / path) for path in DECKS] if name == "ingest" and SHARED.is_dir() else []
        more += ["--captions", str(SHARED / CAPTIONS)] if more else []
        more += ["--uploads", str(UPLOADS)] if name == "idle" else []
        print(f"\n== python -m bench.{name} {' '.join(more)}".rstrip(), flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}", *more], cwd=ROOT, check=False).returncode != 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
