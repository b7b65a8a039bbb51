"""What lies in a run's directory: written, read again, cleared away."""

import argparse
import json
import os
import platform
import shutil

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import state
from gan_keras.callbacks.csv_history import read_history
from gan_keras.callbacks.resume import checkpoints
from gan_keras.callbacks.resume import write_checkpoint
from gan_keras.datasets.loading import NAMES
from gan_keras.files import LOCK
from gan_keras.files import make_directory
from gan_keras.files import replace_file
from gan_keras_cli.checks import check_out
from gan_keras_cli.parser import build_parser
from gan_keras_cli.runs import is_run


def begin(options, gan, epochs, shape):
    """Makes room for a run, and writes down what it begins with."""
    # Again, as someone may have written there while the data were read.
    check_out(options)
    if options.overwrite:
        clear(options.out)
    write_config(options, gan, epochs, shape)
    # From the very beginning, so that a run without any has lost them.
    folder = checkpoints(options.out)
    make_directory(folder)
    write_checkpoint(folder, 0, state.read(gan))


def clear(directory):
    """Removes an earlier run."""
    # Last of all what tells that it is one: if this is interrupted,
    # `--overwrite` does the rest.
    entries = sorted(
        os.scandir(directory), key=lambda entry: entry.name == "config.json"
    )
    for entry in entries:
        if entry.name == LOCK:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.remove(entry.path)


def write_config(options, gan, epochs, shape):
    settings = {k: v for k, v in vars(options).items() if k != "command"}
    for name in ("overwrite", "resume"):
        settings.pop(name)
    if settings["data"] not in NAMES:
        # Where it is, for whoever resumes from another directory.
        path = os.path.expanduser(settings["data"])
        settings["data"] = os.path.abspath(path)
    model = keras.saving.serialize_keras_object(gan)
    model.pop("compile_config", None)  # it stands on its own, above
    config = {
        **settings,
        "latent_dim": gan.latent_dim,
        "ema_decay": gan.ema_decay,
        "xla": bool(gan.jit_compile),
        "processors": os.cpu_count(),
        "epochs": epochs,
        "images": list(shape),
        "class_names": options.class_names,
        "compile": gan.get_compile_config(),
        "versions": {
            "gan_keras": gan_keras.__version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "model": model,  # last, as it is long: both networks, layer by layer
    }

    def write(path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())  # no run can be resumed without it

    replace_file(os.path.join(options.out, "config.json"), write)


def read_config(run):
    """The options of an earlier run, and all of its config.json."""
    path = os.path.join(run, "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    # An older run lacks settings that came later: it had their defaults.
    if not is_run(config):
        raise ValueError(
            f"{path} is not the config.json of a run of `gan-keras train`: it "
            "lacks settings. Name another directory, or bring it back."
        )
    settings = {**vars(build_parser().parse_args(["train"])), **config}
    settings.setdefault("epoch_images", None)
    # The directory may have been moved since.
    return argparse.Namespace(**{**settings, "out": run}), config


def finish(gan, out):
    """Saves what a run leaves behind; returns how many epochs it has."""
    from gan_keras import plots

    replace_file(os.path.join(out, "model.keras"), gan.save)
    rows = read_history(os.path.join(out, "history.csv"))
    if rows:
        history = {
            name: [row.get(name, np.nan) for row in rows] for name in rows[0]
        }
        figure = plots.loss_race(history, gan.loss)
        replace_file(
            os.path.join(out, "losses.png"),
            lambda path: figure.savefig(path, dpi=120),
        )
    # A table that was moved away began anew with the epochs to come.
    return int(rows[-1]["epoch"]) if rows else 0


def load(path):
    """The GAN of a run; one readable error if the file is none."""
    try:
        model = keras.saving.load_model(path)
    except Exception as error:
        raise ValueError(
            f"cannot load {path}: {error} Was it written by another version, "
            "or cut off?"
        ) from error
    if not isinstance(model, gan_keras.GAN):
        raise ValueError(
            f"{path} must hold a whole GAN, as a run's model.keras does, or "
            "what `gan.save` wrote. It holds another network, such as a "
            f"generator alone. Received: a {type(model).__name__}"
        )
    return model
