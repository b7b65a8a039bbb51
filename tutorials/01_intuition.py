# %% [markdown]
# # 1. Two networks, one game
#
# **How can a network learn to draw what it has never seen?**
#
# *Running time: about 2 minutes on two cores.*
#
# At the end you will be able to
#
# - say who the two players of a GAN are, and what each of them is told;
# - train a GAN of your own on points in the plane, and read its picture;
# - show, with an experiment, that the generator never sees real data.
#
# You need a little Python and NumPy, and to have heard that a network learns
# by changing its numbers (its *weights*) a little at a time, so that a *loss*
# falls. Other words are in the [glossary](glossary.md).
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
# (The next cell may greet you with red lines about oneDNN, CUDA or a GPU that
# was not found. They do no harm; no GPU is needed here.)

# %%
# %matplotlib inline
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fewer remarks on GPUs

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image
from IPython.display import display

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(1)

# %% [markdown]
# ## The counterfeiter and the police officer
#
# A counterfeiter prints money. He is not allowed into the bank, so he has
# never held a real note; he begins with ink blots. A police officer looks at
# notes, real ones from the bank and those of the counterfeiter, and says of
# each how likely it is to be real.
#
# Now both learn, in turns. The officer learns from every note, since
# afterwards she is told where it came from. The counterfeiter learns from the
# *officer*: "if this line were a little darker, I would have believed you a
# little more". Both get better because the other one does, until his notes
# are so good that she might as well toss a coin.
#
# | in the story | in the program | goes in | comes out |
# | --- | --- | --- | --- |
# | counterfeiter | **generator** G | noise z | a fake, G(z) |
# | police officer | **discriminator** D | a real or a fake | "real" or "fake", with a probability |
#
# That is the whole of a **g**enerative **a**dversarial **n**etwork, a GAN.


# %%
def box(axis, x, y, text, colour, width=1.5):
    axis.text(
        x, y, text, ha="center", va="center", color="white", fontsize=11,
        bbox={"boxstyle": "round,pad=0.6", "facecolor": colour,
              "edgecolor": "none"},
    )  # fmt: skip


def arrow(axis, start, end, text="", colour="black", bend=0.0, shift=0.2):
    axis.annotate(
        "", end, start,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2,
                    "connectionstyle": f"arc3,rad={bend}"},
    )  # fmt: skip
    middle = (np.add(start, end) / 2) + [0, shift]
    axis.text(*middle, text, ha="center", color=colour, fontsize=9)


figure, axis = plt.subplots(figsize=(9, 3.4))
box(axis, 0.4, 1, "noise z", gk.plots.QUIET)
box(axis, 2.4, 1, "G\ncounterfeiter", gk.plots.G_COLOUR)
box(axis, 4.6, 1, "fake", gk.plots.FAKE_COLOUR)
box(axis, 4.6, 3, "real", gk.plots.REAL_COLOUR)
box(axis, 6.9, 2, "D\npolice officer", gk.plots.D_COLOUR)
box(axis, 9.2, 2, "probability\nof real", gk.plots.QUIET)
arrow(axis, (0.9, 1), (1.6, 1))
arrow(axis, (3.2, 1), (4.2, 1))
arrow(axis, (5.0, 1.1), (6.1, 1.8))
arrow(axis, (5.0, 2.9), (6.1, 2.2))
arrow(axis, (7.7, 2), (8.4, 2))
arrow(
    axis, (6.9, 1.4), (2.8, 0.45), colour=gk.plots.D_COLOUR, bend=-0.35,
    text="how this fake should change to look more real", shift=-1.5,
)  # fmt: skip
axis.set(xlim=(-0.3, 10), ylim=(-0.9, 3.5))
axis.axis("off")
plt.show()

# %% [markdown]
# What you should see: noise goes through G and becomes a fake; fakes and
# real things both go into D, which answers with a probability; one arrow
# goes back, from D to G. No arrow leads from "real" to G.

# %% [markdown]
# ## The smallest "money": points
#
# An image of 28 × 28 pixels is a point in a space of 784 dimensions, and
# nobody can look at that. So our first money has two numbers: a real note is
# a point (x, y) near one of eight spots on a circle. The generator gets two
# random numbers, z, and must make a point of them.

# %%
ring = gk.lab.ring(sigma=0.15)
real_points = ring.sample(500, seed=0)
noise = np.random.default_rng(0).standard_normal((500, 2))

figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
axes[0].scatter(*noise.T, s=8, color=gk.plots.QUIET)
axes[0].set(title="what G gets: noise z", xlabel="z, first number")
axes[0].set(ylabel="z, second number", aspect="equal")
axes[1].scatter(*real_points.T, s=8, color=gk.plots.REAL_COLOUR)
axes[1].set(title="what the bank prints", xlabel="x", ylabel="y")
axes[1].set(aspect="equal")
plt.show()

# %% [markdown]
# What you should see: on the left one round cloud of grey dots around zero,
# on the right eight green heaps on a circle of radius 2.

# %% [markdown]
# ## Two small networks
#
# `gk.lab.gan` makes a G and a D of three small layers each. Before they have
# learnt anything, let us look at the plane with their eyes.
#
# Run the cells once, from top to bottom. To train again, begin at the next
# cell, which makes the model anew: a model remembers what it has learnt.

# %%
# Where you see `exercises.setting` and `exercises.claim`: the makers try the
# notebook out in short, and check that its numbers are true. Not your task.
EPOCHS = exercises.setting(full=30, smoke=2)
STEPS = exercises.setting(full=260, smoke=10)  # of one epoch

gan = gk.lab.gan(
    ring,
    steps=EPOCHS * STEPS,
    penalties=[gk.penalties.R1(gamma=0.1)],  # keeps D calm: see tutorial 8
    seed=1,
)
picture = gk.lab.FieldPicture(ring)
picture(gan)

# %% [markdown]
# What you should see: green circles in eight heaps, and one clump in the
# middle: the pink squares of the untrained G, half hidden by their arrows; the
# background is nearly white, because D does not know anything yet.
#
# Take a minute for this picture; it comes again and again.
#
# - **Background**: D's opinion of every place. Blue is "real", orange is
#   "fake", white is "I cannot tell" (probability 0.5).
# - **Squares**: what G makes of 200 noise vectors. **Circles**: real points.
# - **Arrows**: where D would like each fake to go. That is all that G hears.
#   (G's loss, `g_loss`, is small where D believes a fake; an arrow shows in
#   which direction it falls.)
# - **Thin grey lines**: squared paper in the space of z, as G has bent it.
#   Where the lines come close, G presses the noise together; where they are
#   far apart, it stretches it.

# %% [markdown]
# ## Before you run the next cell: what will happen?
#
# Write down your guess for each, then look.
#
# 1. Will the pink squares go straight to the heaps, or somewhere else first?
# 2. Will G find all eight heaps? One after the other, or all at once?
# 3. What colour will the background have at the end, where the heaps are?

# %%
# One epoch is 260 steps here: in each, D learns first, then G.
film = gk.callbacks.Frames("ring.gif", picture, frame_ms=250)
stills = gk.callbacks.Record(
    lambda gan: (
        gk.lab.Fields(gan, ring),
        ring.modes_covered(gan.generate(1000, seed=0)),
        ring.share_within(gan.generate(1000, seed=0)),
    )
)
history = gan.fit(
    gk.lab.pipeline(ring, steps=STEPS),
    epochs=EPOCHS,
    callbacks=[film, stills],
    verbose=0,
)
display(Image(filename="ring.gif"))

# %% [markdown]
# What you should see: a film in which the clump of pink squares spreads over
# the whole disc, is pressed to a ring, then gathers in the eight heaps. The
# background takes on strong colours at once, orange where only fakes are, and
# grows pale again, first of all on the heaps. (The film lies beside this
# notebook as `ring.gif`.)
#
# The same as four stills, to be looked at slowly:


# %%
def points_of(axis, real, fake):
    axis.scatter(*real.T, s=6, color=gk.plots.REAL_COLOUR, label="real")
    axis.scatter(
        *fake.T, s=6, marker="s", color=gk.plots.FAKE_COLOUR, label="fake"
    )


def still(axis, fields, title):
    (left, right), (low, high) = fields.bounds
    axis.imshow(
        fields.opinion, origin="lower", extent=(left, right, low, high),
        cmap=gk.plots.style.opinion(), vmin=0, vmax=1, alpha=0.75,
    )  # fmt: skip
    points_of(axis, fields.real_points, fields.fake_points)
    axis.set(xlim=(left, right), ylim=(low, high), title=title)
    axis.set(xlabel="x", xticks=[-2, 0, 2], yticks=[-2, 0, 2], aspect="equal")


moments = [0, 1, len(stills.epochs) // 6, len(stills.epochs) - 1]
figure, axes = plt.subplots(1, 4, figsize=(11, 3.6), sharey=True)
for axis, at in zip(axes, moments):
    fields, modes, share = stills.answers[at]
    still(
        axis,
        fields,
        f"epoch {stills.epochs[at]}\n{modes} of 8 found\n{share:.0%} on heaps",
    )
axes[0].set_ylabel("y")
figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncols=2)
plt.show()

# %% [markdown]
# What you should see: four squares side by side, green dots always in eight
# heaps; the pink dots go from one clump to a full disc, to a ring, to the
# heaps.
#
# Compare with your guesses. After one epoch G has spread out over the disc
# and touched all eight heaps at once. At the end the background is nearly
# white where the heaps are (there D cannot tell), orange between them (whoever
# lies there is a fake), and any colour at all in the corners, where neither
# player has ever been. (The pink dots are of G as it was at that moment, the two
# counts above them of an average of its last versions, which is steadier.)
#
# A fake lies "on" a heap within three standard deviations, and a heap counts
# as found if at least 13 of 1,000 fakes lie on it, a tenth of a fair share. G
# begins with 0 of 8 heaps, and ends with all 8, with four fakes in five on a
# heap. (Of real points it is 99 in 100. The other fakes lie *between* heaps:
# one cloud of noise cannot be torn into eight pieces, only drawn out thin.)

# %%
_, modes, share = stills.answers[-1]
heap, distance = ring.nearest_modes(gan.generate(1000, seed=0))
on_heap = np.bincount(heap[distance <= 3], minlength=8)
print(f"{modes} of 8 heaps, {share:.0%} of the fakes on them")
print("fakes on each heap, of 1,000:", on_heap.tolist())
print(f"real points: {ring.share_within(ring.sample(100_000)):.1%}")
exercises.claim(stills.answers[0][1], at_most=0)
exercises.claim(stills.answers[1][1], at_least=8)
exercises.claim(modes, at_least=8)
exercises.claim(on_heap.min(), at_least=13)
exercises.claim(share, at_least=0.78)
real_share = ring.share_within(ring.sample(100_000))
exercises.claim(real_share, at_least=0.98, at_most=0.995)

# %% [markdown]
# ## Who won?
#
# In most of machine learning one number goes down and you are glad. Here each
# player has a loss of its own, a number that it tries to make small, and what
# lowers one usually raises the other.

# %%
gk.plots.loss_race(history, gan.loss)

# %% [markdown]
# What you should see: on the left the losses of D (blue), which rises towards
# its dotted line at 1.39, and of G (orange), which falls towards its own at
# 0.69; both become level just before they are there. On the right D's opinions
# of real points and of fakes, which come close to one half from both sides.
#
# Nobody won, and that is the point. The dotted lines are what both pay if D
# says 0.5 to everything, since real and fake are alike: log 2 = 0.69 for G,
# twice that for D, who is asked about both. The game ends beside that place,
# not on it: one fake in five lies between the heaps, where there is hardly a
# real point, and D knows many of them. What these curves do and do not tell is
# the subject of tutorial 6.

# %%
last = {name: values[-1] for name, values in history.history.items()}
print({name: round(value, 2) for name, value in last.items()})
exercises.claim(last["d_loss"], at_least=1.3, at_most=1.386)
exercises.claim(last["g_loss"], at_least=0.693, at_most=0.78)
exercises.claim(last["d_real"], at_least=0.5, at_most=0.55)
exercises.claim(last["d_fake"], at_least=0.45, at_most=0.5)

# %% [markdown]
# ## The generator never sees real data
#
# Is that true? The training step is given real points, after all. Let us
# try to catch G looking.
#
# **First experiment.** A training step has two halves: first D learns, then
# G. We take G's half twice, with the same noise, and swap the real points that
# lie on the table: once the ring, once two half moons.
#
# Before you run the next cell: will the gradients, what G learns, differ?

# %%
moons = gk.lab.two_moons()
seen = []
for data in (ring, moons):
    # The same noise twice: it depends on the number of the step only, and no
    # step is taken in between. (The tape remembers how G made the fakes.)
    batch, tape = gan.make_fakes(data.sample(64))
    gradients, _ = gan.generator_gradients(batch, tape)
    seen.append(np.concatenate([np.ravel(g) for g in gradients]))
print("numbers that G learns from:", seen[0].size)
print("largest difference:", np.abs(seen[0] - seen[1]).max())
exercises.claim(np.abs(seen[0] - seen[1]).max(), at_most=0)

# %% [markdown]
# Zero: not nearly the same, but the same. Real points play no part in G's
# half-step. So it is in this game, and with nearly all losses. (A *relativistic*
# one, in tutorial 8, compares D's scores of fakes with those of real points.
# These then decide how hard each fake is pushed; but they, too, are D's words.
# G itself still sees no real point.)
#
# **Second experiment.** So G learns of the real data only by way of D. Then a
# D that has stopped learning should keep the news from G. We give both
# players of the ring a new bank, the two moons: once with a D that learns, and
# once with a D whose learning rate is a billion times smaller, which is as good
# as frozen.
#
# Before you run the next cell: what will G draw if D is frozen? The ring, the
# moons, or something else?


# %%
def new_bank(d_learning_rate):
    """The trained players, copied, go on with other real points."""
    copies = []
    for network in (gan.generator, gan.discriminator):
        copies.append(keras.models.clone_model(network))
        copies[-1].set_weights(network.get_weights())
    moved = gk.GAN(*copies, seed=2)
    moved.compile(
        d_optimizer=keras.optimizers.Adam(d_learning_rate, beta_1=0.5),
        # Slow, so that D keeps up with what G does.
        g_optimizer=keras.optimizers.Adam(1e-4, beta_1=0.5),
        penalties=[gk.penalties.R1(gamma=0.1)],
        steps_per_execution=exercises.setting(full=50, smoke=1),
    )
    steps = exercises.setting(full=3000, smoke=10)
    moved.fit(gk.lab.pipeline(moons, steps=steps), verbose=0)
    return moved


def distance_to_moons(points):
    """How far the points are from the nearest of many real ones: the mean."""
    steps = points[:, None] - moons.sample(2000, seed=5)
    return np.linalg.norm(steps, axis=-1).min(axis=1).mean()


learning, frozen = new_bank(4e-3), new_bank(4e-12)
figure, axes = plt.subplots(1, 3, figsize=(10, 3.5), sharey=True)
distances = {}
for axis, (title, model) in zip(
    axes,
    {
        "before": gan,
        "moons, D learns": learning,
        "moons, D is frozen": frozen,
    }.items(),
):
    # As G is now; usually `generate` draws with an average of its weights.
    fakes = model.generate(400, seed=0, use_ema=False)
    distances[title] = distance_to_moons(fakes)
    real = ring if model is gan else moons
    points_of(axis, real.sample(400), fakes)
    axis.set(title=title, xlabel="x", aspect="equal")
    axis.set(xlim=(-3, 3), ylim=(-3, 3))
axes[0].set_ylabel("y")
axes[0].legend(loc="center", fontsize=8)
plt.show()
for name, distance in distances.items():
    print(f"{name:20} mean distance to the moons {distance:.2f}")

# %% [markdown]
# What you should see: on the left pink fakes on the green ring, in the middle
# pink fakes on two green half moons, on the right green moons and far around
# them the pink fakes, still in heaps, but on a ring that has grown.
#
# With a D that learns, G finds the moons. With a frozen D it never hears of
# them, although they were on the table in every one of the 3,000 steps: it
# goes on to please the *old* D. And since that one does not learn from G's
# latest fakes any more, G may wander off to places where neither has ever
# been. **G learns from D, and from nothing else.**

# %%
exercises.claim(distances["moons, D learns"], at_most=0.15)
exercises.claim(
    distances["moons, D is frozen"], at_least=distances["before"]
)  # fmt: skip

# %% [markdown]
# ## What you have seen
#
# - Two networks, one game: D learns to tell real from fake, G learns to be
#   taken for real.
# - G gets noise, and hears from D where each fake should go. It never sees
#   real data.
# - At rest D cannot tell any more, and says 0.5.
#
# Points become images in tutorials 2 (D), 3 (G) and 4 (the training).
#
# ## Exercises
#
# Each stub below runs as it is; the check tells you what is missing. Edit,
# run again, until it says "yes!". Solutions are in `tutorials/solutions`.
#
# **1. The officer's mistakes.** D gives every point a probability of being
# real. Above 0.5 she says "real", else "fake", also at 0.5 itself. Which share
# of *all* verdicts is wrong? (Arrays of NumPy; real and fake points need not be
# equally many.)


# %%
def mistakes(on_real, on_fake):
    """Arrays of D's probabilities, on real points and on fakes -> a share."""
    ...  # your turn


exercises.check("mistakes", mistakes)

# %% [markdown]
# **2. Follow the arrow.** `gradients` holds ∂g_loss/∂fake for every point: the
# direction in which G's loss *grows*. Move each point a little (`step` times
# the gradient) so that G's loss falls.


# %%
def push(points, gradients, step):
    """Float arrays [n, 2], and a number -> where the points go, [n, 2]."""
    ...  # your turn


exercises.check("push", push)

# %% [markdown]
# **3. How many heaps?** Count the centres that have at least one point within
# `radius`. (Stricter than "which centre is nearest": points between the heaps
# must not count.)


# %%
def heaps_found(points, centres, radius):
    """Float arrays [n, 2] and [m, 2], and a number -> an int."""
    ...  # your turn


exercises.check("heaps_found", heaps_found)

# %% [markdown]
# **4. What reaches G?** Choose all that G's half-step depends on in the game
# above, as a set of letters, such as `{"a", "b"}`.
#
# - a: the noise z
# - b: the real data in this batch
# - c: the weights of D
# - d: the gradient of G's loss at the fakes
# - e: a list of which fakes D got wrong

# %%
what_reaches_g = ...  # your turn

exercises.check("what_reaches_g", what_reaches_g)
