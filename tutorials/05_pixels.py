# %% [markdown]
# # 5. How the error reaches the pixels
#
# **D gives one number for a whole image. How does every single pixel of a
# fake learn what to do?**
#
# *Running time: about 2 minutes on two cores.*
#
# At the end you will be able to
#
# - draw the way of both losses through both networks;
# - compute by the chain rule what D tells each pixel, and check it by simply
#   changing a pixel;
# - say which weights move in which half-step, and prove it;
# - answer a claim that is often heard, "D's loss trains G, too", with an
#   experiment.

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

# %%
# %matplotlib inline
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fewer remarks on GPUs

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(5)

# %% [markdown]
# ## The drawing
#
# Two losses, two ways back. D's loss goes back into D's weights. G's loss
# goes back *through* D, through the pixels x of the fake, into G's weights.

# %%
figure, axis = plt.subplots(figsize=(10, 4.2))


def box(x, y, text, colour):
    axis.text(
        x, y, text, ha="center", va="center", color="white", fontsize=12,
        bbox={"boxstyle": "round,pad=0.5", "facecolor": colour,
              "edgecolor": "none"},
    )  # fmt: skip


def arrow(start, end, colour="black", style="-"):
    axis.annotate(
        "", end, start,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2,
                    "linestyle": style, "mutation_scale": 16},
    )  # fmt: skip


box(0, 2, "z", gk.plots.QUIET)
box(2, 2, "G", gk.plots.G_COLOUR)
box(4.2, 2, "x = G(z)", gk.plots.FAKE_COLOUR)
box(4.2, 3.6, "real x", gk.plots.REAL_COLOUR)
box(6.6, 2, "D", gk.plots.D_COLOUR)
box(9, 2.9, "d_loss", gk.plots.D_COLOUR)
box(9, 1.1, "g_loss", gk.plots.G_COLOUR)
for start, end in [
    ((0.3, 2), (1.6, 2)), ((2.4, 2), (3.4, 2)), ((5, 2), (6.2, 2)),
    ((4.9, 3.5), (6.4, 2.4)), ((7, 2.1), (8.4, 2.8)), ((7, 1.9), (8.4, 1.2)),
]:  # fmt: skip
    arrow(start, end)
arrow((8.6, 3.4), (6.8, 3.4), gk.plots.D_COLOUR, "--")
arrow((6.65, 3.35), (6.6, 2.5), gk.plots.D_COLOUR, "--")
axis.text(7.7, 3.55, "∂d_loss / ∂(D's weights)", ha="center", fontsize=10)
axis.text(7.7, 3.9, "D's half-step", ha="center", color=gk.plots.D_COLOUR)
arrow((8.6, 0.3), (6.8, 0.3), gk.plots.G_COLOUR, "--")
arrow((6.4, 0.3), (4.5, 0.3), gk.plots.G_COLOUR, "--")
arrow((3.9, 0.3), (2.1, 0.3), gk.plots.G_COLOUR, "--")
arrow((2, 0.35), (2, 1.5), gk.plots.G_COLOUR, "--")
axis.text(6.6, 0.3, "D", ha="center", va="center", fontsize=10)
axis.text(4.2, 0.3, "x", ha="center", va="center", fontsize=10)
axis.text(7.7, -0.15, "∂g_loss / ∂logit", ha="center", fontsize=10)
axis.text(5.4, -0.15, "∂g_loss / ∂x", ha="center", fontsize=10)
axis.text(3.0, -0.15, "∂g_loss / ∂(G's weights)", ha="center", fontsize=10)
axis.text(
    5.4, -0.55, "G's half-step: through D, which is only passed",
    ha="center", color=gk.plots.G_COLOUR,
)  # fmt: skip
axis.set(xlim=(-0.5, 10), ylim=(-0.8, 4.2))
axis.axis("off")
plt.show()

# %% [markdown]
# What you should see: a row of solid arrows z, G, x, D that ends in two losses;
# a short dashed way back from d_loss into D, and a long dashed way back from g_loss
# through D and x into G.
#
# In this tutorial we walk the long one, and stop at every station.

# %%
images, _ = gk.datasets.load("digits")
gan = gk.GAN(
    gk.networks.dcgan_generator((28, 28, 1), width=16),
    gk.networks.dcgan_discriminator((28, 28, 1), width=16),
    seed=5,
)
gan.compile()
epochs = exercises.setting(full=5, smoke=1)
some = exercises.setting(full=len(images), smoke=128)
gan.fit(gk.datasets.pipeline(images[:some]), epochs=epochs, verbose=0)
gk.plots.image_rows({"fakes": gan.generate(8, seed=0)})

# %% [markdown]
# What you should see: eight fakes that begin to look like digits, with
# strokes that do not always meet. In this state, half-way, there is most to
# learn.
#
# ## Station 1: from the loss to the logit
#
# For one fake, g_loss = -log D(x), with D the sigmoid of the logit. Its
# slope has a short formula: **∂g_loss/∂logit = D(x) - 1**. It is never
# positive (a higher logit is better for G) and near -1 where D sees through
# the fake.

# %%
latents = gan.draw_latents(6, seed=0)
fakes = gan.generator(latents, training=True)
with tf.GradientTape() as tape:
    logits = gan.discriminate(fakes)
    tape.watch(logits)
    g_losses = gan.loss.generator(None, logits)  # -log D(fake), one a fake
logit_gradients = tape.gradient(g_losses, logits)
print("D says:            ", tf.sigmoid(logits).numpy().round(3))
print("gradient by tape:  ", logit_gradients.numpy().round(3))
print("D says, minus one: ", (tf.sigmoid(logits) - 1).numpy().round(3))
exercises.claim(
    np.abs(logit_gradients - (tf.sigmoid(logits) - 1)).max(), at_most=1e-5
)

# %% [markdown]
# ## Station 2: from the logit to the pixels
#
# "So D's error is divided among the 784 pixels?" That is a good question with
# a clear answer: **no**. Nothing is shared out. Each pixel is asked its own
# question: *if I alone became a little lighter, how much would the loss
# change?* The answer is a derivative, and by the chain rule it is
#
# **∂g_loss/∂xᵢ  =  ∂g_loss/∂logit  ·  ∂logit/∂xᵢ**
#
# The first factor is one number for the image, from station 1. The second is
# D's own: how the logit depends on pixel i.
#
# Before you run the next cell: if the error were divided, all 784 parts would
# have one sign, and their sum would be the loss. Will that be so?

# %%
with tf.GradientTape() as tape:
    tape.watch(fakes)
    logits = gan.discriminate(fakes)
slopes = tape.gradient(logits, fakes)  # d logit / d pixel
by_chain_rule = logit_gradients[:, None, None, None] * slopes

# The package has it ready, as the mean over the fakes: divided by their number.
_, pixel_gradients = gk.lab.pixel_gradients(gan, latents)
pixel_gradients = pixel_gradients * len(latents)
difference = np.abs(by_chain_rule - pixel_gradients).max()
print("chain rule against the package, largest difference:", difference)
print("g_loss of each fake:     ", g_losses.numpy().round(3))
print("sum of its 784 gradients:", pixel_gradients.sum((1, 2, 3)).round(3))
print(
    "share of negative ones:  ", (pixel_gradients < 0).mean((1, 2, 3)).round(2)
)
gk.plots.pixel_gradients(fakes, pixel_gradients)

# %% [markdown]
# What you should see: six fakes above, and below each a map with orange
# pixels (D would like them lighter) and purple ones (darker), often side by
# side near the strokes, and pale at the edges of the image.
#
# The sums are not the losses (if one of them comes near, that is chance),
# and both signs occur in every map. "Lighter here, darker there": that is a
# *drawing lesson*, not a share of the blame.

# %%
exercises.claim(difference, at_most=1e-5)
exercises.claim(
    np.abs(pixel_gradients.sum((1, 2, 3)) - g_losses).max(), at_least=0.05
)
exercises.claim((pixel_gradients < 0).mean((1, 2, 3)).min(), at_least=0.1)
exercises.claim((pixel_gradients > 0).mean((1, 2, 3)).min(), at_least=0.1)

# %% [markdown]
# ## Do not believe it: change a pixel
#
# A derivative can be checked with no mathematics at all. Make one pixel a
# little lighter, ask D again; make it a little darker, ask again; divide the
# difference of the losses by the difference of the pixel. This is a **finite
# difference**.

# %%
fake = fakes[:1].numpy()


def loss_of(image):
    logits = gan.discriminate(tf.constant(image, tf.float32))
    return float(gan.loss.generator(None, logits)[0])


by_tape, by_hand = [], []
strongest = np.argsort(-np.abs(pixel_gradients[0]).ravel())
for i in strongest[: exercises.setting(full=200, smoke=5) : 5]:
    losses = []
    for change in (+0.01, -0.01):
        changed = fake.copy()
        changed.flat[i] += change
        losses.append(loss_of(changed))
    by_hand.append((losses[0] - losses[1]) / 0.02)
    by_tape.append(pixel_gradients[0].flat[i])

figure, axis = plt.subplots(figsize=(4.4, 4))
axis.axline((0, 0), slope=1, color=gk.plots.QUIET, linestyle=":")
axis.plot(by_tape, by_hand, "o", color=gk.plots.G_COLOUR, markersize=5)
axis.set(xlabel="∂g_loss/∂pixel, by the chain rule")
axis.set(ylabel="by changing the pixel")
axis.locator_params(nbins=5)
plt.show()
error = np.abs(np.subtract(by_tape, by_hand)).max() / np.abs(by_tape).max()
print(f"largest difference: {error:.1%} of the largest gradient")

# %% [markdown]
# What you should see: forty orange dots, some on top of each other, all on
# the dotted diagonal.
#
# So the gradients are true. And going against them helps: move every pixel
# of the fakes a little against its gradient, so that g_loss falls, and D
# believes them more.

# %%
exercises.claim(error, at_most=0.08)
before = gan.judge(fakes.numpy())
moved = np.clip(fakes.numpy() - 0.02 * np.sign(pixel_gradients), -1, 1)
after = gan.judge(moved)
print("D before:", before.round(3))
print("D after: ", after.round(3))
exercises.claim((after - before).min(), at_least=0.0)

# %% [markdown]
# ## Station 3: from the pixels to G's weights
#
# G cannot move pixels one by one; it can only turn its weights, and each
# weight moves many pixels of many fakes. The chain rule again: a weight's
# gradient is the sum, over all pixels, of (what D tells this pixel) × (how
# this pixel moves with the weight). In TensorFlow, `output_gradients` hands
# over the first factor. The result must be the same as if one tape had
# watched the whole way from the weights to the loss:

# %%
weights = gan.generator.trainable_variables
with tf.GradientTape() as tape:
    drawn = gan.generator(latents, training=True)
in_two_parts = tape.gradient(
    drawn, weights, output_gradients=pixel_gradients / len(latents)
)
with tf.GradientTape() as tape:
    drawn = gan.generator(latents, training=True)
    g_loss = tf.reduce_mean(gan.loss.generator(None, gan.discriminate(drawn)))
at_once = tape.gradient(g_loss, weights)


def one_vector(gradients):
    return np.concatenate([np.ravel(g) for g in gradients])


one, two = one_vector(in_two_parts), one_vector(at_once)
print(f"{one.size:,} weights of G, all from 784 numbers for each fake")
print("largest difference:", np.abs(one - two).max(), "of", np.abs(one).max())
exercises.claim(np.abs(one - two).max() / np.abs(one).max(), at_most=1e-3)

# %% [markdown]
# The three stations are steps 4 to 6 of `train_step` in `gan_keras/gan.py`,
# and all that G ever learns from.
#
# ## Who moves when? The step, told by itself
#
# `explain_step` takes one training step on a copy of the model and reports.
#
# Before you run the next cell, guess: how many of D's weights change in G's
# half-step, and how many of G's in D's?

# %%
real_images = next(iter(gk.datasets.pipeline(images)))  # a batch of 64
story = gan.explain_step(real_images)
print(story)

# %% [markdown]
# Read the lines "trained". (r1 is the penalty of tutorial 4. A variable is a
# whole array: the weights of a layer, for instance, or what an optimizer
# remembers.) In D's half-step all of D's weights changed and **none of
# G's**. In G's half-step all of G's and **none of D's**. (One thing of G's
# does change in D's half-step: what its BatchNorm layers *keep count of*,
# the running means, because G has just drawn. These are not learnt from any
# loss.)

# %%
changed = {
    (half, player): sum(n.startswith(f"{player}, trained") for n in names)
    for half, names in story.changed.items()
    for player in "DG"
}
print(changed)
exercises.claim(changed["D's half-step", "G"], at_most=0)
exercises.claim(changed["G's half-step", "D"], at_most=0)
exercises.claim(changed["D's half-step", "D"], at_least=8)
exercises.claim(changed["G's half-step", "G"], at_least=11)
gk.plots.gradient_norms(story.gradient_norms)

# %% [markdown]
# What you should see: blue bars for D's layers, orange ones for G's, on a
# logarithmic axis: each layer of both networks receives a gradient, and none
# has run dry.
#
# ## "D's own loss already updates G"
#
# You will hear this: D's loss contains the fakes, the fakes come from G, so
# when D's loss goes down, G learns as well. Half of it is true. d_loss *has*
# a gradient in G's weights, if a tape watches G. Two things are wrong:
#
# 1. Nobody applies it. D's optimizer has D's variables and no others.
# 2. If somebody did, G would get *worse*. d_loss falls when fakes are easier
#    to see through!
#
# We run it: the same G, once with a step down its own loss, once with a step
# down D's. Before you run the next cell: what will D think of the fakes after
# each of them, more than before or less?

# %%
batch, tape = gan.make_fakes(real_images)
own, _ = gan.generator_gradients(batch, tape)
with tf.GradientTape() as tape:
    drawn = gan.generator(batch.inputs, training=True)
    d_loss = tf.reduce_mean(
        gan.loss.discriminator(
            gan.discriminate(real_images), gan.discriminate(drawn)
        )
    )
of_d_loss = tape.gradient(d_loss, weights)
a, b = one_vector(own), one_vector(of_d_loss)
cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
print(f"cosine of the two directions: {cosine:.2f}")


def believed_after(gradients, rate=0.5):
    """Mean D(fake) after a plain gradient step of G; G is put back."""
    kept = gan.generator.get_weights()
    for weight, gradient in zip(weights, gradients):
        weight.assign_sub(rate * gradient)
    drawn = gan.generator(batch.inputs, training=True)
    said = float(tf.reduce_mean(tf.sigmoid(gan.discriminate(drawn))))
    gan.generator.set_weights(kept)
    return said


before = believed_after(own, rate=0.0)
gain = {
    "a step down g_loss": believed_after(own) - before,
    "a step down d_loss": believed_after(of_d_loss) - before,
}
figure, axis = plt.subplots(figsize=(7, 2))
axis.barh(
    list(gain),
    list(gain.values()),
    color=[gk.plots.G_COLOUR, gk.plots.D_COLOUR],
)
axis.invert_yaxis()
axis.axvline(0, color="black")
axis.set(xlabel="change of D's mean probability of real, for the fakes")
plt.show()
print(f"before: {before:.3f};", {n: f"{v:+.3f}" for n, v in gain.items()})

# %% [markdown]
# What you should see: two bars from a line at 0: the orange one, down g_loss,
# to the right (D believes more), the blue one, down d_loss, to the left (D
# believes less).
#
# The two directions are almost exactly opposite (a cosine near -1). Had D's
# loss trained G, it would have trained it to be caught. That is what
# *adversarial* means.

# %%
exercises.claim(cosine, at_most=-0.9)
exercises.claim(gain["a step down g_loss"], at_least=0.005)
exercises.claim(gain["a step down d_loss"], at_most=-0.005)

# %% [markdown]
# ## Why D stands still while G learns
#
# The other way round it is the same. g_loss has a gradient in D's weights; we
# walk right through D, after all. If D's weights moved along with it, D would
# be changed so that it calls fakes real: the officer would be bribed, and the
# counterfeiter would not have to learn anything.
#
# Before you run the next cell: after ten such steps, what will D say of fakes
# that have not changed at all?

# %%
kept = gan.discriminator.get_weights()
d_weights = gan.discriminator.trainable_variables
bribed = []
for _ in range(11):
    with tf.GradientTape() as tape:
        logits = gan.discriminate(batch.fake_images)
        g_loss = tf.reduce_mean(gan.loss.generator(None, logits))
    bribed.append(float(tf.reduce_mean(tf.sigmoid(logits))))
    for weight, gradient in zip(d_weights, tape.gradient(g_loss, d_weights)):
        weight.assign_sub(0.003 * gradient)
gan.discriminator.set_weights(kept)
print("D on the same fakes:", np.round(bribed, 2))
exercises.claim(bribed[-1] - bribed[0], at_least=0.1)

# %% [markdown]
# The fakes are the same; only the officer's opinion was bought. So there are
# **two optimizers**: one that knows D's weights, one that knows G's. There is
# no need to switch D off (`trainable = False`, as one often reads): an
# optimizer moves what it is given, and nothing else.
#
# ## What you have seen
#
# - The error is not divided. Every pixel gets its own derivative, through D.
# - G's weights get theirs from the pixels, by the chain rule.
# - In each half-step one network learns; the other one is only passed, or not
#   even that.
# - d_loss and g_loss pull G's weights in opposite directions.
#
# ## Exercises
#
# **1. Station 1.** With g_loss the *mean* of -log D over n fakes, what is
# ∂g_loss/∂logit for each of them?


# %%
def logit_gradient(fake_logits):
    """Float array [n] -> float array [n]."""
    ...  # your turn


exercises.check("logit_gradient", logit_gradient)

# %% [markdown]
# **2. Change a pixel.** The finite difference for number `i` of `x`: change it
# by `step` up and down, and leave all others (and the reader's `x`) alone.


# %%
def finite_difference(function, x, i, step):
    """A function of an array [n], such an array, an int, a number -> a number."""
    ...  # your turn


exercises.check("finite_difference", finite_difference)

# %% [markdown]
# **3. From the pixels to the weights.** `pixel_gradients[i]` is ∂loss/∂pixel
# i, and `jacobian[i, j]` is ∂pixel i/∂weight j. What is ∂loss/∂weight j?


# %%
def weight_gradients(pixel_gradients, jacobian):
    """Float arrays [pixels] and [pixels, weights] -> float array [weights]."""
    ...  # your turn


exercises.check("weight_gradients", weight_gradients)

# %% [markdown]
# **4. Who moves?** For each half-step, the set of what its optimizer changes:
# `"D"`, `"G"`, both or neither.

# %%
who_moves = {"D's half-step": ..., "G's half-step": ...}  # your turn

exercises.check("who_moves", who_moves)
