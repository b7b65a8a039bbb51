"""Are these generated digits good, and are they all there?

    python -m benchmarks.quality samples.npy --data mnist.npz

judges 5,000 samples with a classifier that never saw the held-out digits:

- confident: the share classified with probability above 0.9 is at least
  0.9 of the same share among held-out real digits;
- balanced: every class has between 6 % and 16 % of the samples;
- diverse: recall and coverage (k = 5, in the classifier's features) are at
  least 0.7 of what other real digits reach, overall and within each class.

Real digits do not reach 1 either: a finite sample never covers another one
of the same distribution. So every figure stands beside its *floor*, the
figure of real against real at the same sample size.

The exit status is 0 if all criteria are met, 1 otherwise.
"""

import argparse
import csv
import json
from pathlib import Path

import keras
import numpy as np

from benchmarks import classifiers
from gan_keras.datasets import to_uint8
from gan_keras.metrics import density_coverage
from gan_keras.metrics import frechet_distance
from gan_keras.metrics import precision_recall

SAMPLES = 5000
CONFIDENT = 0.9  # a probability above this is a confident one
MIN_CONFIDENT = 0.90  # of the share among real digits
MIN_SHARE, MAX_SHARE = 0.06, 0.16  # of the samples, in one class
MIN_DIVERSITY = 0.7  # of recall and coverage among real digits
K = 5


def real_sets(data=None):
    """Held-out real digits, and other real digits to set the floor.

    Args:
        data: Optional path of `mnist.npz`. Without it, the embedded digits.

    Returns:
        `(others, held_out)`, each `(images, labels)`. With full MNIST, two
        halves of its test part, 5,000 digits each. Offline, 1,000 digits of
        the train part (there are no others) and the 1,000 held-out ones.
    """
    (train_images, train_labels), (images, labels) = classifiers.real_digits(
        data
    )
    if data is not None:
        # Every other digit, because the first half of MNIST's test part is
        # easier to read than the second: other people wrote it.
        return (images[1::2], labels[1::2]), (images[::2], labels[::2])
    chosen = _subset(len(train_images), len(images))
    return (train_images[chosen], train_labels[chosen]), (images, labels)


def judge(fake_images, classifier, others, held_out):
    """Judges generated digits.

    Args:
        fake_images: uint8 array of shape `[N, 28, 28, 1]`. Confidence and
            balance are measured on all of them; the distances on as many as
            there are held-out digits, so there must not be fewer.
        classifier: A `benchmarks.classifiers.Classifier`.
        others: `(images, labels)` of real digits which stand in for a
            perfect generator and set the floor.
        held_out: `(images, labels)` of the real digits to compare with.

    Returns:
        A dict which JSON can hold. `"criteria"` has for every criterion its
        `"value"`, the `"floor"` among real digits (or None), the `"figure"`
        that is held against the limits (the ratio of the two, or the value
        itself), the limits `"at_least"` and `"at_most"`, the `"class"` it is
        about (or None), and `"passed"`. `"distances"` has value and floor
        without a limit; `"classes"` one row for every digit; `"passed"` is
        the verdict.
    """
    size = len(held_out[0])
    if min(len(fake_images), len(others[0])) < size:
        raise ValueError(
            f"{size} held-out digits need as many to compare. Received: "
            f"{len(fake_images)} samples, {len(others[0])} other real digits"
        )
    fake_features, fake_probabilities = classifier(fake_images)
    real_features, real_probabilities = classifier(held_out[0])
    other_features = classifier.features(others[0])
    fake_labels = fake_probabilities.argmax(-1)
    shares = np.bincount(fake_labels, minlength=10) / len(fake_labels)

    # Shuffled: a file of samples may be sorted by class.
    chosen = _subset(len(fake_labels), size)
    sets = [
        (real_features, held_out[1]),
        (fake_features[chosen], fake_labels[chosen]),
        (other_features[:size], others[1][:size]),
    ]
    overall = _diversity(*(features for features, _ in sets))
    classes = []
    for label in range(10):
        members = [features[labels == label] for features, labels in sets]
        classes.append(
            {"class": label, "share": float(shares[label])}
            | _diversity(*members)
        )

    criteria = {
        "confident": _criterion(
            np.mean(fake_probabilities.max(-1) > CONFIDENT),
            np.mean(real_probabilities.max(-1) > CONFIDENT),
            at_least=MIN_CONFIDENT,
        ),
        "smallest class": _criterion(
            shares.min(), label=shares.argmin(), at_least=MIN_SHARE
        ),
        "largest class": _criterion(
            shares.max(), label=shares.argmax(), at_most=MAX_SHARE
        ),
    }
    for name in ("recall", "coverage"):
        criteria[name] = _criterion(*overall[name], at_least=MIN_DIVERSITY)
        criteria[f"{name}, worst class"] = min(
            (
                _criterion(
                    *row[name], label=row["class"], at_least=MIN_DIVERSITY
                )
                for row in classes
            ),
            key=lambda criterion: criterion["figure"],
        )
    distances = {n: overall[n] for n in ("precision", "density")}
    distances["frechet"] = [
        frechet_distance(real_features, features) for features, _ in sets[1:]
    ]
    return {
        "classifier": classifier.name,
        "samples": len(fake_images),
        "compared": size,
        "passed": all(c["passed"] for c in criteria.values()),
        "criteria": criteria,
        "distances": {
            name: {"value": value, "floor": floor}
            for name, (value, floor) in distances.items()
        },
        "classes": classes,
    }


def _subset(total, size):
    """Indices of a random subset, the same one every time."""
    return np.sort(np.random.default_rng(0).permutation(total)[:size])


def _diversity(real, fake, others):
    """`[value, floor]` by name, at the size of the smallest set."""
    size = min(len(real), len(fake), len(others))
    pairs = {
        name: [0.0, 0.0]
        for name in ("precision", "recall", "density", "coverage")
    }
    if size > K:  # otherwise as good as missing
        real, fake, others = (
            features[_subset(len(features), size)]
            for features in (real, fake, others)
        )
        for i, features in enumerate((fake, others)):
            pairs["precision"][i], pairs["recall"][i] = precision_recall(
                real, features, k=K
            )
            pairs["density"][i], pairs["coverage"][i] = density_coverage(
                real, features, k=K
            )
    return {"size": size} | pairs


def _criterion(value, floor=None, label=None, at_least=None, at_most=None):
    figure = value
    if floor is not None:
        figure = value / floor if floor else 0.0
    return {
        "value": float(value),
        "floor": None if floor is None else float(floor),
        "figure": float(figure),
        "at_least": at_least,
        "at_most": at_most,
        "class": None if label is None else int(label),
        "passed": bool(
            (at_least is None or figure >= at_least)
            and (at_most is None or figure <= at_most)
        ),
    }


def table(report):
    """The report as text, one line for every figure."""
    lines = [
        f"{report['samples']:,} samples, {report['compared']:,} compared, "
        f"classifier: {report['classifier']}",
        f"{'':26}{'samples':>9}{'real':>9}{'figure':>9}  limit",
    ]
    for name, c in report["criteria"].items():
        label = "" if c["class"] is None else f" ({c['class']})"
        floor = "" if c["floor"] is None else f"{c['floor']:.4f}"
        low = c["at_least"] is not None
        limit = f">= {c['at_least']:.2f}" if low else f"<= {c['at_most']:.2f}"
        lines.append(
            f"{name + label:26}{c['value']:9.4f}{floor:>9}{c['figure']:9.4f}"
            f"  {limit}  {'ok' if c['passed'] else 'FAILED'}"
        )
    for name, d in report["distances"].items():
        lines.append(f"{name:26}{d['value']:9.4f}{d['floor']:9.4f}")
    lines.append("PASSED" if report["passed"] else "FAILED")
    return "\n".join(lines)


def append(path, report, **columns):
    """Appends one line to a CSV file, with a header if it is new.

    Args:
        path: The file.
        report: What `judge` returned.
        columns: First columns of the line: label, seed, minutes.
    """
    row = columns | {
        name: report[name]
        for name in ("classifier", "samples", "compared", "passed")
    }
    for name, c in report["criteria"].items():
        row[name.replace(", ", " ")] = f"{c['figure']:.4f}"
    for name, d in report["distances"].items():
        row[name] = f"{d['value']:.4f}"
        row[f"{name} floor"] = f"{d['floor']:.4f}"
    new = not Path(path).exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)


def load_samples(path, seed=0):
    """Samples from an array file, a saved GAN, or a run's directory.

    Args:
        path: `.npy` or `.npz` file of uint8 images; or a `.keras` file; or
            a directory with a `model.keras`, as `gan-keras train` writes.
        seed: Seed of the samples of a saved GAN.

    Returns:
        uint8 array of shape `[N, 28, 28, 1]`.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.keras"
    if path.suffix == ".keras":
        gan = keras.saving.load_model(path)
        return to_uint8(gan.generate(SAMPLES, seed=seed))
    images = np.load(path)
    if path.suffix == ".npz":
        if len(images.files) != 1:
            raise ValueError(
                "Expected an `.npz` file with one array. Received: "
                f"{images.files} in {path}"
            )
        images = images[images.files[0]]
    return images[..., None] if images.ndim == 3 else images


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Judge generated digits against real, held-out ones."
    )
    parser.add_argument(
        "samples",
        help="uint8 images (.npy, .npz), a saved GAN (.keras) or a directory "
        "with one",
    )
    classifiers.add_arguments(parser)
    parser.add_argument(
        "--classifier", choices=list(classifiers.NETWORKS), default="search"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the whole report as JSON"
    )
    parser.add_argument(
        "--append", metavar="CSV", help="add a line to a table of results"
    )
    for name in ("label", "seed", "minutes"):
        parser.add_argument(
            f"--{name}", default="", help="a column of that line"
        )
    options = parser.parse_args(arguments)

    images = load_samples(options.samples)
    images = images[_subset(len(images), SAMPLES)]
    classifier = classifiers.load(
        options.classifier, options.data, options.cache
    )
    report = judge(images, classifier, *real_sets(options.data))
    print(json.dumps(report) if options.json else table(report))
    if options.append:
        append(
            options.append,
            report,
            label=options.label,
            seed=options.seed,
            minutes=options.minutes,
        )
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
