"""The arguments of all commands, and what they may be."""

import argparse

from gan_keras_cli.names import EXTRACTORS
from gan_keras_cli.names import PRECISIONS
from gan_keras_cli.names import RECIPES


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
    add_train(commands).set_defaults(**defaults)
    add_data(commands)
    add_recipes(commands)
    add_sample(commands)
    add_interpolate(commands)
    add_evaluate(commands)
    return parser


def add_train(commands):
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
        "of 64x64 on some processors, of which the training then tells you, "
        "and slower on all others",
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
    return train


def add_data(commands):
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


def add_recipes(commands):
    commands.add_parser(
        "recipes",
        help="list the GANs that `train` knows",
        description="List the GANs that `gan-keras train` knows, each with "
        "its paper.",
    )


def add_sample(commands):
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


def add_interpolate(commands):
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


def add_evaluate(commands):
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
        if float(text) == 0:
            return 0.0
    except ValueError:
        pass
    try:
        return positive_float(text)
    except argparse.ArgumentTypeError as error:
        message = str(error).replace("above 0", "above 0, or 0")
        raise argparse.ArgumentTypeError(message) from error


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
