"""The arithmetic of image sizes that all network families share."""


def check_sample_shape(image_shape):
    """The shape as a tuple, or a ValueError that says what is wrong."""
    try:
        shape = tuple(int(size) for size in image_shape)
    except TypeError:
        shape = ()
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise ValueError(
            "`image_shape` must be (height, width, channels), or (dimensions,) "
            f"for points. Received: image_shape={image_shape!r}"
        )
    return shape


def check_image_shape(image_shape):
    """As `check_sample_shape`, for networks that need an image."""
    shape = check_sample_shape(image_shape)
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise ValueError(
            "`image_shape` must be (height, width, channels) with 1 (grey) or "
            f"3 (colour) channels. Received: image_shape={image_shape!r}"
        )
    if not all(8 <= size <= 128 for size in shape[:2]):
        raise ValueError(
            "`image_shape` must have a height and a width of 8 to 128 pixels; "
            "resize the images, e.g. "
            "`gk.datasets.load(folder, image_size=64)`. "
            f"Received: image_shape={image_shape!r}"
        )
    return shape


def halvings(height, width):
    """The sizes that stride-2 convolutions walk through, largest first.

    Halving stops once both sides are 4 or less.

    Example:

    >>> halvings(28, 28)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    >>> halvings(64, 64)
    [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]
    """
    sizes = [(height, width)]
    while max(sizes[-1]) > 4:
        # A stride-2 convolution with "same" padding rounds up: 7 -> 4.
        sizes.append(tuple((size + 1) // 2 for size in sizes[-1]))
    return sizes


def stage_widths(width, stages):
    """Channels after each halving: doubled every time, at most 8 x width."""
    # `int`: Keras takes none of NumPy's numbers.
    return [int(width) * min(2**stage, 8) for stage in range(stages)]
