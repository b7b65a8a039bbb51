"""What looks at images so that they can be compared: feature extractors.

Two images of a 7 share hardly a pixel. Compared by what a trained network
sees in them, they are neighbours. Which network that is decides what a
distance means, so it stands in the name of every figure: `fd_digits` is a
Fréchet distance in the features of `get("digits")`.

- `get("digits")`: a small network that comes with the package, trained on the
  train part of the embedded digits; beside its features stands a coarse picture
  of the image, since a reader of digits does not see where their ink lies.
- `fit(images, labels)`: one made in a minute or two from images of your own;
  without labels it learns to see which way up they are.
- `get("inception")`: Inception v3, the standard; needs its weights.
"""

from gan_keras.extractors.base import Extractor
from gan_keras.extractors.digits import digits
from gan_keras.extractors.fitting import fit
from gan_keras.extractors.fitting import small_cnn
from gan_keras.extractors.inception import inception

NAMED = {"digits": digits, "inception": inception}


def get(identifier):
    """The extractor that a name or an object stands for.

    Args:
        identifier: `"digits"`, `"inception"`, or an `Extractor`.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(identifier, Extractor):
        return identifier
    if identifier in NAMED:
        return NAMED[identifier]()
    raise ValueError(
        f"`extractor` must be one of {sorted(NAMED)}, or an object that "
        "`gk.extractors.fit(images, labels)` returned. "
        f"Received: extractor={identifier!r}"
    )


__all__ = ["Extractor", "digits", "fit", "get", "inception", "small_cnn"]
