"""What `gan-keras evaluate` does: honest numbers about a run."""

import json
import os

import numpy as np

from gan_keras import datasets
from gan_keras import extractors
from gan_keras import plots
from gan_keras.files import replace_file
from gan_keras.metrics import Evaluator

# Images of each kind: a folder may have more than memory holds.
MOST = 10_000
MNIST = ("digits", "mnist")


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
    (train, labels), (held_out, held_labels) = (
        datasets.load(
            data,
            split=split,
            image_size=size,
            most=max(MOST, options.samples or 0),
        )
        for split in ("train", "test")
    )
    if held_out.shape[1:] != gan.sample_shape:
        raise ValueError(
            f"--data must hold images of {shape(gan.sample_shape)}, as the "
            f"model draws them. Received: {data}, with images of "
            f"{shape(held_out.shape[1:])}"
        )
    extractor = choose_extractor(options, data, train, labels)
    evaluator = Evaluator(train, held_out, extractor, options.samples)
    classes = {}
    if gan.needs_labels and held_labels is not None:
        # As often as they are among the images to compare with.
        rng = np.random.default_rng(options.seed)
        classes["labels"] = rng.permutation(held_labels)[: evaluator.samples]
    samples = gan.generate(evaluator.samples, seed=options.seed, **classes)
    report = evaluator(samples)
    figure = plots.evaluation(report, evaluator, samples)
    replace_file(options.out, lambda path: figure.savefig(path, dpi=120))
    if options.json:
        print(json.dumps({**report.to_dict(), "figure": options.out}, indent=2))
    else:
        print(report)
        print(options.out)
    return 0


def choose_extractor(options, data, train, labels):
    """The extractor that the options ask for."""
    wanted = options.extractor
    if wanted == "auto":
        wanted = "digits" if data in MNIST else "own"
    if wanted != "own":
        return extractors.get(wanted)
    # Made once for every run: distances in features of two extractors, even
    # of the same kind, cannot be compared.
    path = os.path.join(os.path.dirname(options.model), "extractor.keras")
    if os.path.exists(path):
        return extractors.Extractor.load(path, "own")
    extractor = extractors.fit(train, labels)
    extractor.save(path)
    return extractor


def shape(sizes):
    """`(28, 28, 1)` as `28x28x1`."""
    return "x".join(map(str, sizes))
