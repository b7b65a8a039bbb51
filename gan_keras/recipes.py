"""Published GANs as short functions: a recipe builds and compiles a model.

A recipe takes from its paper what makes the method, and says where it departs
from the rest to be good within CPU minutes.
"""

import difflib

import keras

from gan_keras import losses
from gan_keras import networks
from gan_keras import penalties
from gan_keras.gan import GAN
from gan_keras.schedules import HoldThenDecay


def adams(learning_rate, steps, **kwargs):
    """D's and G's Adam, both with the same schedule over `steps` steps."""
    return [
        keras.optimizers.Adam(HoldThenDecay(learning_rate, steps), **kwargs)
        for _ in range(2)
    ]


def set_steps(gan, steps):
    """Changes the number of training steps that a recipe was made for.

    Args:
        gan: A `GAN` that a recipe has made.
        steps: Int, the new number; the learning rates reach zero there.
    """
    for optimizer in gan.optimizer.optimizers:
        # Keras shows a schedule's current value as `learning_rate` and has
        # no public name for the schedule itself.
        optimizer._learning_rate.steps = steps


def dcgan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """DCGAN: convolutions that stride, not pooling (arXiv:1511.06434).

    What makes it one: G of transposed and D of strided convolutions, BatchNorm
    and ReLU in G, LeakyReLU in D, tanh at the end, Adam, the non-saturating
    loss.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        steps: Int, the training steps to come; the learning rates fall to
            zero at their end.
        latent_dim: Int, length of the latent vector. The paper: 100; 32 for
            small images if not given.
        width: Int, channels of the thinnest layer. The paper: 128; 16 for
            small images and 32 for larger ones if not given.
        seed: Int, the model's seed.

    Returns:
        A compiled `gan_keras.GAN`.
    """
    small = max(image_shape[:2]) <= 32
    # A digit varies in few ways (which one, slant, thickness, ...); with more
    # dimensions G has more empty corners to fill with half-digits.
    latent_dim = latent_dim or (32 if small else 100)
    # Twice the width costs three times the time and is worth less than the
    # steps it takes away.
    width = width or (16 if small else 32)
    gan = GAN(
        # The paper: no hidden layers. Two raised the share of clear digits
        # more than anything else, at next to no cost.
        networks.dcgan_generator(
            image_shape, latent_dim, width, hidden=(256, 256)
        ),
        # The paper: BatchNorm in D, too. It and R1 do not go together.
        networks.dcgan_discriminator(image_shape, width),
        ema_decay=0.995,
        seed=seed,
    )
    # The paper: 2e-4 and beta_1 = 0.5. Ten times that and no momentum learn
    # in minutes what otherwise takes an hour; R1 is what keeps it stable.
    d_optimizer, g_optimizer = adams(2e-3, steps, beta_1=0.0, beta_2=0.99)
    gan.compile(
        d_optimizer,
        g_optimizer,
        loss=losses.NonSaturating(),
        penalties=[penalties.R1(gamma=1.0, share=0.25)],
    )
    return gan


def gan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """The first GAN: fully connected layers (arXiv:1406.2661).

    What makes it one: multi-layer perceptrons and the cross-entropy game
    without any penalty.

    Args:
        image_shape: Tuple `(height, width, channels)` or `(dimensions,)`.
        steps: Int, the training steps to come.
        latent_dim: Int, length of the latent vector; 64 if not given.
        width: Int, units of the thinnest hidden layer; 256 if not given.
        seed: Int, the model's seed.

    Returns:
        A compiled `gan_keras.GAN`.
    """
    latent_dim = latent_dim or 64
    width = width or 256
    model = GAN(
        networks.mlp_generator(image_shape, latent_dim, (width, 2 * width)),
        networks.mlp_discriminator(image_shape, (2 * width, width)),
        ema_decay=0.995,
        seed=seed,
    )
    # The paper: maxout units, dropout and SGD with momentum; Adam came after.
    d_optimizer, g_optimizer = adams(2e-4, steps, beta_1=0.5)
    model.compile(
        d_optimizer, g_optimizer, loss=losses.NonSaturating(), penalties=[]
    )
    return model


RECIPES = {"dcgan": dcgan, "gan": gan}


def get(name):
    """The recipe of that name; a ValueError names the others."""
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(str(name), RECIPES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"Unknown recipe.{hint} Known: {sorted(RECIPES)}. Received: {name!r}"
    )
