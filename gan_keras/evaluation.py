"""What `gan-keras evaluate` does: honest numbers about a run."""

import hashlib
import json
import os
import warnings

import numpy as np

from gan_keras import datasets
from gan_keras import extractors
from gan_keras import plots
from gan_keras.datasets.loading import NAMES
from gan_keras.datasets.loading import listed
from gan_keras.files import replace_file
from gan_keras.metrics import Evaluator
from gan_keras.metrics.evaluator import LEAST
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
    if options.data is None and not (data in NAMES or os.path.exists(data)):
        raise ValueError(
            f"The run's images were in {data}, and are not there now: name "
            "them with --data."
        )
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
    folder = listed(data)
    everything = len(train)
    if folder is not None and len(folder) > most:
        everything = len(folder)
    if not options.json:
        print(
            f"Real images: {data}, {everything:,} to train on"
            + ("" if "data" in config or options.data else NO_RUN)
        )
    # Before an extractor is fitted, for minutes.
    if len(held_out) < LEAST:
        raise ValueError(
            f"--data must hold {LEAST} held-out images at the least: every "
            f"tenth is. Received: {data}, with {len(held_out)} of them"
        )
    number_of_samples(options.samples, train, held_out)
    asked = None
    if gan.needs_labels and held_labels is not None:
        names = folder and folder.class_names
        asked = known_classes(
            data, held_labels, names, config.get("class_names"), gan.num_classes
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
    if asked is not None:
        # As often as they are among the images to compare with.
        rng = np.random.default_rng(options.seed)
        classes["labels"] = rng.permutation(asked)[: evaluator.samples]
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


def known_classes(data, labels, names, trained, num_classes):
    """What a model calls the classes of these data.

    A folder numbers the sub-folders that it has, so that cats may be 0 in one
    and 1 in another: names count, where there are any.

    Args:
        data: String, the data's name or path.
        labels: Ints `[n]`, as the data number their classes.
        names: List of the data's classes by number, or None.
        trained: The same of the images that the model was trained on.
        num_classes: Int, how many the model knows.

    Returns:
        Ints `[n]`, as the model numbers them.
    """
    known = trained or [str(number) for number in range(num_classes)]
    unknown = [name for name in names or [] if name not in known]
    if unknown and trained:
        raise ValueError(
            f"--data must have no other classes than the model, {known}. "
            f"Received: {data}, with {unknown}"
        )
    if names and not unknown:
        labels = np.array([known.index(name) for name in names])[labels]
    if labels.max() >= num_classes:
        raise ValueError(
            f"--data must have no more classes than the model, {num_classes}. "
            f"Received: {data}, with labels up to {labels.max()}"
        )
    return labels


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
