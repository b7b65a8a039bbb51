# %% [markdown]
# # 8. When it goes wrong
#
# **Your GAN draws rubbish. Which of the two players is to blame, and what do
# you change?**
#
# Running time: about 4 minutes on two CPU cores, for about twenty small trainings.
#
# Afterwards you will be able to
#
# - provoke the five usual troubles on purpose, each within seconds,
# - recognise them from curves and pictures, and know which one curves hide,
# - name a cure for each, and say why it works.
#
# You should have met D, G and their losses (tutorials 1 and 4); other words are
# in the [glossary](glossary.md). The first cell installs the package where it
# is missing; if you have it, nothing happens.

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

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import gan_keras as gk
from gan_keras import exercises

# %% [markdown]
# Doctors learn diseases one at a time, from clear cases. Ours are small: eight
# clouds of points in the plane, where we can count what G has found, and
# digits with thin networks.
#
# ## First trouble: mode collapse
#
# The data are eight clouds on a ring. G shall find all of them.


# %%
ring = gk.lab.ring(sigma=0.1)
# `exercises.setting`: the makers try the notebook out in short.
points_epochs = exercises.setting(full=8, smoke=1)
points_steps = exercises.setting(full=250, smoke=2)


def adam(rate):
    return keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.99)


def plane_gan():
    keras.utils.set_random_seed(0)
    return gk.GAN(
        gk.networks.mlp_generator((2,), latent_dim=2, hidden=(64, 64, 64)),
        gk.networks.mlp_discriminator((2,), hidden=(64, 64, 64)),
        seed=0,
    )


def samples(gan):
    # As G is at this moment; usually an average of its weights draws.
    return gan.generate(2000, seed=0, use_ema=False)


def play(gan, d_optimizer, g_optimizer, loss, penalties, critic_steps=1):
    """Trains on the ring; returns the history and samples of each epoch."""
    gan.compile(
        d_optimizer,
        g_optimizer,
        loss=loss,
        penalties=penalties,
        critic_steps=critic_steps,
        steps_per_execution=min(50, points_steps),
        jit_compile=False,  # for so short runs, compiling does not pay
    )
    film = gk.callbacks.Record(samples)
    data = gk.lab.pipeline(
        ring, steps=points_steps, batch_size=64 * critic_steps
    )
    history = gan.fit(data, epochs=points_epochs, verbose=0, callbacks=[film])
    return history, film


def clouds(panels):
    """Fakes over the true centres, one panel for each name."""
    figure, axes = plt.subplots(
        1, len(panels), figsize=(9, 9 / len(panels) + 0.5),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for axis, (name, points) in zip(axes[0], panels.items()):
        axis.scatter(*ring.centres.T, s=150, color=gk.plots.REAL_COLOUR,
                     alpha=0.4, label="real clouds")  # fmt: skip
        axis.scatter(*points.T, s=2, color=gk.plots.FAKE_COLOUR, label="fakes")
        axis.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal",
                 xticks=[-2, 0, 2], yticks=[-2, 0, 2], xlabel="x")  # fmt: skip
        axis.set_title(
            f"{name}\n{ring.modes_covered(points)} of 8 clouds", fontsize=9
        )
    axes[0, 0].set(ylabel="y")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center",
        ncols=2, frameon=False, fontsize=8,
    )  # fmt: skip
    plt.show()


# %% [markdown]
# We let G learn four times as fast as D. **Before you run the next cell:** G
# looks for the place that D believes in most, and D is slow to notice. Where
# will the fakes be?

# %%
history, film = play(
    plane_gan(), adam(5e-4), adam(2e-3), loss="non_saturating", penalties=[]
)
collapsed = film.answers[-1]
chosen = np.unique(np.linspace(1, points_epochs, 5).round().astype(int))
clouds({f"epoch {e}": film.answers[e] for e in chosen})
# %% [markdown]
# *What you should see: five moments of one training. The fakes (pink) lie
# together, in a streak or in a heap, on one cloud or two or on none, and at the
# next moment they are somewhere else.*
#
# G put all of its money on one note. D learned to reject that note; G moved on
# to the next; and so they run around in circles. That is **mode collapse**.
# (With another seed the circles may end by themselves after some epochs: a
# collapse is a matter of luck, too.) And the curves?

# %%
gk.plots.loss_race(history, gk.losses.NonSaturating())

# %% [markdown]
# *What you should see: two losses that lie near their dotted lines, and
# two opinions on one half, nearly from the first epoch on.*
#
# They could not look better. **This is the trouble that curves hide**: for
# each single batch the game is even. Look at many samples, and at samples of
# several epochs.

# %%
most = max(ring.modes_covered(points) for points in film.answers[1:])
d_loss = history.history["d_loss"][-1]
print(f"d_loss {d_loss:.2f} (at rest: 1.39), never more than {most} clouds")
# `exercises.claim` checks numbers that the text states; not your task.
exercises.claim(d_loss, at_least=1.3, at_most=1.45)
exercises.claim(most, at_most=3)

# %% [markdown]
# Three cures, each from the same first weights:
#
# - **R3GAN's rules**: a relativistic loss, which compares each fake with a real
#   point. The points of a forgotten cloud win all their comparisons, so G keeps
#   being drawn there. And two fines on the steepness of D:
#   R1 at real points, R2 at fakes. The learning rates stay as they were.
# - **WGAN-GP**: a D whose score is no probability (a *critic*); a penalty tells
#   it to let its score rise by one for each step of length one on the way from
#   fakes to real points, no more and no less. With five turns for each of G's
#   it has learnt where all clouds are before G moves.
# - **A faster D**: the bare game, with the two learning rates swapped.

# %%
cured = {"the disease": collapsed}
_, film = play(
    plane_gan(),
    adam(5e-4),
    adam(2e-3),
    loss="relativistic",
    penalties=[gk.penalties.R1(gamma=1.0), gk.penalties.R2(gamma=1.0)],
)
cured["R3GAN's rules"] = film.answers[-1]
_, film = play(
    plane_gan(),
    adam(5e-4),
    adam(2e-3),
    loss="wasserstein",
    penalties=[gk.penalties.GradientPenalty(weight=0.1)],
    critic_steps=5,
)
cured["WGAN-GP, five turns"] = film.answers[-1]
_, film = play(
    plane_gan(), adam(2e-3), adam(5e-4), loss="non_saturating", penalties=[]
)
cured["a faster D"] = film.answers[-1]
clouds(cured)

# %% [markdown]
# *What you should see: on the left the collapsed points of the last epoch
# again; in the three other panels at least seven of the eight clouds have fakes,
# with some threads between them.*

# %%
for points in list(cured.values())[1:]:
    exercises.claim(ring.modes_covered(points), at_least=7)

# %% [markdown]
# ## Second trouble: the gradient vanishes
#
# Now the opposite. G stands still in the middle of the ring, and D may learn
# as long as it likes. We measure how hard each fake is pushed: the mean length
# of the gradient of g_loss at the fakes.
#
# **Before you run the next cell:** D gets better and better. Will its advice
# to G get better, too?

# %%
real = tf.constant(ring.sample(256, seed=0))
rng = np.random.default_rng(0)
fake = tf.constant(rng.normal(0, 0.1, size=(256, 2)).astype("float32"))


def pushes(d_loss, penalties, g_losses, moments):
    """Trains D alone; after each of these moments, how fakes are pushed."""
    keras.utils.set_random_seed(0)
    network = gk.networks.mlp_discriminator((2,), hidden=(64, 64, 64))
    optimizer = adam(1e-3)
    optimizer.build(network.trainable_variables)

    def discriminate(points):
        return network(points)[:, 0]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = d_loss.discriminator(
                discriminate(real), discriminate(fake)
            )
            for penalty in penalties:
                losses += penalty(discriminate, real, fake)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)

    found = {name: [] for name in g_losses}
    for before, now in zip([0, *moments], moments):
        for _ in range(now - before):
            step()
        for name, loss in g_losses.items():
            with tf.GradientTape() as tape:
                tape.watch(fake)
                scores = discriminate(fake)
                g_loss = loss.generator(scores, scores)
            lengths = tf.norm(tape.gradient(g_loss, fake), axis=1)
            found[name].append(float(tf.reduce_mean(lengths)))
    return found


moments = exercises.setting(
    full=[0, 10, 20, 50, 100, 200, 400, 800, 1500], smoke=[0, 1, 2]
)
found = pushes(
    gk.losses.NonSaturating(),
    [],
    {
        "minimax": gk.losses.Minimax(),
        "non-saturating": gk.losses.NonSaturating(),
    },
    moments,
)
found |= pushes(
    gk.losses.Wasserstein(),
    [gk.penalties.GradientPenalty(weight=10.0)],
    {"WGAN-GP": gk.losses.Wasserstein()},
    moments,
)
figure, axis = plt.subplots(figsize=(7, 3.4), layout="constrained")
for (name, values), style in zip(found.items(), ("o--", "s-", "^:")):
    axis.plot(moments, values, style, color=gk.plots.G_COLOUR, label=name)
axis.set(
    xscale="symlog", yscale="log", xlabel="steps that D has learned alone",
    ylabel="mean push on a fake",
)  # fmt: skip
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# *What you should see: three curves on logarithmic axes. With the minimax
# loss (circles) the push falls by many powers of ten as D learns, after a short
# rise; with the non-saturating one (squares) it grows; with WGAN-GP (triangles)
# it settles near 1. (Both axes are logarithmic, but for the left end of the lower
# one, from 0 to 2.)*

# %%
print({name: f"{values[-1]:.1e}" for name, values in found.items()})
exercises.claim(found["minimax"][-1], at_most=1e-4)
exercises.claim(found["non-saturating"][-1], at_least=1)
exercises.claim(found["WGAN-GP"][-1], at_least=0.7, at_most=1.4)

# %% [markdown]
# What that means for G: we give D a head start, and then let both play.
# Minimax first with plain gradient descent, then the same with Adam, which
# divides every step by the usual length of the gradient and so makes up for
# much of what was lost; then the two other losses.


# %%
def after_a_head_start(loss, penalties, g_optimizer):
    gan = plane_gan()
    # An optimizer must have a learning rate; with this one G stands still.
    still = keras.optimizers.SGD(1e-30)
    head_start = gk.lab.pipeline(
        ring, steps=exercises.setting(full=1000, smoke=2), batch_size=64
    )
    gan.compile(
        adam(1e-3),
        still,
        loss=loss,
        penalties=penalties,
        steps_per_execution=exercises.setting(full=50, smoke=2),
        jit_compile=False,
    )
    gan.fit(head_start, verbose=0)
    return play(gan, adam(1e-3), g_optimizer, loss, penalties)


panels = {}
stuck, film = after_a_head_start("minimax", [], keras.optimizers.SGD(0.1))
panels["minimax, SGD"] = film.answers[-1]
moved = float(np.abs(film.answers[-1] - film.answers[0]).max())
_, film = after_a_head_start("minimax", [], adam(1e-3))
panels["minimax, Adam"] = film.answers[-1]
_, film = after_a_head_start("non_saturating", [], adam(1e-3))
panels["non-saturating, Adam"] = film.answers[-1]
_, film = after_a_head_start(
    "wasserstein", [gk.penalties.GradientPenalty(weight=1.0)], adam(1e-3)
)
panels["WGAN-GP, Adam"] = film.answers[-1]
clouds(panels)

# %% [markdown]
# *What you should see: on the left the fakes still sit in the middle, where
# they began. In the other three panels they have gone out to the clouds.*
#
# What the curves of the stuck run say in the last epoch: d_loss is 0, d_real 1,
# d_fake 0; and the farthest that a fake has moved in all the epochs.

# %%
last = {name: values[-1] for name, values in stuck.history.items()}
print({name: abs(round(value, 3)) for name, value in last.items()})
print(f"the farthest move of a fake: {moved:.3f}")
exercises.claim(last["d_loss"], at_most=0.01)
exercises.claim(moved, at_most=0.1)
exercises.claim(ring.modes_covered(panels["WGAN-GP, Adam"]), at_least=7)

# %% [markdown]
# ## Third trouble: a D that is too strong
#
# From here on, digits, and networks so thin that 800 steps take seconds. One
# function trains them all, and also says how far 1,000 samples are from real
# digits (the Fréchet distance in a reader's features: less is better).

# %%
images, _ = gk.datasets.load("digits")
held_out, _ = gk.datasets.load("digits", split="test")
reader = gk.extractors.get("digits")
real_features = reader(held_out)[0]
steps = exercises.setting(full=100, smoke=1)  # in an epoch


def digits(
    d_rate, g_rate, loss="non_saturating", penalties=(), spectral=False,
    train=images, augmentation=None, epochs=8, d_width=8, **kwargs,
):  # fmt: skip
    """A short training: `(history, gan, distance)`."""
    keras.utils.set_random_seed(1)
    wrap = {"wrap": gk.layers.SpectralNormalization} if spectral else {}
    gan = gk.GAN(
        gk.networks.dcgan_generator((28, 28, 1), latent_dim=32, width=8),
        gk.networks.dcgan_discriminator((28, 28, 1), width=d_width, **wrap),
        seed=1,
        ema_decay=0.98,  # a short memory, for short runs
    )
    gan.compile(
        adam(d_rate),
        adam(g_rate),
        loss=loss,
        penalties=list(penalties),
        augmentation=augmentation,
        jit_compile=False,
    )
    history = gan.fit(
        # 100 batches an epoch, however many images there are.
        gk.datasets.pipeline(train, batch_size=32, epoch_size=32 * steps),
        epochs=exercises.setting(full=epochs, smoke=1),
        verbose=0,
        **kwargs,
    )
    features = reader(
        gan.generate(exercises.setting(full=1000, smoke=100), seed=0)
    )[0]
    distance = gk.metrics.frechet_distance(real_features, features)
    return history, gan, distance


healthy = digits(2e-3, 2e-3, penalties=[gk.penalties.R1(1.0, share=0.25)])
strong = digits(8e-3, 1e-3)
gk.plots.image_rows(
    {
        "healthy": healthy[1].generate(10, seed=0),
        "D too strong": strong[1].generate(10, seed=0),
    }
)

# %% [markdown]
# *What you should see: in the first row strokes on their way to digits, all
# that can be had from 800 steps of so thin a network. In the second row shapes
# that are dimmer or more broken, with a pattern of dots, many of them alike.*
#
# In the second training D learns eight times as fast as G, and nothing holds
# it back. **Before you run the next cell:** where will d_real and d_fake be?

# %%
gk.plots.loss_race(strong[0], gk.losses.NonSaturating())

# %%
gk.plots.loss_race(healthy[0], gk.losses.NonSaturating())

# %% [markdown]
# *What you should see: above, the sick run. D says 0.8 or more of real
# images and 0.2 or less of fakes, to the end; g_loss stays far above d_loss. Below,
# the healthy one: the opinions come closer to each other, and so do the
# losses.*

# %%
end = {
    name: {key: run[0].history[key][-1] for key in ("d_real", "d_fake")}
    for name, run in [("healthy", healthy), ("strong", strong)]
}
print(end)
exercises.claim(end["strong"]["d_real"], at_least=0.78)
exercises.claim(end["strong"]["d_fake"], at_most=0.22)
exercises.claim(end["healthy"]["d_real"], at_most=0.75)

# %% [markdown]
# Four ways to hold D back, *with the same two learning rates*:
#
# - **label smoothing**: D's target for real images is 0.7 instead of 1, so
#   that it is not paid for being certain;
# - **spectral norm**: no layer of D may stretch what lies under one window, so
#   that D's slope stays bounded (not by exactly one: windows overlap). Here it
#   goes with the **hinge loss**: D wants scores above 1 for real images and
#   below -1 for fakes, and what is beyond that does not pull at it any more.
#   (Miyato and others, 2018, who introduced spectral normalisation, trained
#   mostly with the cross-entropy, and tried the hinge loss, too);
# - **R1**: D pays for its slope at real images, for how much its logit changes
#   if the image changes a little;
# - **WGAN-GP**: another loss, and a slope of one between real and fake.
#
# **Before you run the next cell:** put them in order, the best cure first.

# %%
runs = {
    "D too strong": strong,
    "label smoothing": digits(8e-3, 1e-3, gk.losses.NonSaturating(0.7)),
    "spectral norm": digits(8e-3, 1e-3, loss="hinge", spectral=True),
    "R1": digits(8e-3, 1e-3, penalties=[gk.penalties.R1(3.0, share=0.25)]),
    "WGAN-GP": digits(
        8e-3, 1e-3, "wasserstein", [gk.penalties.GradientPenalty(10.0)]
    ),
}
gk.plots.image_rows(
    {name: gan.generate(10, seed=0) for name, (_, gan, _) in runs.items()}
)

# %%
figure, axis = plt.subplots(figsize=(7, 2.6), layout="constrained")
distances = {name: distance for name, (_, _, distance) in runs.items()}
axis.barh(list(distances), list(distances.values()), color=gk.plots.G_COLOUR)
axis.axvline(healthy[2], color=gk.plots.REAL_COLOUR, linestyle="--")
axis.annotate(
    " the healthy run", (healthy[2], -0.6), color=gk.plots.REAL_COLOUR,
    fontsize=8,
)  # fmt: skip
axis.invert_yaxis()
axis.set_xlabel("Fréchet distance to real digits (less is better)")
axis.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# *What you should see: a row of samples for each cure, and below a bar for
# each. The bars of R1 and WGAN-GP are the shortest, no longer than the dashed line
# of the healthy run. Those of label smoothing and spectral norm are longer.*
#
# How much longer, and whether they are shorter than the first one, is a matter of
# luck. The same five trainings with five seeds, on one machine; yours have seed 1:
#
# | | seed 1 | seed 2 | seed 3 | seed 4 | seed 5 |
# | --- | --- | --- | --- | --- | --- |
# | D too strong | 1344 | 553 | 526 | 922 | 578 |
# | label smoothing | 710 | 1077 | 1265 | 708 | 1476 |
# | spectral norm | 988 | 598 | 615 | 697 | 707 |
# | R1 | 377 | 318 | 311 | 411 | 429 |
# | WGAN-GP | 295 | 305 | 333 | 323 | 347 |
#
# (On another processor numbers are rounded in another order, and so even seed 1 has
# another game, and your bars other lengths.) Whoever had the table's seed 1 alone would
# call smoothing a cure; with its seed 5 alone, a poison. **One training of a GAN proves nothing.** What all of them
# agree on is R1 and WGAN-GP. Smoothing takes away D's certainty and leaves it its
# slope: D may still be as steep as it likes between real and fake, and its advice
# points anywhere. What cures is to hold the slope. (Spectral norm holds it in
# every layer at once, which a D as thin as ours can hardly afford: the recipe
# `sngan` gives it twice the width.)

# %%
print({name: round(distance) for name, distance in distances.items()})
for name in ("R1", "WGAN-GP"):
    exercises.claim(distances["D too strong"] / distances[name], at_least=1.2)
    exercises.claim(distances[name] / healthy[2], at_most=1.1)
    for other in ("label smoothing", "spectral norm"):
        exercises.claim(distances[other] / distances[name], at_least=1.2)

# %% [markdown]
# ## Fourth trouble: a D that is too weak
#
# D's learning rate is now a hundredth of G's. **Before you run the next
# cell:** a police officer who cannot tell anything gives everything the
# probability one half. Which d_loss is that? Can it be worse?

# %%
weak = digits(2e-5, 2e-3)
gk.plots.loss_race(weak[0], gk.losses.NonSaturating())

# %% [markdown]
# *What you should see: d_loss lies above its line, which is worse than
# guessing; g_loss lies below its own. On the right D trusts the fakes more
# than the real images.*

# %%
gk.plots.image_rows({"D too weak": weak[1].generate(10, seed=0)})

# %% [markdown]
# *What you should see: ten times nearly the same pattern of black and white
# specks.*
#
# G has found what this D likes, and it has nothing to do with digits. **A low
# g_loss is not good news.** It says that D can be fooled; whether that is G's
# merit, only the pictures tell. The cure is to give D more: a higher learning
# rate, more channels, more turns (`critic_steps`). The healthy run above had
# 2e-3 for both (and R1).

# %%
worse = weak[0].history["d_loss"][-1]
fooled = weak[0].history["d_fake"][-1] - weak[0].history["d_real"][-1]
print(f"d_loss {worse:.2f}, guessing 1.39; d_fake - d_real {fooled:.2f}")
exercises.claim(worse, at_least=1.4)
exercises.claim(fooled, at_least=0.02)
exercises.claim(weak[2] / healthy[2], at_least=3)

# %% [markdown]
# ## Fifth trouble: a D that learns by heart
#
# Four thousand digits are few. What about twenty-five? D can then learn every
# one of them by heart, and its advice to G becomes "be one of those". (D gets
# twice the width here, to learn faster. And an epoch is a hundred batches: each
# of the 25 comes up 128 times in it.)
# The sign is not in the training curves but in the difference to images that
# D has *not* seen: `validation_data`.

# %%
few = images[::160]  # 25 digits, two or three of each
unseen = gk.datasets.pipeline(
    held_out[:: exercises.setting(full=2, smoke=10)], batch_size=64
)
learned = digits(
    2e-3, 2e-3, train=few, epochs=7, d_width=16, validation_data=unseen
)
shaken = digits(
    2e-3, 2e-3, train=few, epochs=7, d_width=16, validation_data=unseen,
    augmentation="diff_augment",
)  # fmt: skip

figure, axes = plt.subplots(
    1, 2, figsize=(9, 3), sharey=True, layout="constrained"
)
for axis, title, run in [
    (axes[0], "25 digits", learned),
    (axes[1], "25 digits, augmented", shaken),
]:
    for name, style, label in [
        ("d_real", "-", "of the 25"),
        ("val_d_real", "--", "of unseen real digits"),
    ]:
        curve = run[0].history[name]
        axis.plot(
            range(1, len(curve) + 1), curve, style,
            color=gk.plots.REAL_COLOUR, label=label,
        )  # fmt: skip
    axis.set(title=title, xlabel="epoch", ylim=(0, 1))
    axis.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("D says: probability of real")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# *What you should see: on the left two curves that part: D believes firmly in
# the few that it knows (solid), and in the end takes unseen real digits for
# fakes (dashed; it jumps at first, since it is D's opinion at the end of an
# epoch, and the solid one is the mean of the whole epoch). On the right, where
# every image is moved, cut and dimmed at random before D sees it, there is no
# such gap. (There unseen digits even look a little more real to D: they are
# shown as they are, neither cut nor dimmed.)*
#
# The **augmentation** is done to fakes as well. Otherwise G would learn to
# draw moved and cut digits.

# %%
gk.plots.image_rows(
    {
        "25 digits": learned[1].generate(10, seed=0),
        "augmented": shaken[1].generate(10, seed=0),
    }
)

# %% [markdown]
# *What you should see: two rows of more or less broken digits; those of the second
# row may be the clearer ones, or not. It is the dashed curve that tells for sure.*
#
# To compare like with like, ask D in the end what it says of both as they are:
# of the 25 digits, none of them moved or cut, and of unseen ones.


# %%
def gap(gan):
    known, new = (gan.judge(gk.datasets.to_float(x)) for x in (few, held_out))
    return known.mean() - new.mean()


gaps = {"25 digits": gap(learned[1]), "augmented": gap(shaken[1])}
print({name: f"{value:.2f}" for name, value in gaps.items()})
exercises.claim(gaps["25 digits"], at_least=0.4)
exercises.claim(gaps["augmented"], at_most=0.3)

# %% [markdown]
# *What you should see: without augmentation D trusts the 25 digits by more than a
# half more than unseen ones (by 0.7 on one machine, by 0.9 on another); with it, by
# about 0.1.*
#
# ## The doctor's table
#
# | trouble | curves | pictures | what helped here |
# | --- | --- | --- | --- |
# | mode collapse | **perfect** | all alike, another in turn | R3GAN, WGAN-GP, a faster D |
# | vanishing gradient | d_loss 0, level | nothing moves | another loss, Adam |
# | D too strong | d_real 1, d_fake 0 | smears | R1, WGAN-GP |
# | D too weak | d_loss above 1.39 | specks | a faster D |
# | learned by heart | val_d_real low | may look fine | augmentation |
#
# And the order in which to look: pictures first, then d_real and d_fake, then
# the losses; one change at a time, from the same seed.
#
# One trouble needs larger images and more time than a lesson has: d_loss leaps
# from 1.3 to 5 in the middle of a good run, and then stands at 1.39 for epochs.
# Adam divides each gradient by its usual size. One that is suddenly far larger
# makes a step up to (1 - beta_1) / sqrt(1 - beta_2) times as long as usual, ten
# times with beta_1 = 0 and beta_2 = 0.99, as nearly all recipes have it. A D that
# has leapt can end where its gradients are larger still.
# `gk.optimizers.StableAdam` cuts such steps short. Recipes for images beyond
# 32x32 use it, all but `wgan`, which has RMSprop.
#
# ## Exercises
#
# **1.** One-sided label smoothing: D's loss for each pair, with the target
# `real_label` for real images and 0 for fakes. Cross-entropy of a logit x
# against the target t: `t * softplus(-x) + (1 - t) * softplus(x)`.


# %%
def smoothed_d_loss(real_logits, fake_logits, real_label=0.9):
    # Your turn.
    ...


exercises.check("smoothed_d_loss", smoothed_d_loss)

# %% [markdown]
# **2.** Count modes, more strictly than in tutorial 1: a centre is found if at
# least `least` of the points lie within `radius` of it. `points` is `[n, 2]`, `centres` is `[modes, 2]`;
# return a whole number.


# %%
def modes_found(points, centres, radius, least):
    # Your turn.
    ...


exercises.check("modes_found", modes_found)

# %% [markdown]
# **3.** Be the doctor. You get the means of the last epoch (cross-entropy
# losses) and the number of modes that the samples cover, out of `modes`.
# Return the first of these strings that fits:
#
# - `"d too strong"`: d_real - d_fake is more than 0.6;
# - `"d too weak"`: D trusts fakes more than real images;
# - `"learned by heart"`: unseen images are trusted by more than 0.2 less than
#   those of the training;
# - `"mode collapse"`: fewer than half of the modes are covered;
# - `"healthy"`: none of these.


# %%
def diagnosis(d_real, d_fake, val_d_real, modes_covered, modes):
    # Your turn.
    ...


exercises.check("diagnosis", diagnosis)
