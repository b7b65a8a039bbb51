# %% [markdown]
# # 6. When to stop
#
# **Neither loss goes to zero. When is a GAN done?**
#
# *Running time: about 3 minutes on two cores.*
#
# At the end you will be able to
#
# - derive the best discriminator there can be, in three lines;
# - say why the game rests at D = 0.5, and why D = 0.5 proves nothing;
# - measure how good the images are, with a floor, and stop when it is time.

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
from IPython.display import Image
from IPython.display import display

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(6)

# %% [markdown]
# ## The best officer, point by point
#
# Suppose we knew how densely the real data lie at a point x, p_data(x), and
# how densely the fakes, p_g(x). What should D answer there? It may choose its
# answer d at this x alone, whatever it says elsewhere. Of all it is shown at
# x, real things come in proportion p_data and fakes in proportion p_g, so it
# wants to make as large as possible
#
# 1. p_data · log d  +  p_g · log(1 - d).
# 2. The slope must be zero: p_data / d  -  p_g / (1 - d) = 0.
# 3. Solve for d: **D\*(x) = p_data(x) / (p_data(x) + p_g(x))**.
#
# In words: of ten notes that look like this, how many come from the bank?
#
# Before you run the next cell: where does D* lie if real and fake are equally
# dense? If real is three times as dense?

# %%
d = np.linspace(0.001, 0.999, 999)
figure, axis = plt.subplots(figsize=(7, 3.4))
for (real, fake), colour, style in [
    ((0.5, 0.5), "black", "-"),
    ((0.6, 0.2), gk.plots.REAL_COLOUR, "--"),
    ((0.1, 0.4), gk.plots.G_COLOUR, ":"),
]:
    value = real * np.log(d) + fake * np.log(1 - d)
    best = d[value.argmax()]
    axis.plot(
        d, value, style, color=colour, lw=2,
        label=f"p_data = {real}, p_g = {fake}: best at {best:.2f}",
    )  # fmt: skip
    axis.plot(best, value.max(), "o", color=colour)
    exercises.claim(abs(best - real / (real + fake)), at_most=0.001)
axis.set(
    xlabel="D's answer d at this point", ylabel="p_data log d + p_g log(1-d)"
)
axis.set(ylim=(-2, 0))
axis.legend(loc="lower center")
plt.show()

# %% [markdown]
# What you should see: three hills, each with a dot on its top: at 0.5 where
# both are equally dense, at 0.75 where real is three times as dense, at 0.2
# where the fakes are four times as dense.
#
# ## Does a network find it?
#
# On the line everything is known. Real numbers come from two heaps. We give D
# a generator that stands still, one wide heap, and let D learn.

# %%
data = gk.lab.mixture()
held = gk.lab.held_generator(gk.lab.gaussian(0.5, 1.0))
steps = exercises.setting(full=3000, smoke=50)
alone = gk.lab.gan(data, steps=steps, generator=held, seed=6)
alone.fit(gk.lab.pipeline(data, steps=steps, batch_size=256), verbose=0)
found = gk.lab.Comparison(alone, data)
print(
    f"largest distance of D from D* where there are data: {found.worst():.3f}"
)
exercises.claim(found.worst(), at_most=0.1)
gk.plots.densities(found, data.bounds()[0])

# %% [markdown]
# What you should see: above, two green heaps (real) and one pink heap
# (fake); below, D as a blue line that lies on the dashed black line D*: high
# on the green heaps, low between them. Only at the outer edges do they part:
# there D is shown next to nothing, and these places do not count in the
# number above. (The title is explained below; a nat is the unit of the
# natural logarithm. "Change of variables" is the way in which the exact p_g
# was computed.)
#
# Nobody told D the densities or the formula. It was shown samples, and paid
# the cross-entropy. **D learns a ratio of densities**, and that is what it has
# to teach.
#
# ## The whole game
#
# Now G may move as well. Fakes go uphill on D: away from places where the pink
# density is too high and D* is below 0.5, towards those where it is too low and
# D* is above. There is peace only where p_g = p_data everywhere, and there
# D* = p / (p + p) = **0.5**.
#
# How far apart two densities are can be said in one number, the
# **Jensen-Shannon divergence** JS: 0 if they are the same, log 2 = 0.69 if
# they do not overlap. Put D* into its own loss and you get
#
# d_loss  =  2 log 2  -  2 JS.
#
# Before you run the next cell: will JS fall steadily? And d_loss, will it fall
# or rise?

# %%
EPOCHS = exercises.setting(full=8, smoke=2)
STEPS = exercises.setting(full=800, smoke=50)
game = gk.lab.gan(data, steps=EPOCHS * STEPS, seed=6)
picture = gk.lab.DensityPicture(data)
film = gk.callbacks.Frames("line.gif", picture, frame_ms=600)
record = gk.callbacks.Record(lambda gan: gk.lab.Comparison(gan, data).js())
history = game.fit(
    gk.lab.pipeline(data, steps=STEPS, batch_size=256),
    epochs=EPOCHS,
    callbacks=[film, record],
    verbose=0,
)
display(Image(filename="line.gif"))

# %% [markdown]
# What you should see: a film of the same two panels; the pink density begins
# as one wide heap in the middle, splits, and comes to lie on the green one. D
# is flat at 0.5 at first, since it has learnt nothing; then it follows D*, and
# in the end both lie near 0.5 under the heaps.

# %%
final = gk.lab.Comparison(game, data)
exercises.claim(np.abs(final.d - 0.5)[final.p_data > 0.2].max(), at_most=0.1)
picture(game)

# %% [markdown]
# What you should see: the last frame of the film: pink lies nearly on green,
# and D runs close to 0.5 under both heaps. On their inner slopes it is a
# little above; it leaves 0.5 clearly only where there is next to nothing: in
# the gap, where G has a few points too many, and far outside.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].plot(record.epochs, record.answers, "o-", color=gk.plots.G_COLOUR)
axes[0].set(xlabel="epoch", ylabel="JS divergence, exact", ylim=(0, None))
after = np.arange(1, EPOCHS + 1)
axes[1].plot(
    after, history.history["d_loss"], "o-", color=gk.plots.D_COLOUR,
    label="d_loss of the network",
)  # fmt: skip
axes[1].plot(
    record.epochs, 2 * np.log(2) - 2 * np.array(record.answers), "s--",
    color="black", label="2 log 2 - 2 JS",
)  # fmt: skip
axes[1].axhline(2 * np.log(2), color=gk.plots.QUIET, linestyle=":")
axes[1].set(xlabel="epoch", ylabel="d_loss")
axes[1].legend()
plt.show()
print("JS:", np.round(record.answers, 4))
exercises.claim(record.answers[0], at_least=0.15)
exercises.claim(record.answers[-1], at_most=0.02)
exercises.claim(history.history["d_loss"][-1], at_least=1.3, at_most=1.42)
should_be = 2 * np.log(2) - 2 * record.answers[-1]
exercises.claim(abs(history.history["d_loss"][-1] - should_be), at_most=0.03)
exercises.claim(np.diff(record.answers).max(), at_most=0.02)

# %% [markdown]
# What you should see: on the left JS falls to almost 0, though not without a
# small step back; on the right D's loss *rises* to the dotted line 2 log 2 =
# 1.39, together with what the exact JS says it should be.
#
# **A rising d_loss was good news here.** (The blue points are means over an
# epoch, the black ones are taken at its end, so blue comes a little later.)
#
# So, is a GAN done when d_loss is 2 log 2 and D says 0.5? On the line, with a
# D at its best all the time, yes. Now leave the lab.
#
# ## D = 0.5 proves nothing
#
# The argument was: *if D is the best there can be*, 0.5 means that real and
# fake are alike. Here is a D that is not.

# %%
images, _ = gk.datasets.load("digits")
held_out, _ = gk.datasets.load("digits", split="test")
real = gk.datasets.to_float(images[::8])
lazy = gk.GAN(
    gk.networks.dcgan_generator((28, 28, 1), width=16),
    gk.networks.dcgan_discriminator((28, 28, 1), width=16),
    seed=6,
)
lazy.compile()
lazy.discriminator.set_weights(
    [np.zeros_like(w) for w in lazy.discriminator.get_weights()]
)
found = lazy.evaluate(real, verbose=0, return_dict=True)
print({name: round(value, 4) for name, value in found.items()})
exercises.claim(found["d_loss"], at_least=1.386, at_most=1.387)
exercises.claim(found["d_fake"], at_least=0.499, at_most=0.501)
gk.plots.image_rows({"G, untrained": lazy.generate(8, seed=0)})

# %% [markdown]
# What you should see: eight grey squares with a few specks, none of them a
# digit.
#
# All numbers are exactly those of the game at rest, and the images are grey:
# this D has only zeros for weights. An officer who is asleep says
# "fifty-fifty", too. **The losses compare the two players with each other.
# They do not measure the images.**
#
# ## Measure what you want
#
# What we want is that fakes, as a set, are like real digits that nobody
# trained on. The **Fréchet distance** (FD) measures it: every image is turned
# into 80 numbers, its features (64 are what a network that has learnt to read
# digits sees in it, 16 how much ink lies where); then one
# compares means and covariances of the features of 1,000 fakes and of 1,000
# held-out digits. (With the features of a certain large network, Inception,
# it is called FID. Ours is called `fd_digits`, and the two cannot be
# compared.)
#
# A distance needs a yardstick: what do *real* images get? The same
# measurement with training images in the place of fakes is the **floor**.
# Below it there is nothing to win.

# %%
evaluator = gk.metrics.Evaluator(images, held_out)
print(f"floor: {evaluator.frechet_floor():.1f}")
grey = evaluator.frechet(lazy.generate(1000, seed=0))
print(f"untrained G: {grey:.0f}")
exercises.claim(evaluator.frechet_floor(), at_least=14, at_most=26)
exercises.claim(grey, at_least=500)

# %% [markdown]
# ## A real run
#
# Before you run the next cell: you will see two figures, the losses and FD,
# of the same training. In which of them will you see that the images get
# better?

# %%
keras.utils.set_random_seed(6)
gan = gk.GAN(
    gk.networks.dcgan_generator((28, 28, 1), width=16),
    gk.networks.dcgan_discriminator((28, 28, 1), width=16),
    seed=6,
)
gan.compile()
monitor = gk.callbacks.QualityMonitor(evaluator, samples=1000)
samples = gk.callbacks.Record(lambda gan: gan.generate(4, seed=1))
some = exercises.setting(full=len(images), smoke=128)
history = gan.fit(
    gk.datasets.pipeline(images[:some], batch_size=64),
    epochs=exercises.setting(full=12, smoke=2),
    callbacks=[monitor, samples],
    verbose=0,
)
gk.plots.loss_race(history, gan.loss)

# %% [markdown]
# What you should see: losses and opinions that stay within a narrow band
# after the first epochs.

# %%
monitor.figure()

# %% [markdown]
# What you should see: a curve on a logarithmic axis that falls fast at first
# and more slowly later, not without a small step back, towards a horizontal
# line, the floor, which it has not reached.

# %%
gk.plots.sample_strip(samples.epochs, samples.answers)

# %% [markdown]
# What you should see: four rows, each of one noise vector through the
# epochs: grey becomes strokes, and strokes become digits, or nearly.

# %%
quality = history.history["fd_digits"]
losses = history.history["d_loss"]
print("fd_digits:", np.round(quality, 0))
print("d_loss:   ", np.round(losses, 2))
early = len(quality) // 4  # the fourth of twelve epochs
print(f"since then: d_loss changes by {losses[-1] / losses[early] - 1:+.0%}, "
      f"FD by {quality[-1] / quality[early] - 1:+.0%}")  # fmt: skip
exercises.claim(abs(losses[-1] / losses[early] - 1), at_most=0.05)
exercises.claim(quality[-1] / quality[early] - 1, at_most=-0.4)
exercises.claim(quality[-1], at_least=2 * evaluator.frechet_floor())
for name in ("d_loss", "g_loss", "d_real", "d_fake"):
    exercises.claim(np.ptp(history.history[name][-9:]), at_most=0.1)

# %% [markdown]
# Since the fourth epoch d_loss has hardly moved, while FD has lost about half
# of its value. (In five trainings with other seeds, 51 to 71 %, and d_loss
# stayed within 2 %.) The losses are a *thermometer of the game* (is one player
# far ahead? Has something exploded?), and FD is the *quality of the images*.
#
# ## The whole table
#
# One number can be fooled. The evaluator has more of them, most with an
# interval (how sure it is) and a floor: what real images get. (Where large
# is good, as with precision, it is rather a ceiling. kd is an estimate, and
# may come out a little below 0.)

# %%
report = evaluator(gan.generate(1000, seed=0))
print(report)

# %% [markdown]
# Three of these measures are worth knowing by heart:
#
# - **precision**: how many fakes lie where real images are (are they *good*?);
# - **recall**: how many real images lie where fakes are (are they *varied*?);
# - **nearer_to_train**: whether fakes lie nearer to training images than to
#   held-out ones. The last column says how often they would by chance, as
#   there are four times as many training images. Clearly above that, a part of
#   the fakes are copies (`copied!` is printed beside it); at 1, all of them.
#
# ## So, when?
#
# Stop when the measured quality has not improved for a while, and keep the
# best state, not the last. In `fit` that is two callbacks behind the monitor:
#
# ```python
# best = {"monitor": "fd_digits", "mode": "min"}
# callbacks = [
#     gk.callbacks.QualityMonitor(evaluator, every=2),
#     keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True, **best),
#     keras.callbacks.EarlyStopping(patience=20, **best),
# ]
# ```
#
# `mode="min"` must be said: nobody can guess from a name whether small is
# good. And for d_loss, as you have seen, neither small nor large is.
#
# ## What you have seen
#
# - D* = p_data / (p_data + p_g), from a slope that is zero.
# - At rest p_g = p_data, D = 0.5, d_loss = 2 log 2, g_loss = log 2. The other
#   way round it is not true: a sleeping D says 0.5 as well.
# - Quality is measured apart from the game, on held-out images, beside a
#   floor.
#
# ## Exercises
#
# **1. The best discriminator.** From both densities at some points. (Where
# both are 0 nothing is ever shown; answer 0.5 there.)


# %%
def best_discriminator(p_data, p_g):
    """Float arrays [n] -> float array [n]."""
    ...  # your turn


exercises.check("best_discriminator", best_discriminator)

# %% [markdown]
# **2. Read the divergence off the loss.** D is at its best, and its loss is
# `d_loss`. What is JS?


# %%
def divergence_from_loss(d_loss):
    """A number -> a number."""
    ...  # your turn


exercises.check("divergence_from_loss", divergence_from_loss)

# %% [markdown]
# **3. Stop in time.** `distances` are the FDs after each epoch. Training stops
# as soon as `patience` epochs in a row have brought no new best; or it runs to
# the end of the list. Return the epoch (counted from 0) whose state you keep:
# the best one *until then*.


# %%
def epoch_to_keep(distances, patience):
    """A list of numbers, and an int -> an int."""
    ...  # your turn


exercises.check("epoch_to_keep", epoch_to_keep)

# %% [markdown]
# **4. What shows that the images have become good?** Choose all, as a set of
# letters.
#
# - a: d_loss has become small
# - b: d_loss is 2 log 2
# - c: D says 0.5 to real images and to fakes
# - d: the Fréchet distance to held-out images is near its floor
# - e: g_loss falls

# %%
what_shows_quality = ...  # your turn

exercises.check("what_shows_quality", what_shows_quality)
