"""The two pixel scales: uint8 at the edges, float32 in [-1, 1] inside."""

import numpy as np
import tensorflow as tf


def to_float(images):
    """Scales pixels of 0 to 255 to `float32` in [-1, 1].

    0 becomes -1 and 255 becomes 1: the range of a generator that ends in tanh.

    Args:
        images: Array or tensor of any shape, `uint8`, or floating point with
            the same 0 to 255 (as `keras.utils.image_dataset_from_directory`
            makes them).

    Returns:
        `float32` of the same shape, in [-1, 1]: a tensor for a tensor, a NumPy
        array for anything else.

    Raises:
        ValueError: If an array is in [-1, 1] already.

    Example:

    >>> to_float(np.array([0, 255], "uint8"))
    array([-1.,  1.], dtype=float32)
    """
    if tf.is_tensor(images):
        return tf.cast(images, "float32") / 127.5 - 1.0
    images = np.asarray(images)
    if images.size and images.min() < 0:
        raise ValueError(
            "`images` must hold pixels of 0 to 255, but has negative values: "
            "is it scaled already? "
            f"Received: values in [{images.min():g}, {images.max():g}]"
        )
    return images.astype("float32") / 127.5 - 1.0


def as_float(images):
    """Pixels in [-1, 1] of images that may be there already: see `to_float`.

    Args:
        images: Array or tensor of any shape: `uint8`, which is scaled, or
            floating point in [-1, 1], which stays as it is.

    Returns:
        Floating point of the same shape, in [-1, 1].
    """
    return to_float(images) if images.dtype == "uint8" else images


def to_uint8(images):
    """Turns pixels in [-1, 1] into `uint8`, for a file or a figure.

    Values are rounded to the nearest of the 256 levels, and clipped: a
    generator without tanh may step outside. NaN becomes 0 (black), so that a
    diverged run can still be looked at.

    Args:
        images: Floating-point array or tensor of any shape, in [-1, 1].

    Returns:
        `uint8` NumPy array of the same shape.

    Raises:
        ValueError: If `images` is not floating point (it may be `uint8`
            already).

    Example:

    >>> to_uint8(np.array([-1.0, 0.5, 7.0]))
    array([  0, 191, 255], dtype=uint8)
    """
    images = np.asarray(images)
    if "float" not in images.dtype.name:  # the name covers bfloat16 as well
        raise ValueError(
            "`images` must be floating point in [-1, 1]. "
            f"Received: images of dtype {images.dtype}"
        )
    levels = (images.astype("float32") + 1.0) * 127.5
    return np.nan_to_num(np.clip(np.rint(levels), 0, 255)).astype("uint8")
