"""What all families of networks have at their ends.

A family draws and looks in its own way; how z and a class come in, and how a
verdict comes out, is the same for all of them and stands here.

Classes are given as *weights*, float `[batch, num_classes]`: a row is 1 for
the class and 0 for all others, or a mixture of classes, to see what lies
between a 3 and an 8. (`gan_keras.ConditionalGAN` makes such rows of labels.)
"""

import math

import keras
from keras import layers

from gan_keras import checks
from gan_keras.layers import ClassProjection
from gan_keras.layers import SelfAttention
from gan_keras.layers import SpectralNormalization


def as_it_is(layer):
    """The layer itself: the `wrap` that does nothing."""
    return layer


def hidden_layers(hidden):
    """Pairs of a number, from 1, and a width for every hidden layer."""
    if not isinstance(hidden, (tuple, list)):
        raise ValueError(
            "`hidden` must be a tuple of widths, one for each hidden layer, "
            f"such as (256,). Received: hidden={hidden!r}"
        )
    checks.count(**{f"hidden[{i}]": n for i, n in enumerate(hidden)})
    return enumerate(map(int, hidden), start=1)


def check_attention(attention, sizes):
    """Raises a ValueError unless there is a map of that height."""
    heights = [height for height, _ in sizes]
    if attention is not None and attention not in heights:
        raise ValueError(
            "`attention` must be the height of a map: one of "
            f"{', '.join(map(str, heights))}, or None. "
            f"Received: attention={attention!r}"
        )


def attend(x, attention, wrap):
    """`SelfAttention`, if it is wanted on maps of this height.

    Of `wrap` it knows only whether it is the package's own
    `SpectralNormalization`; nothing else is put around the layers inside.
    """
    height, width = x.shape[1:3]
    if height != attention:
        return x
    # It makes the four layers that it holds itself.
    spectral = isinstance(wrap(layers.Dense(1)), SpectralNormalization)
    return SelfAttention(spectral, name=f"attention_{height}x{width}")(x)


def generator(latent_dim, draw, num_classes=None):
    """A generator around a function that draws.

    Args:
        latent_dim: Int, length of the latent vector z.
        draw: Callable, symbolic `(latents, classes)` to images; the classes
            are None for a generator without.
        num_classes: Int, or None for a generator that knows no classes.

    Returns:
        A `keras.Model` named "generator": latents `[batch, latent_dim]`, or
        `[latents, classes]` with classes `[batch, num_classes]`, to images.
    """
    checks.count(latent_dim=latent_dim)
    latents = keras.Input((int(latent_dim),), name="latents")
    if num_classes is None:
        return keras.Model(latents, draw(latents, None), name="generator")
    checks.count(num_classes=num_classes)
    classes = keras.Input((int(num_classes),), name="classes")
    images = draw(latents, classes)
    return keras.Model([latents, classes], images, name="generator")


def discriminator(
    image_shape,
    look,
    num_classes=None,
    condition=None,
    heads=None,
    wrap=as_it_is,
):
    """A discriminator around a function that looks.

    Args:
        image_shape: Tuple of ints, one image's shape.
        look: Callable, symbolic images to features `[batch, F]`.
        num_classes: Int; D is then told a class, and judges whether the
            image is a real one *of that class*. None for a D without.
        condition: How it is told: `Projection()` (used if not given) or
            `Concatenation()`.
        heads: Dict, name to number of units: further outputs for auxiliary
            objectives, such as `{"class": 10}`.
        wrap: Callable, put around every layer with weights, such as
            `gan_keras.layers.SpectralNormalization`.

    Returns:
        A `keras.Model` named "discriminator": images, or `[images, classes]`,
        to logits `[batch, 1]`, or to a dict of them and the heads,
        `{"logits": [batch, 1], name: [batch, units]}`.
    """
    images = keras.Input(image_shape, name="images")
    if num_classes is None:
        if condition is not None:
            raise ValueError(
                "`condition` says how D is told a class, so it needs "
                f"`num_classes`. Received: condition={condition!r}, "
                "num_classes=None"
            )
        inputs, seen = images, images
    else:
        checks.count(num_classes=num_classes)
        condition = condition or Projection()
        classes = keras.Input((int(num_classes),), name="classes")
        inputs = [images, classes]
        seen = condition.before(images, classes, wrap)
    features = look(seen)
    logits = wrap(layers.Dense(1, dtype="float32", name="logits"))(features)
    if num_classes is not None:
        logits = condition.after(logits, features, classes, wrap)
    outputs = logits
    if heads:
        if not isinstance(heads, dict):
            raise ValueError(
                "`heads` must be a dict from names to numbers of units, such "
                f"as {{'class': 10}}. Received: heads={heads!r}"
            )
        checks.count(**{f"heads[{name!r}]": n for name, n in heads.items()})
        outputs = {"logits": logits} | {
            name: wrap(layers.Dense(int(n), dtype="float32", name=name))(
                features
            )
            for name, n in heads.items()
        }
    return keras.Model(inputs, outputs, name="discriminator")


class Projection:
    """The class joins at the end: it asks for a direction in D's features.

    Formula: `logit = w . features + b + v_class . features`

    The first part says how real the image is, the second how much it is like
    the class: what log p(class | image) is where it is linear in features.

    Source: Miyato and Koyama, 2018, arXiv:1802.05637.
    """

    def before(self, images, classes, wrap):
        return images

    def after(self, logits, features, classes, wrap):
        projection = ClassProjection(dtype="float32", name="projection")
        return layers.Add(name="judgement", dtype="float32")(
            [logits, wrap(projection)([features, classes])]
        )


class Concatenation:
    """The class joins at the start: one more channel, a picture of the class.

    D learns the picture itself, one for each class, and the first layer sees
    it beside the image.

    Source: Mirza and Osindero, 2014, arXiv:1411.1784.
    """

    def before(self, images, classes, wrap):
        together = layers.Concatenate(name="with_class")
        if len(images.shape) == 2:  # points
            return together([images, classes])
        shape = (*images.shape[1:-1], 1)
        picture = layers.Dense(math.prod(shape), use_bias=False, name="picture")
        picture = layers.Reshape(shape)(wrap(picture)(classes))
        return together([images, picture])

    def after(self, logits, features, classes, wrap):
        return logits
