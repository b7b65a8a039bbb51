"""Are the images what D can judge, and the latents what G can draw from?"""

import keras
import numpy as np
import tensorflow as tf

_SCALE = (
    "Scale uint8 images with `gk.datasets.pipeline(images)`, or a dataset of "
    "your own with `dataset.map(gk.datasets.to_float)`."
)


def images(gan, batch, argument="images"):
    """Are these what D can judge, scaled as G draws them?"""
    if not hasattr(batch, "dtype") or not hasattr(batch, "shape"):
        raise ValueError(
            f"`{argument}` must hold arrays or tensors of images. "
            f"Received: {type(batch).__name__}"
        )
    expected = tuple(gan.discriminator.input_shape[1:])
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
    if low >= 0 and high > 0.5 and gan.generator.layers:
        # A whole batch without one pixel darker than middle grey.
        raise ValueError(
            f"`{argument}` seem to lie in [0, 1]; the generator draws in "
            f"[-1, 1]. Use `images * 2 - 1`. "
            f"Received: values in [{low:g}, {high:g}]"
        )


def training_data(gan, x, y=None, batch_size=None):
    """Makes batches of whatever `fit` was given, and looks at the first.

    Returns:
        Tuple of what `keras.Model.fit` should get as `x`, and its first batch
        (`None` for a generator, whose batches can be had only once).
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
            batch_size=64 if batch_size is None else batch_size,
            seed=gan.seed,
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
        return x, None
    else:
        raise ValueError(
            "`x` must be an array, a `tf.data.Dataset`, a "
            "`keras.utils.PyDataset` or a generator of batches. "
            f"Received: {type(x).__name__}"
        )
    real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(first)
    images(gan, real_images, "x")
    return x, first


def first_images(data):
    """Images of an array, of a pair with labels, or a data set's first."""
    if isinstance(data, tf.data.Dataset):
        data = next(iter(data.take(1)), None)
    elif isinstance(data, keras.utils.PyDataset):
        data = data[0]
    return data[0] if isinstance(data, (tuple, list)) else data


def latents(gan, vectors):
    """Are these what G can draw from?"""
    if np.ndim(vectors) != 2 or np.shape(vectors)[1] != gan.latent_dim:
        raise ValueError(
            f"`latents` must have shape [n, {gan.latent_dim}], as the "
            "generator takes them; `gan.draw_latents(n)` draws some. "
            f"Received: shape {tuple(np.shape(vectors))}"
        )
