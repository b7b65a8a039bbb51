import keras
import numpy as np
import pytest

import gan_keras as gk
import gan_keras_cli
from gan_keras import recipes


def test_the_command_line_knows_every_recipe():
    assert set(gan_keras_cli.RECIPES) == set(recipes.RECIPES)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipe_trains_on_grey_and_colour(name):
    for shape in [(12, 12, 1), (8, 8, 3)]:
        gan = recipes.get(name)(shape, steps=4, latent_dim=3, width=4, seed=1)
        images = np.random.default_rng(0).uniform(-1, 1, (16, *shape))
        gan.fit(images.astype("float32"), batch_size=4, verbose=0)
        assert gan.steps.numpy() == 4
        # At the end of its steps both learning rates are zero.
        for optimizer in (gan.d_optimizer, gan.g_optimizer):
            assert float(optimizer.learning_rate) == 0
        assert gan.generate(2).shape == (2, *shape)


def test_recipes_have_their_papers_ingredients():
    dcgan = recipes.dcgan((28, 28, 1), steps=10)
    kinds = [type(layer) for layer in dcgan.discriminator.layers]
    assert keras.layers.Conv2D in kinds and keras.layers.LeakyReLU in kinds
    assert not any("Pooling" in kind.__name__ for kind in kinds)
    kinds = [type(layer) for layer in dcgan.generator.layers]
    assert keras.layers.Conv2DTranspose in kinds
    assert keras.layers.BatchNormalization in kinds
    gan = recipes.gan((28, 28, 1), steps=10)
    for network in (gan.generator, gan.discriminator):
        assert not any("Conv" in type(x).__name__ for x in network.layers)
    assert gan.penalties == []
    assert isinstance(gan.loss, gk.losses.NonSaturating)


def test_set_steps():
    gan = recipes.dcgan((8, 8, 1), steps=10, width=4)
    recipes.set_steps(gan, 40)
    gan.d_optimizer.iterations.assign(30)
    full = 2 * float(gan.g_optimizer.learning_rate)
    gan.d_optimizer.iterations.assign(40)
    assert float(gan.d_optimizer.learning_rate) == 0
    assert full > 0


def test_unknown_recipe():
    with pytest.raises(ValueError, match="Did you mean 'dcgan'.*'dcgam'"):
        recipes.get("dcgam")
