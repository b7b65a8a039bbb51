"""Where a row of results comes from: the processor, and the code."""

import re
import subprocess
from pathlib import Path

COLUMNS = ["processor", "commit"]


def processor(path="/proc/cpuinfo"):
    """Its name, and AVX512 and AMX if it has them: they decide the speed."""
    path = Path(path)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    name = re.search(r"^model name\s*: (.+)", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.+)", text, re.MULTILINE)
    flags = flags[1].split() if flags else []
    found = [
        word
        for word, flag in (("AVX512", "avx512f"), ("AMX", "amx_bf16"))
        if flag in flags
    ]
    return " ".join([name[1] if name else "unknown", *found])


def commit():
    """The last commit's hash; with a + if files were changed since."""
    folder = Path(__file__).parent
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout.strip()


def provenance():
    """Dict of `COLUMNS`."""
    return {"processor": processor(), "commit": commit()}
