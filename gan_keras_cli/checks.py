"""What can be known to be wrong before TensorFlow is loaded."""

import difflib
import json
import os
from pathlib import Path

from gan_keras_cli.names import CRITIC_STEPS
from gan_keras_cli.names import DATA_SETS
from gan_keras_cli.names import RECIPES
from gan_keras_cli.parser import build_parser
from gan_keras_cli.runs import holds_run
from gan_keras_cli.runs import is_content
from gan_keras_cli.runs import is_run
from gan_keras_cli.runs import run_config


class UsageError(ValueError):
    """A mistake in the command line: one line, exit code 2."""


def check(options):
    """What can be known to be wrong before TensorFlow is loaded."""
    if options.command == "train" and options.resume is not None:
        check_resume(options)
    elif options.command == "train":
        check_train(options)
    elif options.command == "data":
        check_data(options)
    else:
        options.model = find_model(options.run)
        if options.command == "evaluate" and options.out is None:
            options.out = str(Path(options.model).with_name("evaluation.png"))
        check_output(options.out, "--out", gif=options.command == "interpolate")
        config = run_config(Path(options.model).parent)
        if getattr(options, "label", None) is not None:
            options.label = class_number(options.label, config)
        if getattr(options, "data", None) is not None:
            check_exists(options.data)
        trained_on = config["data"] if is_run(config) else None
        for data in (getattr(options, "data", None), trained_on):
            if data is not None:
                check_apart(options.out, "--out", data)


def class_number(label, config):
    """The number of a class that may be given by its name."""
    names = config.get("class_names") if is_run(config) else None
    if names and label in names:
        return names.index(label)
    if label.isdecimal():
        return int(label)
    known = f"one of {', '.join(names)}, or " if names else ""
    raise UsageError(
        f"--label must be {known}a whole number, 0 or more. Received: {label!r}"
    )


def check_exists(data):
    """Whether there are such data; what is in them is seen later."""
    path = Path(os.path.expanduser(data))
    if data in DATA_SETS:
        return
    if not path.exists():
        near = difflib.get_close_matches(data, DATA_SETS, n=1)
        hint = f"did you mean {near[0]}?" if near else "no such file or folder."
        raise UsageError(
            f"--data must be {', '.join(DATA_SETS)}, a .npz file or a folder: "
            f"{hint} Received: {data!r}"
        )
    if path.is_file() and path.suffix.lower() != ".npz":
        raise UsageError(
            f"--data must be a .npz file, or a folder. Received: {data!r}"
        )


def check_data(options):
    if not Path(options.folder).is_dir():
        raise UsageError(
            f"FOLDER must be a folder of images. Received: {options.folder!r}"
        )
    if options.preview is not None:
        check_output(options.preview, "--preview")
        folder = os.path.abspath(options.folder)  # never a name: "digits"
        check_apart(options.preview, "--preview", folder)


def check_nothing_else(options, arguments):
    """What stands beside --resume, were it a default, would not be done."""
    unset = object()
    names = [n for n in vars(options) if n not in ("command", "resume")]
    parser = build_parser(**dict.fromkeys(names, unset))
    said = vars(parser.parse_args(arguments))
    given = [
        "RECIPE" if name == "recipe" else "--" + name.replace("_", "-")
        for name in names
        if said[name] is not unset
    ]
    if given:
        raise UsageError(
            "--resume takes every setting from the run itself; leave out "
            f"{', '.join(given)}."
        )


def check_resume(options):
    is_chief()  # or TF_CONFIG is wrong
    config = Path(options.resume) / "config.json"
    if not config.is_file():
        raise UsageError(
            "--resume must name the directory of a run (with a config.json "
            f"in it). Received: {options.resume!r}"
        )


def check_train(options):
    if options.recipe not in RECIPES:
        raise UsageError(
            f"unknown recipe. Choose one of: {', '.join(RECIPES)}. "
            f"Received: {options.recipe!r}"
        )
    check_exists(options.data)
    if options.out is None:
        path = Path(options.data.rstrip("/\\"))
        # A folder's name may have a dot in it: v1.0 and v1.5 are two.
        data = path.name if path.is_dir() else path.stem
        options.out = os.path.join("runs", f"{options.recipe}-{data or 'data'}")
    turns = CRITIC_STEPS.get(options.recipe, 1)
    if options.batch_size is not None and options.batch_size % turns:
        raise UsageError(
            f"--batch-size must be a multiple of {turns} for {options.recipe}, "
            "whose critic takes that many steps with images of their own. "
            f"Received: {options.batch_size}"
        )
    check_apart(options.out, "--out", options.data)
    if is_chief():
        check_out(options)


def check_apart(out, name, data):
    """What is written into a folder of images would be one of them next time.

    Args:
        out: The file or directory to write.
        name: The argument that it comes from.
        data: The data set's name or path.
    """
    folder = data_path(data)
    if (
        folder
        and folder.is_dir()
        and Path(out).resolve().is_relative_to(folder)
        and not any(folder.glob("*-ubyte*"))  # IDX files, known by their names
    ):
        raise UsageError(
            f"{name} must lie outside of the folder of images, or what is "
            "written there would be taken for one of them. Choose another "
            f"{name}. Received: {out!r}, inside {str(folder)!r}"
        )


def data_path(data):
    """Where the data are, or None for those that have a name."""
    if data in DATA_SETS:
        return None
    return Path(os.path.expanduser(data)).resolve()


def is_chief():
    """Whether this process, of several workers, is to write the files."""
    try:
        config = json.loads(os.environ.get("TF_CONFIG") or "{}")
        task = config.get("task", {})
        leader = "chief" if "chief" in config.get("cluster", {}) else "worker"
        return not task or (task["type"], int(task["index"])) == (leader, 0)
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(
            "the environment variable TF_CONFIG must be JSON with `cluster` "
            f"and `task`. Received: {os.environ['TF_CONFIG']!r} ({error})"
        ) from error


def check_out(options):
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise UsageError(
            f"--out must be a directory, but is a file. Received: {out}"
        )
    if out.is_dir() and any(map(is_content, out.iterdir())):
        if not options.overwrite:
            raise UsageError(
                f"{out} holds files already, which are not overwritten. "
                "Choose another --out, or say --overwrite to delete them."
            )
        if not holds_run(out):
            raise UsageError(
                f"--overwrite deletes earlier runs only, and {out} is none "
                "(it has no config.json of ours). Choose another --out."
            )
        data = data_path(options.data)
        if data and data.is_relative_to(out.resolve()):
            raise UsageError(
                f"--overwrite would delete the data, which lie in {out}. "
                f"Choose another --out. Received: --data {options.data!r}"
            )
    for parent in [out, *out.parents]:
        if parent.exists():
            if not parent.is_dir() or not os.access(parent, os.W_OK):
                raise UsageError(
                    f"--out: cannot write below {parent}. "
                    f"Received: {options.out!r}"
                )
            break


def find_model(run):
    path = Path(run)
    if path.is_dir():
        path = path / "model.keras"
    if path.suffix != ".keras" or not path.is_file():
        raise UsageError(
            "RUN must be the directory of a run (with a model.keras in it) "
            f"or a .keras file. Received: {run!r}"
        )
    return str(path)


def check_output(out, name, gif=False):
    path = Path(out)
    wanted = ".gif" if gif else ".png"
    if path.suffix.lower() != wanted:
        raise UsageError(f"{name} must end in {wanted}. Received: {out!r}")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise UsageError(
            f"{name} must name a file in a directory that exists. "
            f"Received: {out!r}"
        )


def check_backend():
    """Keras would load another backend before we could say that it must not."""
    backend = os.environ.get("KERAS_BACKEND")
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    if not backend:
        try:
            text = Path(home, "keras.json").read_text(encoding="utf-8")
            backend = json.loads(text)["backend"]
        except (OSError, ValueError, KeyError, TypeError):
            return  # none is chosen, or Keras itself will say what is wrong
    if backend != "tensorflow":
        raise UsageError(
            "gan-keras needs Keras' TensorFlow backend. Set the environment "
            "variable KERAS_BACKEND=tensorflow. "
            f"Received: backend {backend!r}"
        )
