"""`pipeline`: shuffled batches whose order can be repeated.

A run that was interrupted and resumed must see the images in the order it
would have seen without the interruption. So the order of an epoch is a pure
function of (seed, epoch), `epoch_order`, and not of what the process did
before.
"""

import os
import warnings

import numpy as np
import tensorflow as tf

from gan_keras.datasets.checks import as_int
from gan_keras.datasets.checks import as_labels
from gan_keras.datasets.decoded import ImagesOnDisk
from gan_keras.datasets.folder import ImageFolder
from gan_keras.datasets.pixels import to_float


def epoch_order(num_images, seed, epoch):
    """The order in which an epoch visits the images.

    Args:
        num_images: Number of images N.
        seed: Integer, 0 to 2**32 - 1.
        epoch: Integer, from 0.

    Returns:
        A permutation of 0 to N - 1, `int64` `[N]`.

    Example:

    >>> epoch_order(5, seed=0, epoch=0)
    array([2, 0, 3, 4, 1])
    """
    # RandomState and not default_rng: NumPy promises that its stream never
    # changes, so a run can be repeated with another version.
    random = np.random.RandomState([seed, epoch])
    return random.permutation(num_images).astype(np.int64)


def epoch_flips(num_images, seed, epoch):
    """Which places of an epoch show a mirror image: bool `[N]`, about half."""
    # Other numbers than those of the order, though of the same seed.
    random = np.random.RandomState([seed, epoch, 1])
    return random.randint(0, 2, num_images).astype(bool)


def pipeline(
    images,
    labels=None,
    batch_size=64,
    *,
    seed=0,
    shuffle=True,
    flip=False,
    epoch_size=None,
    drop_remainder=True,
):
    """Makes batches for training: scaled, shuffled anew in every epoch.

    The images stay in memory as they are given (`uint8` is four times smaller
    than what the networks see); each batch is gathered and scaled when its
    turn comes. An `ImageFolder` or `ImagesOnDisk` is read from disk batch by
    batch.

    **Which epoch?** Keras does not tell a data set which epoch it is in, and
    may begin an iteration that it never uses. The returned data set therefore
    has a method `set_epoch(epoch)`: call it before an epoch, as `GAN.fit` does
    on its own, and the next iteration, once its first batch is taken, follows
    `epoch_order(N, seed, epoch)`. The epoch then stays until it is set again:
    two iterations give the same order twice. If `set_epoch` is never called,
    every iteration that is begun counts as an epoch: 0, 1, 2... So a loop by
    hand, or a plain Keras model, gets a new order each time as well.
    `set_epoch(None)` goes back to counting, on from the current epoch.

    Data sets derived with `.map()`, `.take()` and the like follow the same
    order but have no `set_epoch` of their own: call that of the original. With
    `fit(steps_per_epoch=...)`, Keras may carry one iteration over into the
    next epoch; leave it out, as the length of an epoch is known.

    Args:
        images: `uint8` `[N, H, W, C]`; or floating point, already in [-1, 1];
            or `ImagesOnDisk`; or an `ImageFolder` with a fixed `image_size`
            and `channels`. Also floating-point points of the plane or the
            line, `[N, D]`, which are passed on as they are.
        labels: Integers `[N]`, or None. For a folder: `folder.labels`.
        batch_size: Number of images B in a batch.
        seed: Integer, 0 to 2**32 - 1.
        shuffle: False keeps the given order, in every epoch.
        flip: Whether to mirror images left to right with probability 1/2,
            anew in every epoch; where left and right mean nothing, it doubles
            what there is to see. What is mirrored is a pure function of
            (seed, epoch, place in the epoch).
        epoch_size: Int, the images of an epoch, if not all N: each epoch goes
            on where the one before stopped. For large sets, of which an epoch
            would take long.
        drop_remainder: Whether to leave out the last batch if it has fewer
            than B images: a second batch shape makes XLA compile the training
            step again. Shuffling leaves out other images each time.

    Returns:
        A `tf.data.Dataset` of known length with the method `set_epoch`. It
        yields images, `float32` `[B, H, W, C]` in [-1, 1], or with labels
        pairs `(images, labels)`, labels `int64` `[B]`.

    Raises:
        ValueError: If an argument is unusable, before anything else happens.

    Example:

    ```python
    images, labels = gan_keras.datasets.load("digits")
    data = gan_keras.datasets.pipeline(images, labels, batch_size=64)
    for real_images, classes in data:  # [64, 28, 28, 1] and [64]
        ...
    ```
    """
    batch_size = as_int("batch_size", batch_size, minimum=1)
    seed = as_int("seed", seed, minimum=0)
    if seed >= 2**32:
        raise ValueError(f"`seed` must be below 2**32. Received: seed={seed}")
    if not isinstance(images, (ImageFolder, ImagesOnDisk)):
        images = _checked_images(images)
    if flip and len(images.shape) != 4:
        raise ValueError(
            "`flip` is for images; points have no left and right. "
            f"Received: flip={flip!r} for an array of shape {images.shape}"
        )
    num_images = len(images)
    if epoch_size is None:
        epoch_size = num_images
    epoch_size = as_int("epoch_size", epoch_size, minimum=1)
    if drop_remainder and batch_size > epoch_size:
        limit = "the number of images"
        if epoch_size != num_images:
            limit = "`epoch_size`, the images of an epoch"
        raise ValueError(
            f"`batch_size` must not exceed {limit}, or an epoch "
            "would be empty: make it smaller or pass drop_remainder=False. "
            f"Received: batch_size={batch_size} for {epoch_size} images"
        )
    if labels is not None:
        labels = as_labels(labels, num_images, "`labels`")

    epochs = _Orders(num_images, seed, shuffle, flip, epoch_size)
    places = tf.data.Dataset.range(1).flat_map(epochs.next_places)
    # flat_map hides the length, which Keras needs for its progress bar.
    places = places.apply(tf.data.experimental.assert_cardinality(epoch_size))
    read = _gather
    if isinstance(images, ImageFolder):
        read = _stream
    elif isinstance(images, ImagesOnDisk):
        read = _read_rows
    batches = read(images, labels, places, batch_size, drop_remainder)
    if flip:
        batches = batches.map(_mirror)
    # What was mirrored has had its say: images, or images and labels.
    batches = batches.map(lambda flips, *batch: _one_or_pair(*batch))
    dataset = batches.prefetch(2).with_options(data_options())
    dataset.set_epoch = epochs.set_epoch
    dataset.labels = labels  # all of them, to be checked before training
    dataset.num_images = num_images  # not all in one epoch, perhaps
    # Folders and files on the disk are uint8, too.
    dataset.scaled = getattr(images, "dtype", "uint8") == "uint8"
    return dataset


def data_options():
    """How TensorFlow is to run a data set of ours."""
    options = tf.data.Options()
    # There is nothing to tune here, and the thread that would tune it may miss
    # the signal to end: an epoch then begins seconds late, asleep.
    options.autotune.enabled = False
    # Nor to rewrite; for that every iteration would first copy all images that
    # are in memory: half a second for 400 MB, before each `fit` begins.
    options.experimental_optimization.apply_default_optimizations = False
    # Several workers share the batches out; there are no files to share out.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return options


class Epochs:
    """Knows which epoch is next.

    A Python object that the data set asks, once an iteration, when its first
    element is taken. Asking that late matters, as Keras may create an iterator
    before it announces the epoch. And it is not a `tf.Variable`, because those
    would be mirrored if they were made under a distribution strategy.
    """

    def __init__(self):
        self.epoch = 0
        self.counting = True

    def set_epoch(self, epoch):
        """Fixes the epoch of the next iterations; None counts on."""
        if epoch is not None:
            self.epoch = as_int("epoch", epoch, minimum=0)
        self.counting = epoch is None

    def next(self):
        epoch = self.epoch
        if self.counting:
            self.epoch += 1
        return epoch


class _Orders(Epochs):
    """Hands each iteration its order."""

    def __init__(self, num_images, seed, shuffle, flip, epoch_size):
        super().__init__()
        self.num_images = num_images
        self.seed = seed
        self.shuffle = shuffle
        self.flip = flip
        self.epoch_size = epoch_size

    def next_order(self):
        epoch = self.next()
        flips = np.zeros(self.epoch_size, bool)
        if self.flip:
            flips = epoch_flips(self.epoch_size, self.seed, epoch)
        return self.order(epoch), flips

    def order(self, epoch):
        """Which images the epoch visits: int64 `[epoch_size]`."""
        # Rounds through all images, laid end to end and cut into epochs.
        begin = epoch * self.epoch_size
        first = begin // self.num_images
        last = (begin + self.epoch_size - 1) // self.num_images
        rounds = [self.round(number) for number in range(first, last + 1)]
        begin -= first * self.num_images
        return np.concatenate(rounds)[begin : begin + self.epoch_size]

    def round(self, number):
        if not self.shuffle:
            return np.arange(self.num_images)
        return epoch_order(self.num_images, self.seed, number)

    def next_places(self, _):
        order, flips = tf.numpy_function(self.next_order, [], [tf.int64, bool])
        order.set_shape([self.epoch_size])
        flips.set_shape([self.epoch_size])
        return tf.data.Dataset.from_tensor_slices((order, flips))


# The three readers below turn places, pairs of an index and whether it is to
# be mirrored, into batches `(flips, images)` or `(flips, images, labels)`.


def _gather(images, labels, places, batch_size, drop_remainder):
    """Batches from arrays in memory."""
    with tf.device("CPU:0"):  # not on the GPU, where the networks need room
        images = tf.constant(images)
        labels = None if labels is None else tf.constant(labels)

    def gather(rows, flips):  # [B] each
        real_images = tf.gather(images, rows)
        if real_images.dtype == tf.uint8:
            real_images = to_float(real_images)
        if labels is None:
            return flips, real_images
        return flips, real_images, tf.gather(labels, rows)

    # One map over whole batches: per image, calling would cost more than the
    # work. It needs no parallel calls either, the networks need the cores.
    return places.batch(batch_size, drop_remainder).map(gather)


def _read_rows(images, labels, places, batch_size, drop_remainder):
    """Batches from a file of decoded images."""
    if labels is not None:
        with tf.device("CPU:0"):
            labels = tf.constant(labels)

    def read(rows, flips):
        real_images = tf.numpy_function(images.__getitem__, [rows], tf.uint8)
        real_images.set_shape([*rows.shape, *images.image_shape])
        if labels is None:
            return flips, to_float(real_images)
        return flips, to_float(real_images), tf.gather(labels, rows)

    return places.batch(batch_size, drop_remainder).map(read)


def _stream(folder, labels, places, batch_size, drop_remainder):
    """Batches from files, of which only a few are in memory at a time."""
    if folder.image_size is None or folder.channels is None:
        raise ValueError(
            "To be read batch by batch, a folder needs a fixed size and number "
            "of channels: ImageFolder(path, image_size=64, channels=3). "
            f"Received: image_size={folder.image_size}, "
            f"channels={folder.channels}"
        )
    folder.sample(0)  # fail now, not in the first epoch, if none is readable
    if labels is not None:
        with tf.device("CPU:0"):
            labels = tf.constant(labels)

    def read(index, flip):
        # Pillow and not tf.io, so that every format is handled as in `load`.
        image, place = tf.numpy_function(
            folder.sample, [index], [tf.uint8, tf.int64]
        )
        image.set_shape([*folder.image_size, folder.channels])
        place.set_shape([])
        if labels is None:
            return flip, image
        # The label of the image that was read, which may be a substitute's.
        return flip, image, tf.gather(labels, place)

    def scale(flips, images, *labels):
        return flips, to_float(images), *labels

    samples = places.map(read, num_parallel_calls=os.cpu_count())
    return samples.batch(batch_size, drop_remainder).map(scale)


def _mirror(flips, images, *labels):
    flips = flips[:, tf.newaxis, tf.newaxis, tf.newaxis]  # [B, 1, 1, 1]
    return flips, tf.where(flips, images[:, :, ::-1], images), *labels


def _one_or_pair(images, labels=None):
    return images if labels is None else (images, labels)


def _checked_images(images):
    """`uint8` or `float32` in [-1, 1], or a `ValueError`."""
    if isinstance(images, (str, bytes)) or hasattr(images, "__fspath__"):
        raise ValueError(
            "`images` must be an array or an `ImageFolder`: use "
            "`load(path)` or `ImageFolder(path, image_size=64)`. "
            f"Received: images={str(images)!r}"
        )
    images = np.asarray(images)
    if images.ndim == 2 and images.size and "float" in images.dtype.name:
        return images.astype(np.float32)  # points have no range to check
    if images.ndim != 4 or images.size == 0:
        raise ValueError(
            "`images` must have the shape [N, H, W, C], with at least one "
            "image; grey images without C gain it with "
            "`images[..., np.newaxis]`. (Points, [N, D], are floating point.) "
            f"Received: images of shape {images.shape}"
        )
    if images.dtype == np.uint8:
        return images
    if "float" not in images.dtype.name:
        raise ValueError(
            "`images` must be uint8 (0 to 255) or floating point in [-1, 1]. "
            f"Received: images of dtype {images.dtype}"
        )
    images = images.astype(np.float32)
    low, high = images.min(), images.max()
    if not (low >= -1 and high <= 1):  # written so that NaN fails too
        raise ValueError(
            "Floating-point `images` must lie in [-1, 1]. From 0 to 255, "
            "`images / 127.5 - 1` brings them there. "
            f"Received: images from {low} to {high}"
        )
    if low >= 0:
        warnings.warn(
            f"`images` run from {low} to {high}, with nothing below 0. If "
            "they are in [0, 1], `images * 2 - 1` brings them to the [-1, 1] "
            "of the networks.",
            stacklevel=3,
        )
    return images
