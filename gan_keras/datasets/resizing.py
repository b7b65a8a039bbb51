"""Bringing images to one size: resize and centre-crop."""

import numpy as np


def fit(image, image_size):
    """Resizes a PIL image and crops its centre to `(height, width)`.

    The image keeps its proportions: its shorter side fills the target and the
    rest of the longer side is cut off equally at both ends. An image that has
    the size already is returned pixel by pixel.
    """
    from PIL import Image
    from PIL import ImageOps

    height, width = image_size
    # Lanczos averages over all the pixels it removes; filters that skip pixels
    # leave jagged edges, which a generator then learns.
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)


def resize(images, image_size=None, channels=None):
    """Brings an array of images to a size and a number of channels.

    Args:
        images: `uint8` `[N, H, W, C]`, C 1 or 3.
        image_size: `(height, width)`, or None to keep the size.
        channels: 1 for grey, 3 for colour, or None to keep what there is.

    Returns:
        `uint8` `[N, height, width, channels]`.
    """
    image_size = image_size or images.shape[1:3]
    channels = channels or images.shape[-1]
    if images.shape[1:] == (*image_size, channels):
        return images
    from PIL import Image

    resized = np.empty((len(images), *image_size, channels), np.uint8)
    for target, pixels in zip(resized, images, strict=True):
        # Pillow knows a grey image as [H, W].
        grey = pixels.shape[-1] == 1
        image = Image.fromarray(pixels[..., 0] if grey else pixels)
        image = image.convert("L" if channels == 1 else "RGB")
        target[:] = np.asarray(fit(image, image_size)).reshape(target.shape)
    return resized
