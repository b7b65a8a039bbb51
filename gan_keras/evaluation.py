"""What `gan-keras evaluate` does: honest numbers about a run."""

import hashlib
import json
import os
import pathlib
import warnings

import numpy as np

from gan_keras import datasets
from gan_keras import extractors
from gan_keras import plots
from gan_keras.datasets.files import idx_files
from gan_keras.datasets.loading import NAMES
from gan_keras.files import replace_file
from gan_keras.metrics import Evaluator
from gan_keras.metrics.evaluator import number_of_samples

# Images of each kind: a folder may have more than memory holds.
MOST = 10_000
MNIST = ("digits", "mnist")
NO_RUN = (
    ". No run's config.json lies beside the model to tell what it was trained "
    "on: --data can"
)
DIGITS_SHAPE = (28, 28, 1)


def evaluate(options, gan, config):
    """Measures, prints a table (or JSON), and draws a figure.

    Args:
        options: The command's parsed options.
        gan: The run's model.
        config: Dict, the settings that the run was trained with; empty for a
            file without.

    Returns:
        Int, the exit code.
    """
    data = options.data or config.get("data", "digits")
    size = config.get("image_size")
    if options.data is not None and size is None:
        size = tuple(gan.sample_shape[:2])
    most = max(MOST, options.samples or 0)
    (train, labels), (held_out, held_labels) = (
        datasets.load(data, split=split, image_size=size, most=most)
        for split in ("train", "test")
    )
    if held_out.shape[1:] != gan.sample_shape:
        raise ValueError(
            f"--data must hold images of {shape(gan.sample_shape)}, as the "
            f"model draws them. Received: {data}, with images of "
            f"{shape(held_out.shape[1:])}"
        )
    own = "data" in config and place(data) == place(config["data"])
    everything = number_of_images(data, most, train)
    if not options.json:
        print(
            f"Real images: {data}, {everything:,} to train on"
            + ("" if "data" in config or options.data else NO_RUN)
        )
    # Before an extractor is fitted, for minutes.
    number_of_samples(options.samples, train, held_out)
    if gan.needs_labels and held_labels is not None:
        if held_labels.max() >= gan.num_classes:
            raise ValueError(
                f"--data must have no more classes than the model, "
                f"{gan.num_classes}. Received: {data}, with labels up to "
                f"{held_labels.max()}"
            )
    cache = own_extractor_path(options.model, data, config)
    extractor = choose_extractor(options.extractor, data, cache, train, labels)
    evaluator = Evaluator(
        train,
        held_out,
        extractor,
        options.samples,
        flip=own and bool(config.get("flip")),
    )
    classes = {}
    if gan.needs_labels and held_labels is not None:
        # As often as they are among the images to compare with.
        rng = np.random.default_rng(options.seed)
        classes["labels"] = rng.permutation(held_labels)[: evaluator.samples]
    samples = gan.generate(evaluator.samples, seed=options.seed, **classes)
    samples = np.clip(samples, -1, 1)  # a G without tanh may step outside
    report = evaluator(samples)
    # Before the figure: the numbers took long, and a disk may be full.
    if options.json:
        found = {
            "data": data,
            "train_images": everything,
            "train_images_searched": len(train),
            **report.to_dict(),
            "figure": options.out,
        }
        print(json.dumps(found, indent=2))
    else:
        print(report, flush=True)
        if len(train) < everything:
            print(
                f"(Looked for copies of {len(train):,} of the {everything:,} "
                "training images only: one of the others looks new.)"
            )
    figure = plots.evaluation(report, evaluator, samples)
    replace_file(options.out, lambda path: figure.savefig(path, dpi=120))
    if not options.json:
        print(options.out)
    return 0


def number_of_images(data, most, train):
    """How many there are to train on; `train` has `most` of a folder's."""
    path = pathlib.Path(os.path.expanduser(data))
    if data in NAMES or not path.is_dir() or idx_files(path):
        return len(train)
    there = len(datasets.ImageFolder(path, split="train"))
    return there if there > most else len(train)


def choose_extractor(wanted, data, path, train, labels):
    """The extractor that the options ask for.

    Args:
        wanted: String, the option.
        data: String, the data's name or path.
        path: Where the extractor of these data is kept.
        train: Images to fit one to.
        labels: Their classes, or None.
    """
    if wanted == "auto":
        known = data in MNIST and train.shape[1:] == DIGITS_SHAPE
        wanted = "digits" if known else "own"
    if wanted != "own":
        return extractors.get(wanted)
    # Made once: distances in features of two extractors, even of the same
    # kind, cannot be compared.
    if os.path.exists(path):
        extractor = extractors.Extractor.load(path, "own")
        if extractor.image_shape == train.shape[1:]:
            return extractor
    if labels is not None and len(np.unique(labels)) < 2:
        labels = None  # one sub-folder for all: nothing to tell apart
    extractor = extractors.fit(train, labels)
    try:
        extractor.save(path)
    except OSError as error:
        warnings.warn(
            f"The extractor is not kept, and will be another one next time: "
            f"{error}",
            stacklevel=2,
        )
    return extractor


def own_extractor_path(model, data, config):
    """Where the extractor of these data is kept: beside the model.

    That of the data which the run was trained on is `extractor.keras`. Other
    data have others: each sees best what it was fitted to.

    Args:
        model: String, the model's file.
        data: String, the data's name or path.
        config: Dict, the run's settings.

    Returns:
        String.
    """
    name = "extractor.keras"
    if "data" not in config or place(data) != place(config["data"]):
        digest = hashlib.sha256(os.fsencode(place(data))).hexdigest()[:8]
        name = f"extractor-{digest}.keras"
    return os.path.join(os.path.dirname(model), name)


def place(data):
    """A name as it is, a path as the one that leads there from anywhere."""
    if data in NAMES:
        return data
    return os.path.realpath(os.path.expanduser(data))


def shape(sizes):
    """`(28, 28, 1)` as `28x28x1`."""
    return "x".join(map(str, sizes))
