"""Are the images what D can judge, and the latents what G can draw from?"""

import itertools
import warnings

import keras
import numpy as np
import tensorflow as tf

from gan_keras.checks.networks import batch_norms

_SCALE = (
    "Scale uint8 images with `gk.datasets.pipeline(images)`, or a dataset of "
    "your own with `dataset.map(gk.datasets.to_float)` (with labels: "
    "`dataset.map(lambda x, y: (gk.datasets.to_float(x), y))`)."
)


def images(gan, batch, argument="images", scaled=False):
    """Are these what D can judge, scaled as G draws them?

    With `scaled` we have made them of uint8, and they may all be bright.
    """
    if not hasattr(batch, "dtype") or not hasattr(batch, "shape"):
        raise ValueError(
            f"`{argument}` must hold arrays or tensors of images. "
            f"Received: {type(batch).__name__}"
        )
    expected = gan.sample_shape
    received = tuple(batch.shape)
    if received[1:] != expected:
        hint = ""
        if received[1:] + (1,) == expected:
            hint = " Add the channel axis: `images[..., None]`."
        raise ValueError(
            f"`{argument}` must have shape [batch, "
            f"{', '.join(map(str, expected))}], as the discriminator takes "
            f"them.{hint} Received: shape {received}"
        )
    if not tf.as_dtype(batch.dtype).is_floating:
        raise ValueError(
            f"`{argument}` must be floating point in [-1, 1]. {_SCALE} "
            f"Received: dtype {tf.as_dtype(batch.dtype).name}"
        )
    values = np.asarray(batch)
    if not np.isfinite(values).all():
        raise ValueError(
            f"`{argument}` must be finite. Received: NaN or infinite values"
        )
    if len(expected) != 3 or not values.size:
        return  # points in the plane have no fixed range
    low, high = float(values.min()), float(values.max())
    if low < -1.001 or high > 1.001:
        raise ValueError(
            f"`{argument}` must lie in [-1, 1], as the generator draws them. "
            f"{_SCALE} Received: values in [{low:g}, {high:g}]"
        )
    if low >= 0 and high > 0.5 and gan.generator.layers and not scaled:
        # Not one pixel darker than middle grey.
        message = (
            f"`{argument}` seem to lie in [0, 1]; the generator draws in "
            f"[-1, 1]. Use `images * 2 - 1`. "
            f"Received: values in [{low:g}, {high:g}]"
        )
        if len(values) >= 8:  # fewer may be a choice of bright ones
            raise ValueError(message)
        warnings.warn(message, stacklevel=3)


def training_data(gan, x, y=None, batch_size=None, shuffle=True):
    """Makes batches of whatever `fit` was given, and looks at the first.

    Only arrays are shuffled here, if they are to be.

    Returns:
        Tuple of what `keras.Model.fit` should get as `x`, and its first batch.
    """
    if x is None:
        raise ValueError("`x` must be the real images. Received: x=None")
    if isinstance(x, tuple) and len(x) == 2 and y is None:
        x, y = x
    if isinstance(x, (np.ndarray, tf.Tensor)):
        from gan_keras.datasets import pipeline

        images(gan, x[:1024], "x")
        x = pipeline(
            np.asarray(x),
            y,
            batch_size=(
                64 * gan.critic_steps if batch_size is None else batch_size
            ),
            seed=gan.seed,
            shuffle=bool(shuffle),
        )
        y = batch_size = None
    if y is not None or batch_size is not None:
        raise ValueError(
            "`y` and `batch_size` go with arrays; a dataset brings its own. "
            f"Received: x of type {type(x).__name__}"
        )
    if isinstance(x, tf.data.Dataset):
        first = next(iter(x.take(1)), None)
        if first is None:
            raise ValueError(
                "`x` must hold at least one batch. Received: an empty "
                "dataset (is `batch_size` larger than the number of images?)"
            )
    elif isinstance(x, keras.utils.PyDataset):
        if x.num_batches == 0:
            raise ValueError(
                "`x` must hold at least one batch. Received: an empty dataset"
            )
        first = x[0]
    elif hasattr(x, "__next__"):
        first = next(x, None)
        if first is None:
            raise ValueError(
                "`x` must yield at least one batch. Received: a generator "
                "without any"
            )
        x = _put_back(gan, first, x)
    else:
        raise ValueError(
            "`x` must be an array, a `tf.data.Dataset`, a "
            "`keras.utils.PyDataset` or a generator of batches. "
            f"Received: {type(x).__name__}"
        )
    real_images, first_labels = unpack(first, "x")
    images(gan, real_images, "x", getattr(x, "scaled", False))
    if gan.needs_labels:
        # A pipeline of ours shows all of its labels; others the first ones.
        labels(gan, first_labels, len(real_images), "x")
        ours = isinstance(x, tf.data.Dataset) and hasattr(x, "set_epoch")
        if ours and x.labels is not None:
            labels(gan, x.labels, len(x.labels), "x")
    turns(gan, x, len(real_images))
    company(gan, len(real_images))
    return x, first


def different_images(data, first):
    """How many images there are to be seen; None if the data does not tell.

    Args:
        data: What `training_data` returned.
        first: Its first batch.

    Returns:
        Int, or None.
    """
    if hasattr(data, "num_images"):  # a pipeline of ours
        return data.num_images
    if isinstance(data, tf.data.Dataset):
        batches = int(data.cardinality())
    elif isinstance(data, keras.utils.PyDataset):
        batches = data.num_batches
    else:
        return None
    if batches is None or batches < 0:  # without an end, or it is not known
        return None
    return batches * len(unpack(first, "x")[0])


def _put_back(gan, first, batches):
    """A generator of batches of which the first was taken.

    As tuples: Keras takes no generator of anything else. Nobody can know
    beforehand how large they will be, so each is looked at when it comes.
    """
    for batch in itertools.chain([first], batches):
        batch = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
        turns(gan, batches, len(batch[0]))
        yield batch


def unpack(batch, argument):
    """Tuple of the images and the labels, or None, of a batch."""
    found, classes, weights = keras.utils.unpack_x_y_sample_weight(batch)
    if weights is not None:
        raise ValueError(
            f"`{argument}` must be images, or pairs of images and labels: "
            "weights of samples have no effect on a GAN. "
            "Received: batches of three parts"
        )
    return found, classes


def held_out_data(gan, data, argument):
    """Are the images (and labels) held out ones that D can judge?"""
    scaled = getattr(data, "scaled", False)
    if isinstance(data, tf.data.Dataset):
        data = next(iter(data.take(1)), None)
    elif isinstance(data, keras.utils.PyDataset):
        data = data[0]
    elif hasattr(data, "__next__"):
        return  # its batches can be had only once
    found, classes = unpack(data, argument)
    images(gan, found, argument, scaled)
    if gan.needs_labels:
        labels(gan, classes, len(found), argument)


def latents(gan, vectors):
    """Are these what G can draw from?"""
    if gan.needs_labels and isinstance(vectors, (tuple, list)):
        vectors, _ = vectors
    if np.ndim(vectors) != 2 or np.shape(vectors)[1] != gan.latent_dim:
        raise ValueError(
            f"`latents` must have shape [n, {gan.latent_dim}], as the "
            "generator takes them; `gan.draw_latents(n)` draws some. "
            f"Received: shape {tuple(np.shape(vectors))}"
        )


def turns(gan, x, batch_size):
    """Can every batch be dealt out to D's turns, on every replica?"""
    hands = gan.critic_steps
    if hands == 1:
        return
    hands *= gan.distribute_strategy.num_replicas_in_sync
    sizes = [batch_size]
    if isinstance(x, keras.utils.PyDataset):
        if x.num_batches is not None:  # it has an end
            last = keras.utils.unpack_x_y_sample_weight(x[x.num_batches - 1])
            sizes.append(len(last[0]))
    elif (
        isinstance(x, tf.data.Dataset)
        and tf.nest.flatten(x.element_spec)[0].shape[0] is None
    ):
        raise ValueError(
            "`x` may have a smaller last batch, which cannot be dealt out to "
            f"{gan.critic_steps} critic steps: make the batches with "
            "`drop_remainder=True`, as `gk.datasets.pipeline` does. "
            "Received: batches of unknown size"
        )
    for size in sizes:
        deal(size, hands)


def deal(batch_size, hands):
    """Can a batch be dealt out to so many hands?

    With too few images some turn of D's would have none, and G's BatchNorm
    would be told that the mean of no images is NaN.
    """
    if batch_size is not None and batch_size % hands:
        raise ValueError(
            "`x` must come in batches that can be dealt out to all critic "
            f"steps (on all replicas): make the batch size a multiple of "
            f"{hands}. Received: a batch of {batch_size}"
        )


def company(gan, batch_size):
    """Do the images of each turn give BatchNorm something to compare?

    After a dense layer it takes the mean of the batch away. Of one image that
    leaves nothing: G would draw the same from every z.
    """
    images = batch_size // gan.critic_steps
    if images != 1:
        return
    for network in (gan.generator, gan.discriminator):
        for layer in batch_norms(network):
            if layer.input_spec and layer.input_spec.ndim == 2:
                raise ValueError(
                    "`x` must come in batches of two images or more for each "
                    "of D's turns: BatchNorm after a dense layer takes the "
                    "mean of the batch away, and of one image nothing is "
                    f"left. Received: a batch of {batch_size} for "
                    f"critic_steps={gan.critic_steps}, and layer "
                    f"{layer.name!r} of {network.name!r}"
                )


def labels(gan, found, n, argument="labels"):
    """Are these labels of classes that the networks know?"""
    if found is None:
        raise ValueError(
            f"`{argument}` must have labels, since the model is conditional: "
            "`gk.datasets.pipeline(images, labels)`, or `fit(images, labels)`. "
            "Received: images only"
        )
    found = np.asarray(found)
    if found.dtype.kind == "f" and found.shape == (n, gan.num_classes):
        if not np.isfinite(found).all():
            raise ValueError(
                f"`{argument}`: the class weights must be finite. "
                "Received: NaN or infinite values"
            )
        return
    if found.dtype.kind not in "iu" or found.shape != (n,):
        raise ValueError(
            f"`{argument}`: the labels must be whole numbers, one an image, or "
            f"class weights of shape [images, {gan.num_classes}]. Received: "
            f"dtype {found.dtype}, shape {found.shape} for {n} images"
        )
    if n and not 0 <= found.min() <= found.max() < gan.num_classes:
        raise ValueError(
            f"`{argument}`: the labels must lie in 0 to {gan.num_classes - 1}, "
            f"as the networks were made with num_classes={gan.num_classes}. "
            f"Received: labels from {found.min()} to {found.max()}"
        )


def conditional_inputs(gan, inputs):
    """Are these latents and labels, as many of the one as of the other?"""
    if not (isinstance(inputs, (tuple, list)) and len(inputs) == 2):
        raise ValueError(
            "`inputs` must be a pair of latents and labels; "
            "`gan.grid_inputs(rows, columns)` makes some. "
            f"Received: {type(inputs).__name__}"
        )
    vectors, found = inputs
    latents(gan, np.asarray(vectors))
    labels(gan, found, len(vectors))
    return np.asarray(vectors), found
