"""Checks shared by the readers: say what was wrong and what to do."""

import operator

import numpy as np


def as_int(name, value, minimum):
    """`value` as a Python int, or a `ValueError` that names the argument."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < minimum:
        raise ValueError(
            f"`{name}` must be a whole number, at least {minimum}. "
            f"Received: {name}={value!r}"
        )
    return number


def as_size(image_size):
    """`image_size` (int, pair or None) as `(height, width)` or None."""
    if image_size is None:
        return None
    sides = image_size
    if not isinstance(image_size, (tuple, list)):
        sides = (image_size, image_size)
    if len(sides) != 2:
        raise ValueError(
            "`image_size` must be one number or (height, width). "
            f"Received: image_size={image_size!r}"
        )
    return tuple(as_int("image_size", side, minimum=1) for side in sides)


def check_channels(channels):
    if channels not in (None, 1, 3):
        raise ValueError(
            "`channels` must be 1 (grey), 3 (colour) or None (as stored). "
            f"Received: channels={channels!r}"
        )


def as_images(images, source):
    """Whole-number images as `uint8` `[N, H, W, C]`.

    Args:
        images: Integer array `[N, H, W]` or `[N, H, W, C]` with C 1 or 3,
            values 0 to 255.
        source: What an error message calls the array.

    Raises:
        ValueError: For any other shape, dtype or range.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]  # [N, H, W] -> [N, H, W, 1]
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"{source} must have the shape [N, H, W] or [N, H, W, C] with 1 or "
            "3 channels: reshape it, or move the channels last with "
            "`np.moveaxis(images, 1, -1)`. "
            f"Received: shape {images.shape}"
        )
    if images.size == 0:
        raise ValueError(
            f"{source} must hold at least one image. "
            f"Received: shape {images.shape}"
        )
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iuf":
        raise ValueError(
            f"{source} must hold uint8 pixels (0 to 255). "
            f"Received: dtype {images.dtype}"
        )
    low, high = images.min(), images.max()
    if images.dtype.kind in "iu" and low >= 0 and high <= 255:
        return images.astype(np.uint8)
    # Floats are never guessed at: an image that holds only 0.0 and 1.0 could
    # be black and white, or all but black.
    if low >= 0 and high <= 1:
        remedy = "np.round(images * 255).astype('uint8')"
    elif low >= -1 and high <= 1:
        remedy = "gan_keras.datasets.to_uint8(images)"
    else:
        remedy = "np.clip(np.round(images), 0, 255).astype('uint8')"
    raise ValueError(
        f"{source} must hold uint8 pixels (0 to 255). Convert it, probably "
        f"with `{remedy}`. "
        f"Received: dtype {images.dtype}, values from {low} to {high}"
    )


def as_labels(labels, num_images, source):
    """Class indices as `int64` `[N]`; `[N, 1]` is flattened.

    Raises:
        ValueError: For one-hot or other shapes, another length, or a dtype
            that does not hold whole numbers.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]  # CIFAR keeps its labels as [N, 1]
    if labels.ndim == 2:
        raise ValueError(
            f"{source} must hold one class index per image, [N]. One-hot rows "
            "become indices with `labels.argmax(axis=1)`. "
            f"Received: shape {labels.shape}"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{source} must be whole numbers of shape [N]. "
            f"Received: dtype {labels.dtype}, shape {labels.shape}"
        )
    if len(labels) != num_images:
        raise ValueError(
            f"{source} must hold one label per image. "
            f"Received: {len(labels)} labels for {num_images} images"
        )
    return labels.astype(np.int64)
