"""What must be right before a training begins, and the images for it.

Everything that can be known to be wrong is found here, before a folder is
read, and before anything is written.
"""

import os
import time
import warnings

import tensorflow as tf

from gan_keras import datasets
from gan_keras.callbacks.csv_history import read_history
from gan_keras.callbacks.pace import duration
from gan_keras.callbacks.resume import checkpoints
from gan_keras.callbacks.resume import newest
from gan_keras.datasets.decoded import first_size
from gan_keras.networks.shapes import check_image_shape


def check_checkpoints(out):
    """Whether a run has any; if it cannot go on, it must not begin anew.

    (It would delete itself.)
    """
    with warnings.catch_warnings():  # of damage; `Resume` will warn of it
        warnings.simplefilter("ignore")
        if newest(checkpoints(out)) is not None:
            return True
    # Before the first epoch was over there was nothing to keep.
    if read_history(os.path.join(out, "history.csv")) or os.path.exists(
        os.path.join(out, "model.keras")
    ):
        raise ValueError(
            f"--resume needs a checkpoint, and {out} has none though it was "
            "trained. Bring its folder `checkpoints` back, or begin anew: "
            "train with another --out, or with --overwrite."
        )
    return False


def check_before_loading(options, recipe, strategy, folder):
    """What can be known without the images: a folder takes long to read."""
    size = options.image_size
    if size is not None and options.recipe != "gan":
        check_image_shape((size, size, 3))
    with strategy.scope():
        if options.minutes and tf.distribute.has_strategy():
            raise ValueError(
                "--minutes is for one process: several workers would each "
                "measure another number of epochs. Use --epochs."
            )
    if folder is None:
        return
    if recipe.classes:
        check_classes(options, folder.labels)
    if size is None and options.recipe != "gan":
        size = first_size(folder)
        try:
            check_image_shape((*(size or (64, 64)), 3))
        except ValueError as error:
            raise ValueError(
                f"The images in {options.data} must have a height and a width "
                "of 8 to 128 pixels: resize them, e.g. with --image-size 64. "
                f"Received: {size[1]}x{size[0]}, width by height"
            ) from error


def check_names(options, config, folder):
    """Notes a folder's classes and files; the classes stay in a resume."""
    before = config.get("class_names")
    if before is not None and folder is None:
        raise ValueError(
            f"The run's images were in the folder {options.data}, and there "
            "is no such folder now. Bring it back, and resume the run then."
        )
    options.class_names = None if folder is None else folder.class_names
    options.files = None if folder is None else len(folder)
    if before is not None and before != options.class_names:
        raise ValueError(
            f"The run's classes are {before}, but the sub-folders of "
            f"{options.data} now are {options.class_names}."
        )


def check_classes(options, labels):
    if labels is None:
        raise ValueError(
            f"{options.recipe} needs a class for every image, and "
            f"{options.data} has none. Sort a folder of images into one "
            "sub-folder per class, or take another recipe."
        )


def count_classes(options, labels):
    """How many classes there are; each must have an image."""
    if options.class_names is None:
        return int(labels.max()) + 1
    for number, name in enumerate(options.class_names):
        if number not in labels:
            raise ValueError(
                f"{options.data} has no image of the class {name!r} that can "
                "be read: bring some, or remove its sub-folder. (See "
                f"`gan-keras data {options.data}`.)"
            )
    return len(options.class_names)


def check_images(options, config, images):
    """A run must go on with the images that it began with."""
    had, have = list(config["images"]), list(images.shape)
    if None not in (config.get("files"), options.files):
        # Where there is room now for other images than at first, others of
        # them may be in use: of a streamed folder all, else the unbroken ones.
        had[0], have[0] = config["files"], options.files
    if had != have:
        raise ValueError(
            f"The run was trained on images {had}, but {options.data} now "
            f"holds {have}."
        )


class Patience:
    """Says every few seconds how many files are read, and how long it takes.

    Args:
        seconds: Float, from one line to the next.
    """

    def __init__(self, seconds=5.0):
        self.seconds = seconds
        self.begin = self.last = time.monotonic()

    def __call__(self, done, total):
        now = time.monotonic()
        if now - self.last < self.seconds or not done:
            return
        self.last = now
        rate = done / (now - self.begin)
        print(
            f"  {done:,} of {total:,} files, {rate:,.0f} a second, "
            f"{duration((total - done) / rate)} left",
            flush=True,
        )


def load_data(options):
    """The images to train on, wherever there is room for them, and labels."""
    if os.path.isdir(options.data):
        print(f"Reading {options.data} ...", flush=True)
    # A large folder's pixels go beside the run, where there should be room:
    # the system's own folder for temporary files is often one in memory.
    directory = os.path.abspath(options.out)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return datasets.load(
        options.data,
        split="train",
        image_size=options.image_size,
        memory=options.memory * 2**20,
        directory=directory,
        progress=Patience(),
    )
