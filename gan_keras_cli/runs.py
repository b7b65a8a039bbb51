"""How to tell a run's directory, without loading what is in it."""

import json
from pathlib import Path

RUN_KEYS = {"recipe", "data", "images", "compile", "versions"}
# All that a start leaves which is killed at once (see `gan_keras.files`).
LEFTOVERS = (".lock", "config.partial.json")


def is_content(path):
    """Whether a file is more than a start that was killed at once leaves."""
    if path.name.startswith(".pixels-"):
        return False  # of this very start: Windows shows such files
    return path.name not in LEFTOVERS or path.is_dir()


def holds_run(directory):
    """Whether a directory has the config.json of a run of ours."""
    return is_run(run_config(directory))


def run_config(directory):
    """What a directory's config.json holds; None if there is no JSON."""
    try:
        path = Path(directory) / "config.json"
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def is_run(config):
    """Whether a config.json's content is what `train` writes."""
    return isinstance(config, dict) and RUN_KEYS <= config.keys()
