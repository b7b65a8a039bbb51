# %% [markdown]
# # 4. Training
#
# **What happens in one step of the game, so that after a few thousand of
# them noise has become handwriting?**
#
# Running time: about 4 minutes on two CPU cores, most of it one training.
#
# Afterwards you will be able to
#
# - say why hardly anybody trains with the loss that the game was invented with,
# - write the six steps of one iteration by hand, with `GradientTape`,
# - find the same six steps in `gan_keras/gan.py`, and leave them to `fit()`,
# - watch a training through a grid, a film and its curves.
#
# Tutorials 2 and 3 show the two networks from inside. If you come from
# tutorial 1: D takes an image through *convolutions*, G makes one by
# *transposed* ones; the other words are in the [glossary](glossary.md).
#
# The first cell installs the package where it is missing; if you have it,
# nothing happens.

# %%
import importlib.util
import os
import subprocess
import sys

# Where gan_keras comes from if it is not there yet: its folder, a wheel, or a
# git address. Elsewhere than in the folder `tutorials`, write it for "..".
SOURCE = os.environ.get("GAN_KERAS_SOURCE", "..")
if importlib.util.find_spec("gan_keras") is None:
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", SOURCE], check=True
    )

# %% [markdown]
# (If the next cell prints lines on red: TensorFlow greets the machine. Nothing
# is wrong.)

# %%
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fewer remarks on GPUs

import base64
import inspect
import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from IPython.display import HTML

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(0)
images, labels = gk.datasets.load("digits")
data = gk.datasets.pipeline(images, batch_size=32)
print(images.shape, images.dtype, "and as D sees them:", data.element_spec)

# %% [markdown]
# Four thousand real digits. G will never be shown one of them.

# %%
gk.plots.caption(gk.plots.image_grid(images[::125], columns=16), "real digits")

# %% [markdown]
# *What you should see: two rows of sixteen white digits on black, no two
# alike.*
#
# ## Two ways to wish for the same thing
#
# D's last layer gives any number, the *logit*; the sigmoid makes a probability
# of it: logit 0 is 0.5, logit -4.6 is 0.01. In formulas we write D for the
# probability of "real" that a fake gets.
#
# D wants to make few errors. Its loss adds two cross-entropies: real images
# against 1, fakes against 0. For a fake that is `-log(1 - D)`.
#
# In the original game G wants exactly the opposite: D's error shall be as
# large as it can be. A loss is something to be made *small*, so the sign turns:
#
# **minimax:** `g_loss = log(1 - D)`
#
# (A negative number. It does no harm: only the slope moves a weight.) There is a second way to say it. Instead of "D shall be wrong about my
# fakes", G says "D shall call my fakes real":
#
# **non-saturating:** `g_loss = -log D`
#
# Both fall as D rises. Both want the same fakes.
#
# **Before you run the next cell:** at the start of a training G draws noise
# and D sees through it, D = 0.01, say. Which of the two losses gives G the
# stronger push there: the first, the second, or both the same?

# %%
logits = tf.linspace(-7.0, 7.0, 281)
wishes = {
    "minimax: log(1 - D)": gk.losses.Minimax(),
    "non-saturating: -log D": gk.losses.NonSaturating(),
}
styles = {"minimax: log(1 - D)": "--", "non-saturating: -log D": "-"}

figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.6), layout="constrained"
)
for name, loss in wishes.items():
    with tf.GradientTape() as tape:
        tape.watch(logits)
        g_loss = loss.generator(None, logits)
    push = -tape.gradient(g_loss, logits)
    left.plot(logits, g_loss, styles[name], color=gk.plots.G_COLOUR, label=name)
    right.plot(logits, push, styles[name], color=gk.plots.G_COLOUR, label=name)
left.set(xlabel="D's logit of a fake", ylabel="g_loss", title="the loss")
right.set(
    xlabel="D's logit of a fake",
    ylabel="push upwards, -d g_loss / d logit",
    title="what G gets to learn from",
)
for axes in (left, right):
    axes.axvspan(-7, -4, color=gk.plots.QUIET, alpha=0.15)
    axes.annotate("a beginner\nis here", (-5.5, 0.5), ha="center", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *What you should see: on the left two falling curves. In the grey band,
# where D is sure that the image is fake, the dashed minimax curve is flat and
# the solid one is steep. On the right the pushes: minimax gives nearly
# nothing in the band, the non-saturating loss nearly 1.*
#
# The slopes have short formulas, because a sigmoid turns D's logit into a
# probability: `-D` for minimax, `-(1 - D)` for the other. At D = 0.01 the
# pushes are 0.01 against 0.99. The learner who is worst would be told least.
# That is called *saturation*. (Adam, with which we train below, makes up for much
# of it, as it divides by the usual size of the gradient: tutorial 8. But then it
# magnifies next to nothing.)

# %%
beginner = tf.constant([float(np.log(0.01 / 0.99))])  # the logit of D = 0.01
pushes = {}
for name, loss in wishes.items():
    with tf.GradientTape() as tape:
        tape.watch(beginner)
        g_loss = loss.generator(None, beginner)
    pushes[name] = -float(tape.gradient(g_loss, beginner)[0])
    print(f"{name:24} push {pushes[name]:.2f}")
# `exercises.claim` checks numbers that the text states; not your task.
exercises.claim(pushes["minimax: log(1 - D)"], 0.0099, 0.0101)
exercises.claim(pushes["non-saturating: -log D"], 0.9899, 0.9901)

# %% [markdown]
# ## One iteration by hand, in six steps
#
# Two fresh networks. D is that of tutorial 2. G is that of tutorial 3, but for
# two things: z has 32 numbers, and between z and the first map stand two fully
# connected layers (`hidden`). z is one cloud of noise and the digits are ten
# separate ones; these layers bend z, so that less is drawn from between two
# digits. Two optimizers, since two players learn two different things.

# %%
generator = gk.networks.dcgan_generator(
    (28, 28, 1), latent_dim=32, width=16, hidden=(256, 256)
)
discriminator = gk.networks.dcgan_discriminator((28, 28, 1), width=16)
gan = gk.GAN(generator, discriminator, seed=0)


def optimizers():
    return {
        "d_optimizer": keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99),
        "g_optimizer": keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99),
    }


# The bare game; `gan.train_step` comes later, from the same start.
gan.compile(**optimizers(), loss=gk.losses.NonSaturating(), penalties=[])

# We play by hand with copies, so that the originals stay as they are.
G = keras.models.clone_model(generator)
G.set_weights(generator.get_weights())
D = keras.models.clone_model(discriminator)
D.set_weights(discriminator.get_weights())
d_optimizer, g_optimizer = optimizers().values()

real_images = next(iter(data))
z = gan.generator_inputs(32)  # noise, the same that the first step would draw
print("z", z.shape, " real images", real_images.shape)

# %% [markdown]
# (These cells belong together. To repeat one, run again from the cell that
# makes `generator`.)
#
# **Step 1. G makes fakes from noise.** A tape records how; step 6 needs it.
# (`training=True`: G's BatchNorm layers, which bring the numbers of a batch to
# a common mean and spread, use the means of this batch; `generate` uses means
# kept from the training.)

# %%
with tf.GradientTape() as g_tape:
    fake_images = G(z, training=True)  # [32, 28, 28, 1]

gk.plots.image_rows(
    {"real": real_images[:8].numpy(), "fake": fake_images[:8].numpy()}
)

# %% [markdown]
# *What you should see: eight digits, and below them eight patches of the same
# black and white pattern. Nobody has learned anything yet.*
#
# **Step 2. D scores both**, and its two errors are added. **Step 3. D
# improves.** The tape of D has not seen G at work: no gradient can reach G
# from here.

# %%
with tf.GradientTape() as d_tape:
    # D answers [32, 1], a column; we take the column's numbers.
    real_logits = D(real_images, training=True)[:, 0]  # [32]
    fake_logits = D(fake_images, training=True)[:, 0]  # [32]
    # real -> 1: -log D(real), fake -> 0: -log(1 - D(fake)).
    # softplus(x) = log(1 + exp(x)); -log sigmoid(x) is softplus(-x).
    d_loss = tf.reduce_mean(
        tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)
    )
d_gradients = d_tape.gradient(d_loss, D.trainable_variables)
d_optimizer.apply(d_gradients, D.trainable_variables)


def opinion(images):
    return float(tf.reduce_mean(tf.sigmoid(D(images, training=False))))


print(f"d_loss {float(d_loss):.3f}  (pure guessing: 2 log 2 = 1.386)")
print(
    f"after one step D says: real {opinion(real_images):.3f}, "
    f"fake {opinion(fake_images):.3f}"
)

# %% [markdown]
# **Step 4. The better D looks at the same fakes again**, and G's loss is
# taken. **Step 5. Back through D to the pixels:** the gradient of g_loss at
# every pixel of every fake.

# %%
with tf.GradientTape() as pixel_tape:
    pixel_tape.watch(fake_images)
    fake_logits = D(fake_images, training=True)[:, 0]
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))  # -log D(fake)
pixel_gradients = pixel_tape.gradient(g_loss, fake_images)  # [32, 28, 28, 1]

gk.plots.pixel_gradients(fake_images, pixel_gradients)

# %% [markdown]
# *What you should see: six fakes, and below each a map. Orange pixels would
# look more real to D if they were lighter, purple ones if they were darker:
# the picture shows the gradient with its sign turned, since g_loss shall fall.
# Each map has a scale of its own; the number below is its largest value. This
# map is all that G is ever told about the world.*
#
# **Step 6. The chain rule goes on into G.** The first tape knows how each
# pixel came from G's weights; it takes the pixel gradients as the beginning.

# %%
g_gradients = g_tape.gradient(
    fake_images, G.trainable_variables, output_gradients=pixel_gradients
)
g_optimizer.apply(g_gradients, G.trainable_variables)
after = float(tf.reduce_mean(tf.nn.softplus(-D(G(z, training=True)))))
print(f"g_loss before the step {float(g_loss):.3f}, after it {after:.3f}")
exercises.claim(float(g_loss) - after, at_least=0.0)

# %% [markdown]
# That was one iteration. Everything else is repetition.
#
# ## The same six steps as `train_step`
#
# `GAN.train_step` in `gan_keras/gan.py` is these six steps; what takes them
# stands below it in the same file, in the order of reading. (Keras wants the
# logs, and `ema.update` keeps an average of G's weights, with which `generate`
# draws. Pass over `ordering`, `replicas` and `_means`: they are about the order
# of things inside TensorFlow, about several devices, and about the logs.)

# %%
print(inspect.getsource(gk.GAN.train_step))

# %% [markdown]
# Not just alike: the same. We let it take one step from the same start, with
# the same noise and the same real images, and look for the largest difference
# between its weights and ours.
#
# **Before you run the next cell:** how large will it be?

# %%
gan.train_step(real_images)

largest = max(
    float(tf.reduce_max(tf.abs(ours - theirs)))
    for mine, network in [(D, discriminator), (G, generator)]
    for ours, theirs in zip(
        mine.trainable_variables, network.trainable_variables
    )
)
print(f"largest difference of any weight: {largest:.1e}")
exercises.claim(largest, at_most=1e-6)

# %% [markdown]
# The model can tell its own next step, with the numbers of a batch. It is the
# *second* step by now, so the numbers are others than ours above; the order is
# the same. (A copy takes the step. What a network "kept count of" are the
# running means of BatchNorm; they are no weights and no optimizer moves them.)

# %%
print(gan.explain_step(real_images))

# %% [markdown]
# ## A few thousand steps: `fit()`
#
# Keras' `fit()` calls `train_step` for every batch. We add one thing that the
# bare game lacks, the R1 penalty, a small fine for steepness that keeps D
# calm (tutorial 8 shows what it prevents), and four onlookers:
#
# - a **grid** of samples from always the same noise, after every epoch, and a
#   GIF of all of them,
# - **TensorBoard** logs (tutorial 10 reads them),
# - two **records**: a few drawings for us, and how far 500 samples are from
#   real digits that nobody trained on, in the eyes of a network that reads
#   digits. (Tutorial 6 explains this distance. The reader plays no part in
#   the training.)

# %%
epochs = exercises.setting(full=24, smoke=1)
data = gk.datasets.pipeline(
    images[: exercises.setting(full=4000, smoke=64)], batch_size=32
)
gan = gk.GAN(
    gk.networks.dcgan_generator(
        (28, 28, 1), latent_dim=32, width=16, hidden=(256, 256)
    ),
    gk.networks.dcgan_discriminator((28, 28, 1), width=16),
    seed=0,
)
gan.compile(
    **optimizers(),
    loss=gk.losses.NonSaturating(),
    # On a quarter of the batch only, which is cheaper and does as well.
    penalties=[gk.penalties.R1(gamma=1.0, share=0.25)],
)

reader = gk.extractors.get("digits")
held_out, _ = gk.datasets.load("digits", split="test")
real_features = reader(held_out[::2])[0]  # 500 digits


def distance(gan):
    features = reader(gan.generate(500, seed=1))[0]
    return gk.metrics.frechet_distance(real_features, features)


same_noise = gan.draw_latents(5, seed=3)
drawings = gk.callbacks.Record(lambda gan: gan.generate_from(same_noise))
quality = gk.callbacks.Record(distance)

# %% [markdown]
# **Before you run the next cell:** in an ordinary training the loss falls.
# Sketch what d_loss and g_loss will do over the epochs. What would it *mean*
# if both fell to zero?

# %%
history = gan.fit(
    data,
    epochs=epochs,
    verbose=0,
    callbacks=[
        gk.callbacks.SampleGrid("runs/digits"),
        gk.callbacks.TensorBoardSamples("runs/digits/logs"),
        drawings,
        quality,
    ],
)

# %% [markdown]
# ## The child who learns to draw

# %%
shown = [e for e in (0, 1, 2, 4, 8, 14, 24) if e <= epochs]
gk.plots.sample_strip(shown, [drawings.answers[e] for e in shown])

# %% [markdown]
# *What you should see: five rows, each one latent vector, from left to right
# as the epochs go by: flat grey, then smears, then something like writing,
# then digits. Some still change their shape late, or become another digit.*
#
# A child draws like that, too: first there are marks somewhere on the page,
# then lines in about the right places, then shapes that somebody can name. The teacher never guides the hand. She only says, of every drawing:
# "more ink here, less there, then I might believe you." And she has to learn
# her own trade meanwhile, or her advice would soon be useless.
#
# The film of the whole training, sixty-four latent vectors:


# %%
def film(path, alt):
    """A GIF that plays within the page."""
    data = base64.b64encode(pathlib.Path(path).read_bytes()).decode()
    return HTML(f'<img alt="{alt}" src="data:image/gif;base64,{data}">')


film(
    "runs/digits/training.gif",
    "Sixty-four samples that become digits, one frame an epoch",
)

# %% [markdown]
# *What you should see: a grid of eight by eight, one frame an epoch, in which
# flat grey turns into smears and smears into digits.*
#
# ## And the curves?

# %%
gk.plots.loss_race(history, gan.loss)

# %% [markdown]
# *What you should see: on the left d_loss (blue) a little below its dotted
# line at 1.39 and g_loss (orange) above its own at 0.69; after the first epochs
# d_loss is nearly level, and g_loss sinks slowly. On the right D's mean
# opinion: a hair above one half on real images, a hair below on fakes.*
#
# Nothing falls to zero, and both could not at once: where g_loss is near zero, D
# takes the fakes for real, and there d_loss is large. If d_loss were, D would see
# through every fake, and push hard, but not towards better digits: whatever G
# draws is equally wrong (tutorials 8 and 10). If g_loss were, D would be fooled by
# everything, and its advice would be worth nothing. The losses say how *even* the
# game is. They do not say how
# *good* the players are: a game between two beginners is even, too.

# %%
# How far one half of the held-out digits is from the other half. No generator
# can be expected to come nearer.
floor = gk.metrics.frechet_distance(real_features, reader(held_out[1::2])[0])
gk.plots.quality_curve(
    quality.epochs, quality.answers, floor, "distance to real digits"
)

# %% [markdown]
# *What you should see: on a logarithmic axis the distance to real digits
# falls, steeply at first, then slowly and with waves, while the losses above
# stand nearly still. The dashed line at the bottom is what real digits have.*

# %%
half = epochs // 2
standing = abs(history.history["d_loss"][-1] - history.history["d_loss"][half])
falling = quality.answers[half] / quality.answers[-1]
print(f"in the second half d_loss moved by {standing:.3f},")
print(f"and the distance fell by a factor of {falling:.1f}")
exercises.claim(standing, at_most=0.06)
exercises.claim(falling, at_least=1.1)
exercises.claim(quality.answers[0] / quality.answers[-1], at_least=10)

# %%
samples = gan.generate(32, seed=5)
gk.plots.caption(gk.plots.image_grid(samples), "drawn by G, from new noise")

# %% [markdown]
# *What you should see: four rows of digits that nobody has written. Most are
# clear, some are none. More steps (the README's default run takes 5,500, of 48
# images each), one layer more in D and a learning rate that falls at the end make
# them better.*
#
# To look at the run in TensorBoard, type in a terminal, in the folder that this
# notebook runs in (and with its virtual environment activated):
#
# ```sh
# tensorboard --logdir runs/digits/logs
# ```
#
# ## Exercises
#
# Each cell runs as it is and says "not yet". Replace the `...`.
#
# **1.** The minimax loss of G is `log(1 - D)` with `D = sigmoid(logit)`. The
# text says what its slope is, for a given D. Return the slope,
# `d g_loss / d logit`, for an array of logits, of shape `[n]`. (NumPy is
# enough; no tape is needed.)


# %%
def saturating_slope(fake_logits):
    # Your turn.
    ...


exercises.check("saturating_slope", saturating_slope)

# %% [markdown]
# **2.** Return the non-saturating loss of every fake, `-log D`, computed from
# the logits, of shape `[n]`, so that it is finite even for a logit of -1000.
# (A mean, as Keras' losses give, is one number; here `n` are wanted.)


# %%
def non_saturating_loss(fake_logits):
    # Your turn.
    ...


exercises.check("non_saturating_loss", non_saturating_loss)

# %% [markdown]
# **3.** D's half of an iteration: steps 2 and 3. Score both kinds of images,
# take the mean loss, apply the gradients, and return the loss (as it was
# before the step). `discriminator` and `optimizer` are Keras objects.


# %%
def d_half_step(discriminator, optimizer, real_images, fake_images):
    # Your turn.
    ...


exercises.check("d_half_step", d_half_step)

# %% [markdown]
# **4.** G's half: steps 4 to 6, with the non-saturating loss. Make fakes from
# `latents`, score them, and move G, and nobody else. Return g_loss.


# %%
def g_half_step(generator, discriminator, optimizer, latents):
    # Your turn.
    ...


exercises.check("g_half_step", g_half_step)
