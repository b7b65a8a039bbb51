"""The `gan-keras` command: reads its arguments before it loads TensorFlow.

This module lies outside the package because importing anything from
`gan_keras` imports TensorFlow, which takes seconds; `gan-keras --help` and a
mistyped argument should not. The work is done in `gan_keras.cli`.
"""

import argparse
import contextlib
import difflib
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

# One line, the paper, and the minutes that the default run takes for digits
# on two cores. (Here and not in `gan_keras.recipes`, to be told at once.)
RECIPES = {
    "gan": ("the first: fully connected layers", "1406.2661", 2),
    "dcgan": ("convolutions that stride; the default", "1511.06434", 5),
    "lsgan": ("squared errors instead of a classifier", "1611.04076", 4),
    "wgan": ("a critic with clipped weights", "1701.07875", 6),
    "wgan_gp": ("a critic of slope one", "1704.00028", 7),
    "sngan": ("hinge loss, layers that stretch no window", "1802.05957", 5),
    "sagan": ("attention between distant places", "1805.08318", 7),
    "cgan": ("draws the class that it is asked for", "1411.1784", 3),
    "acgan": ("D also names the class", "1610.09585", 4),
    "infogan": ("finds codes such as the digit by itself", "1606.03657", 4),
    "r3gan": ("relativistic, no normalisation", "2501.05441", 9),
}

# Recipes that share the images of a batch out among several turns of D.
CRITIC_STEPS = {"wgan": 5, "sagan": 2}
DATA_SETS = ("digits", "mnist", "fashion_mnist", "cifar10")  # no paths
RUN_KEYS = {"recipe", "data", "images", "compile", "versions"}
# All that a start leaves which is killed at once (see `gan_keras.files`).
LEFTOVERS = (".lock", "config.partial.json")
PRECISIONS = ("float32", "mixed_bfloat16")  # as Keras calls them
EXTRACTORS = ("auto", "digits", "own", "inception")


class UsageError(ValueError):
    """A mistake in the command line: one line, exit code 2."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and not before that all it knows."""

    def error(self, message):
        self.exit(
            2, f"gan-keras: error: {message} (`{self.prog} --help` says more)\n"
        )


def build_parser(**defaults):
    """The parser of all commands; with other defaults of `train`."""
    parser = Parser(
        prog="gan-keras",
        description="Learn generative adversarial networks by training them.",
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True
    )

    train = commands.add_parser(
        "train",
        help="train a GAN; handwritten digits in minutes by default",
        description="Train a GAN and keep everything about it in one "
        "directory.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    train.add_argument(
        "recipe",
        nargs="?",
        default="dcgan",
        metavar="RECIPE",
        help=f"one of: {', '.join(RECIPES)}; `gan-keras recipes` says more",
    )
    train.add_argument(
        "--data",
        default="digits",
        help="digits (offline), mnist, fashion_mnist, cifar10, a .npz file, "
        "a folder of IDX files, or a folder of images",
    )
    train.add_argument(
        "--image-size",
        type=positive_int,
        metavar="PIXELS",
        help="resize and centre-crop images to this height and width",
    )
    length = train.add_mutually_exclusive_group()
    length.add_argument(
        "--epochs",
        type=positive_int,
        metavar="N",
        help="passes over the data; if not given, as many as the recipe's "
        "steps take (of very few images an epoch is several passes)",
    )
    length.add_argument(
        "--minutes",
        type=positive_float,
        metavar="M",
        help="train about this long, from when the data are read: compiles, "
        "measures the speed, and lets the learning rates reach zero when the "
        "time is over (an epoch that would take more than a twentieth of it is "
        "shortened)",
    )
    train.add_argument(
        "--out",
        metavar="DIR",
        help="where to write; runs/RECIPE-DATA if not given",
    )
    train.add_argument(
        "--overwrite",
        action="store_true",
        help="delete an earlier run in DIR first",
    )
    train.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with the run in DIR where it was stopped, with the "
        "settings it was started with",
    )
    train.add_argument(
        "--seed", type=seed, default=0, help="the same seed, the same run"
    )
    train.add_argument(
        "--batch-size",
        type=positive_int,
        metavar="B",
        help="images in a training step; the recipe's own number if not given",
    )
    train.add_argument(
        "--width",
        type=positive_int,
        metavar="W",
        help="channels of the networks' thinnest layer; the recipe's own if "
        "not given",
    )
    train.add_argument(
        "--latent-dim",
        type=positive_int,
        metavar="D",
        help="length of the latent vector z; the recipe's own if not given",
    )
    train.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="mixed_bfloat16 multiplies numbers of 16 bits: faster for images "
        "of 64x64 on a processor with AMX (flag amx_bf16), slower without",
    )
    train.add_argument(
        "--flip",
        action="store_true",
        help="mirror half of the images, others in every epoch; for images "
        "in which left and right mean nothing, such as faces",
    )
    train.add_argument(
        "--memory",
        type=whole_number,
        default=64,
        metavar="MIB",
        help="a folder's decoded images are kept in memory up to this much, "
        "and beyond it in a file, which is gone when the run ends",
    )
    train.add_argument(
        "--snapshot-minutes",
        type=seconds,
        default=2.0,
        metavar="M",
        help="longest time without a new grid of samples, even within an "
        "epoch; 0 for one every epoch only",
    )
    train.add_argument(
        "--checkpoint-seconds",
        type=seconds,
        default=20.0,
        metavar="S",
        help="least time between two checkpoints; 0 for one every epoch",
    )
    train.add_argument(
        "--histograms",
        action="store_true",
        help="write weights and gradients to TensorBoard, too",
    )
    train.add_argument(
        "--graph",
        action="store_true",
        help="write the graph of the training step to TensorBoard, too (it is "
        "traced once more for that, which takes some seconds)",
    )
    train.add_argument(
        "--raw",
        action="store_true",
        help="show the raw generator's samples beside its moving average's",
    )

    data = commands.add_parser(
        "data",
        help="look at a folder of images before training on it",
        description="Reads every file of a folder of images and prints "
        "counts, sizes, means and deviations of the pixels, broken files, "
        "and files that hold the same image.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    data.add_argument(
        "folder",
        metavar="FOLDER",
        help="image files, or one sub-folder of them per class",
    )
    data.add_argument(
        "--preview",
        metavar="PNG",
        help="contact sheet to write: images as a network will see them",
    )
    data.add_argument(
        "--image-size",
        type=positive_int,
        metavar="PIXELS",
        help="resize and centre-crop images to this, as `train` does",
    )

    commands.add_parser(
        "recipes",
        help="list the GANs that `train` knows",
        description="List the GANs that `gan-keras train` knows, each with "
        "its paper.",
    )

    sample = commands.add_parser(
        "sample",
        help="draw images with a trained GAN",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_run(sample)
    sample.add_argument(
        "-n", type=positive_int, default=64, help="how many images"
    )
    sample.add_argument(
        "--out", default="samples.png", metavar="PNG", help="image to write"
    )
    sample.add_argument("--seed", type=seed, help="fresh ones if not given")
    sample.add_argument(
        "--label",
        metavar="CLASS",
        help="the class to draw, for a conditional model: its number, or the "
        "name of its sub-folder; all in turn if not given",
    )
    sample.add_argument(
        "--truncation",
        type=positive_float,
        metavar="T",
        help="draw latent numbers in [-T, T] only: images are more alike, "
        "and often better (try 1 with faces); all of them if not given",
    )

    interpolate = commands.add_parser(
        "interpolate",
        help="walk through latent space",
        description="A GIF that walks from image to image through latent "
        "space, along arcs (spherical interpolation) so that every vector "
        "on the way is as long as G is used to. A conditional model keeps "
        "its z and walks from class to class.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_run(interpolate)
    interpolate.add_argument(
        "--out", default="walk.gif", metavar="GIF", help="image to write"
    )
    interpolate.add_argument(
        "--stops", type=positive_int, default=5, help="images to visit"
    )
    interpolate.add_argument(
        "--frames", type=positive_int, default=12, help="frames between stops"
    )
    interpolate.add_argument(
        "--seed", type=seed, help="a fresh walk if not given"
    )

    evaluate = commands.add_parser(
        "evaluate",
        help="measure how good a trained GAN's images are",
        description="Compares samples with held-out images, and says how "
        "sure each figure is and what real images would have had. Writes a "
        "figure with the nearest real neighbours of some samples.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_run(evaluate)
    evaluate.add_argument(
        "--data",
        help="the images to compare with, as of `train`; the run's own if "
        "not given",
    )
    evaluate.add_argument(
        "--samples",
        type=at_least_twelve,
        metavar="N",
        help="images of each kind; as many as are held out, at most 10,000, "
        "if not given",
    )
    evaluate.add_argument(
        "--extractor",
        choices=EXTRACTORS,
        default="auto",
        help="whose features are compared: digits comes with the package, "
        "own is trained on the data first, in a minute or two, and kept in "
        "the run; auto takes digits for MNIST's and own for all others",
    )
    evaluate.add_argument(
        "--out",
        metavar="PNG",
        help="figure to write; evaluation.png beside the model if not given",
    )
    evaluate.add_argument(
        "--seed", type=seed, default=0, help="the same seed, the same samples"
    )
    evaluate.add_argument(
        "--json", action="store_true", help="print JSON instead of a table"
    )
    train.set_defaults(**defaults)
    return parser


def add_run(parser):
    parser.add_argument(
        "run", metavar="RUN", help="a run's directory, or a .keras file"
    )


def positive_int(text):
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(
            f"must be a whole number, 1 or more. Received: {text!r}"
        )
    return value


def at_least_twelve(text):
    value = positive_int(text)
    if value < 12:  # LEAST of gan_keras.metrics.evaluator
        raise argparse.ArgumentTypeError(
            f"must be 12 or more. Received: {text!r}"
        )
    return value


def positive_float(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"must be a number above 0. Received: {text!r}"
        )
    return value


def seconds(text):
    try:
        return abs(float(text)) and positive_float(text)
    except ValueError:
        return positive_float(text)


def seed(text):
    if not (text.isdecimal() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 2147483647. Received: {text!r}"
        )
    return int(text)


def whole_number(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"must be a whole number, 0 or more. Received: {text!r}"
        )
    return int(text)


def list_recipes():
    """The catalogue as text."""
    lines = [f"{'recipe':9}{'what makes it':42}{'arXiv':12}minutes"]
    for name, (what, paper, minutes) in RECIPES.items():
        lines.append(f"{name:9}{what:42}{paper:12}{minutes:>7}")
    lines.append("")
    lines.append("Minutes: the default run for digits, on two CPU cores.")
    return "\n".join(lines)


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
    if path.is_file() and path.suffix != ".npz":
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


@contextlib.contextmanager
def quiet_start():
    """Keeps TensorFlow's start-up notes from the terminal.

    They come from C++ (which CPU instructions, that there is no GPU, ...)
    before any log level is read, and look like errors to a learner. If the
    start fails they are shown after all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(stderr, 2)
            notes.seek(0)
            sys.stderr.write(notes.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextlib.contextmanager
def plain_warnings():
    """Shows warnings to who uses the command, and not to who wrote it."""

    def one_line(message, *where):
        return f"gan-keras: warning: {' '.join(str(message).split())}\n"

    usual = warnings.formatwarning
    warnings.formatwarning = one_line
    try:
        yield
    finally:
        warnings.formatwarning = usual


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


def main(arguments=None):
    # A terminal that cannot show a file's name must not end a training.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    with plain_warnings():
        return run(arguments)


def run(arguments):
    parser = build_parser()
    try:
        options = parser.parse_args(arguments)
        if options.command == "recipes":
            print(list_recipes())
            return 0
        if options.command == "train" and options.resume is not None:
            check_nothing_else(options, arguments)
        check(options)
        check_backend()
        with quiet_start():
            from gan_keras import cli
            from gan_keras import replicas
            from gan_keras import xla

            # Several workers join before TensorFlow computes anything.
            strategy = None
            if options.command == "train":
                strategy = replicas.strategy()
            # TensorFlow looks for a GPU at first use, XLA introduces itself.
            xla.works()

        return cli.run(options, strategy)
    except KeyboardInterrupt:
        print("\ngan-keras: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        # Our own messages are for the user; anything else is a defect and
        # keeps its traceback.
        if not isinstance(error, (ValueError, OSError)):
            raise
        message = " ".join(str(error).split())
        print(f"gan-keras: error: {message}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
