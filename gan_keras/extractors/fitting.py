"""An extractor of one's own, made from the images themselves."""

import functools
import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras.batching import in_batches
from gan_keras.datasets import to_float
from gan_keras.datasets.pipelines import data_options
from gan_keras.extractors.base import Extractor
from gan_keras.precision import precision

FEATURES = 64
PICTURE = 4  # rows and columns of the coarse picture
BATCH_SIZE = 64


@precision("float32")
def small_cnn(image_shape, num_classes, width=16, seed=0):
    """A classifier that is small enough to train in a minute.

    Strided convolutions halve the map until its shorter side is 8 or less,
    with twice as many channels each time; then 64 features, then the classes.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        num_classes: Int.
        width: Int, channels of the first map.
        seed: Int, of the first weights and of dropout.

    Returns:
        A `keras.Model`: float32 images `[batch, *image_shape]` in [-1, 1] to
        `[features, probabilities]`, `[batch, 64]` and `[batch, num_classes]`.
    """

    seeds = itertools.count(100 * seed)  # not Keras' own, which is global

    def glorot():
        return keras.initializers.GlorotUniform(next(seeds))

    def see(x, channels, strides=1):
        x = layers.Conv2D(
            channels,
            3,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer=glorot(),
        )(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    images = keras.Input(image_shape, name="images")
    x = see(images, width)
    while min(x.shape[1:3]) > 8:
        width *= 2
        x = see(x, width, strides=2)
    x = see(x, width)
    x = layers.Dropout(0.3, seed=next(seeds))(layers.Flatten()(x))
    # A gentle slope on both sides: features that are cut off at zero are far
    # from the Gaussians that the Fréchet distance takes them for.
    x = layers.Dense(FEATURES, kernel_initializer=glorot())(x)
    features = layers.LeakyReLU(0.2, name="features")(x)
    x = layers.Dropout(0.3, seed=next(seeds))(features)
    x = layers.Dense(
        num_classes,
        activation="softmax",
        kernel_initializer=glorot(),
        name="classes",
    )(x)
    return keras.Model(images, [features, x], name="small_cnn")


def coarse_picture(images):
    """The images, averaged to about 4 x 4 cells, as a vector.

    Args:
        images: Float tensor `[batch, H, W, C]`.

    Returns:
        Float tensor `[batch, rows * columns * C]`.
    """
    cell = [max(1, size // PICTURE) for size in images.shape[1:3]]
    return layers.Flatten()(layers.AveragePooling2D(cell)(images))


@precision("float32")
def with_picture(network, scaling, classes=True):
    """Puts a coarse picture beside what a network sees in an image.

    A classifier has learnt not to care how thick a stroke is, or where it
    lies; a distance in its features alone is nearly blind to both, and puts
    the generators of one run into the wrong order.

    Args:
        network: A `small_cnn`.
        scaling: Dict, `scale` and `offset` of the picture's values: see
            `picture_scaling`.
        classes: Boolean; `False` leaves the probabilities out.

    Returns:
        A `keras.Model`, images to `[features, probabilities]`, as `network`,
        but with the picture behind its 64 features; or to features alone.
    """
    images = network.inputs[0]
    picture = layers.Rescaling(**scaling)(coarse_picture(images))
    features, probabilities = network.outputs
    features = layers.Concatenate(name="with_picture")([features, picture])
    seen = [features, probabilities] if classes else features
    return keras.Model(images, seen, name=network.name)


@precision("float32")
def picture_scaling(network, images):
    """What makes the picture vary as much as the features, around zero.

    Args:
        network: A `small_cnn`.
        images: Uint8 array `[N, H, W, C]`.

    Returns:
        Dict of floats: `scale`, the root of the ratio of both total
        variances, and `offset`, which moves the mean to zero.
    """
    features, _ = Extractor("features", network)(images)
    pictures = in_batches(lambda x: coarse_picture(to_float(x)), images)
    # Images that are all the same vary in neither.
    ratio = features.var(axis=0).sum() / max(pictures.var(axis=0).sum(), 1e-9)
    scale = float(np.sqrt(ratio))
    return {"scale": scale, "offset": -scale * float(pictures.mean())}


def fit(images, labels=None, name="own", steps=2000, seed=0, verbose=0):
    """Makes an extractor from images of your own, in a minute or two.

    With labels it learns to tell the classes. Without, it learns to tell by
    how many quarters of a turn an image was rotated (whether it stands on its
    head, where images are not square), which takes an eye for what is in it
    (Gidaris et al., 2018, arXiv:1803.07728); it then has features only, and no
    classes. Beside its 64 features stands a coarse picture of the image: see
    `with_picture`.

    Example:

    ```python
    images, _ = gk.datasets.load("my/faces", image_size=64)
    extractor = gk.extractors.fit(images, name="faces")
    ```

    Args:
        images: Uint8 array `[N, H, W, C]`: the train part only.
        labels: Ints `[N]`, or None.
        name: String, which the figures will carry.
        steps: Int, training steps of 64 images.
        seed: Int; the same seed (and that of `keras.utils.set_random_seed`, if
            any) gives the same extractor.
        verbose: As of `keras.Model.fit`.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If images and labels do not fit each other, if there is
            only one class, or if the name is taken.
    """
    if name in ("digits", "inception"):
        raise ValueError(
            "`name` must be your own, or its figures would be taken for those "
            f"of the extractor that is called so. Received: name={name!r}"
        )
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or len(images) < 2:
        raise ValueError(
            "`images` must be uint8 of shape [N, H, W, C], two at the least. "
            f"Received: {images.dtype}, shape {images.shape}"
        )
    has_classes = labels is not None
    if not has_classes:
        labels = np.zeros(len(images), np.int64)
        num_classes = 4 if images.shape[1] == images.shape[2] else 2
        change = functools.partial(rotate, turns=num_classes)
    else:
        labels = np.asarray(labels)
        if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
            raise ValueError(
                "`labels` must be one whole number for each image. Received: "
                f"{labels.dtype}, shape {labels.shape}, {len(images)} images"
            )
        found, labels = np.unique(labels, return_inverse=True)
        num_classes, change = len(found), nudge
        if num_classes < 2:
            raise ValueError(
                "`labels` must name two classes at the least; leave them out "
                f"to fit without. Received: only class {found[0]}"
            )
    network = train(images, labels, num_classes, change, steps, seed, verbose)
    scaling = picture_scaling(network, images)
    return Extractor(name, with_picture(network, scaling, has_classes))


@precision("float32")
def train(images, labels, num_classes, change, steps, seed, verbose=0):
    """Trains a `small_cnn`.

    Args:
        images: Uint8 array `[N, H, W, C]`.
        labels: Ints `[N]` from 0.
        num_classes: Int.
        change: Function `seed` to a function that changes a batch
            `(images, labels)` at random; images are floats in [-1, 1].
        steps: Int, training steps.
        seed: Int.
        verbose: As of `keras.Model.fit`.

    Returns:
        The `keras.Model`.
    """
    model = small_cnn(images.shape[1:], num_classes, seed=seed)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(2e-3, steps)
        ),
        # Only the classes are graded, the features follow.
        loss=[None, "sparse_categorical_crossentropy"],
        jit_compile=False,
    )
    data = (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images), seed=seed)
        .repeat()
        .batch(BATCH_SIZE)
        .map(lambda x, y: (to_float(x), y))
        .map(change(seed))
        .map(lambda x, y: (x, (y, y)))
        .prefetch(2)
        .with_options(data_options())
    )
    model.fit(
        data,
        steps_per_epoch=steps,
        epochs=1,
        shuffle=False,  # it shuffles itself
        verbose=verbose,
    )
    return model


def nudge(seed):
    """A function that shifts, turns and zooms images a little."""
    common = {"fill_mode": "constant", "fill_value": -1.0}
    steps = [
        layers.RandomTranslation(0.08, 0.08, seed=seed, **common),
        layers.RandomRotation(0.03, seed=seed + 1, **common),
        layers.RandomZoom(0.1, seed=seed + 2, **common),
    ]

    def change(images, labels):
        for step in steps:
            images = step(images, training=True)
        return images, labels

    return change


def rotate(seed, turns=4):
    """A function that turns images, by what becomes the label.

    Args:
        seed: Int.
        turns: Int, 4 for quarters; 2 for halves, for images that are not
            square.
    """
    generator = tf.random.Generator.from_seed(seed)

    def change(images, labels):
        labels = generator.uniform(
            [tf.shape(images)[0]], maxval=turns, dtype=tf.int32
        )
        turned = tf.map_fn(
            lambda pair: tf.image.rot90(*pair),
            (images, labels * (4 // turns)),
            fn_output_signature=images.dtype,
        )
        return tf.ensure_shape(turned, images.shape), labels

    return change
