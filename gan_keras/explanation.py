"""One training step, told as a story with numbers in it.

The step that is told is the one of `gan_keras.gan`, and no other: a copy of
the model takes it while somebody listens at its helpers.
"""

import contextlib
import random
import types

import keras
import numpy as np
import tensorflow as tf
from keras.saving import custom_object_scope
from keras.src.saving.serialization_lib import SafeModeScope

from gan_keras import checks
from gan_keras import losses
from gan_keras import replicas
from gan_keras import state
from gan_keras.registry import own_classes


class Explaining:
    """The part of `GAN` that explains its own training step."""

    def explain_step(self, data):
        """Takes one training step on a copy, and tells what happened.

        Example:

        ```python
        print(gan.explain_step(next(iter(data))))
        ```

        Args:
            data: Real images `[batch, ...]` in [-1, 1], or a tuple
                `(real_images, labels)`: a batch of the training data.

        Returns:
            An `Explanation`, which can be printed. This model stays as it is.

        Raises:
            ValueError: If the data does not suit the networks.
        """
        self._assert_compile_called("explain_step")
        return explain(self, _checked(self, data))


def _checked(gan, data):
    real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(
        tuple(data) if isinstance(data, list) else data
    )
    checks.images(gan, real_images, "data")
    n = len(real_images)
    if not n or n % gan.critic_steps:
        raise ValueError(
            "`data` must hold as many images for each of D's "
            f"{gan.critic_steps} turns (`critic_steps`). Received: {n} images"
        )
    if gan.needs_labels and labels is None:
        raise ValueError(
            "`data` must be a tuple (real_images, labels), since the model is "
            "conditional. Received: images only"
        )
    if gan.needs_labels:
        checks.labels(gan, labels, n, "data")
    if replicas.distributed(gan):
        raise ValueError(
            "`explain_step` shows what happens on one device: make the model "
            "outside of the `tf.distribute` strategy, and load its weights. "
            "Received: a model made under a strategy"
        )
    real_images = tf.cast(real_images, tf.float32)
    if labels is None:
        return real_images
    return real_images, tf.convert_to_tensor(labels)


class Explanation:
    """What happened in one training step.

    Attributes:
        gan: The copy that took the step: a compiled model of its own, with
            the very weights that this step would give the original.
        formulas: Dict with `"d_loss"` and `"g_loss"`, each a dict from a part
            of the formula to its mean over the batch. Penalties and auxiliary
            objectives are parts, too.
            With several turns of D's, this and its gradients are the last
            turn's, which `scores` begins before; `changed` counts all.
        scores: Dict from a moment (`"before"`, `"after D's half-step"`,
            `"after G's half-step"`) to a dict of D's mean output on the real
            images (`"real"`) and on the fakes (`"fake"`): in inference mode
            and without augmentation, as `judge` has it. The last moment's
            fakes are those that the new G makes of the same noise.
        gradient_norms: Dict with `"discriminator"` and `"generator"`, each a
            dict from a layer's name to the length of its gradient.
        changed: Dict with `"D's half-step"` and `"G's half-step"`, each a
            list of the names of the variables that changed in it.
        unchanged: The same for the variables that did not.
    """

    def __init__(self, formulas, scores, gradient_norms, changes, gan, count):
        self.gan = gan
        self.formulas = formulas
        self.scores = scores
        self.gradient_norms = gradient_norms
        self.changed = {
            half: [name for name, moved in names.items() if moved]
            for half, names in changes.items()
        }
        self.unchanged = {
            half: [name for name, moved in names.items() if not moved]
            for half, names in changes.items()
        }
        self._count = count

    def __repr__(self):
        return str(self)

    def __str__(self):
        lines = [f"One training step: {self._count}.", ""]
        for half, network, loss in [
            ("D's half-step", "discriminator", "d_loss"),
            ("G's half-step", "generator", "g_loss"),
        ]:
            lines += [half, *_equation(loss, self.formulas[loss])]
            lines += ["  length of the gradient, layer by layer:"]
            norms = self.gradient_norms[network]
            width = max(map(len, norms), default=0)
            lines += [
                f"    {name:{width}}  {v:.3g}" for name, v in norms.items()
            ]
            lines += self._tally(half)
            lines += [""]
        lines += [f"{'What D says':21}  {'real':>8}  {'fake':>8}"]
        lines += [
            f"{moment:21}  {said['real']:8.4f}  {said['fake']:8.4f}"
            for moment, said in self.scores.items()
        ]
        return "\n".join(lines)

    def _tally(self, half):
        """How many variables of each owner changed."""
        changed = set(self.changed[half])
        owners = {}
        for name in [*changed, *self.unchanged[half]]:
            owners.setdefault(name.split(": ")[0], []).append(name in changed)
        owners = dict(sorted(owners.items()))
        return [
            f"  {owner}: {sum(moved)} of {len(moved)} variables changed"
            for owner, moved in owners.items()
        ]


def _equation(name, parts):
    """`d_loss = a + b`, and below it the numbers."""
    texts = []
    for text in parts:
        if texts:
            text = f"- {text[1:]}" if text.startswith("-") else f"+ {text}"
        texts.append(text)
    numbers = [f"{value:.4f}" for value in parts.values()]
    numbers = [f"({n})" if n.startswith("-") else n for n in numbers]
    total = f"{sum(parts.values()):.4f}"
    space = " " * len(name)
    result = " + ".join(numbers)
    lines = [f"  {name} = {' '.join(texts)}", f"  {space} = {result}"]
    return lines + ([f"  {space} = {total}"] if len(parts) > 1 else [])


# ------------------------------------------------------------------ listening


def explain(gan, data):
    """Makes the `Explanation` of a step with checked data."""
    twin = copy_of(gan)
    before = state.read(twin)
    ear = _Listener(twin)
    with ear.listening():
        twin.train_step(data)
    # The same step once more, now in the way in which `fit` takes it: XLA
    # rounds in other places than the single operations that were listened to.
    state.write(twin, before, "The copy")
    for metric in twin.metrics:
        metric.reset_state()
    twin.train_on_batch(*(data if isinstance(data, tuple) else [data]))

    k, n = gan.critic_steps, len(ear.batch.real_images)
    turns = f", for each of D's {k} turns; the last is shown" if k > 1 else ""
    count = f"{n} real images and {n} fakes{turns}"
    return Explanation(
        ear.formulas, ear.scores, ear.norms, ear.changes(), twin, count
    )


def copy_of(gan):
    """A model that is built, compiled and trained alike, and shares nothing.

    Args:
        gan: A compiled `GAN`.

    Returns:
        A model of the same class.
    """
    parts = [
        *gan.generator._flatten_layers(),
        *gan.discriminator._flatten_layers(),
        *gan.penalties,
        *gan.auxiliaries,
        *_layers_of(gan.augmentation),
        gan.d_optimizer,
        gan.g_optimizer,
        gan.d_optimizer._learning_rate,  # perhaps a schedule
        gan.g_optimizer._learning_rate,
    ]
    dice = random.getstate()  # new layers draw their first weights with it
    try:
        # A `Lambda`'s code comes from this very process.
        with SafeModeScope(False), custom_object_scope(own_classes(parts)):
            twin = type(gan).from_config(gan.get_config())
            twin.compile_from_config(
                # A loss has no state: it may be the same one. Nor has a
                # penalty that is a function.
                gan.get_compile_config()
                | {
                    "loss": gan.loss,
                    "penalties": [
                        penalty
                        if isinstance(penalty, types.FunctionType)
                        else keras.saving.serialize_keras_object(penalty)
                        for penalty in gan.penalties
                    ],
                    "steps_per_execution": 1,
                }
            )
    finally:
        random.setstate(dice)
    state.write(twin, state.read(gan), "The copy")
    for mine, other in zip(
        _layers_of(twin.augmentation), _layers_of(gan.augmentation), strict=True
    ):
        if hasattr(other, "part"):  # it knows how many images there are
            mine.part.assign(other.part)
    return twin


def _layers_of(augmentation):
    """An augmentation and those inside it; none if it is None."""
    return [] if augmentation is None else augmentation._flatten_layers()


class _Listener:
    """Writes down what the helpers of one training step return."""

    def __init__(self, gan):
        self.gan = gan
        self.batch = None
        self.looks = []
        self.formulas = {}
        self.scores = {}
        self.norms = {}
        self.moments = []

    @contextlib.contextmanager
    def listening(self):
        gan = self.gan
        heard = [
            (gan, "make_fakes", self.heard_fakes),
            (gan, "look", self.heard_look),
            (gan, "discriminator_gradients", self.heard_d_gradients),
            (gan, "generator_gradients", self.heard_g_gradients),
            (gan.d_optimizer, "apply", self.heard_d_step),
            (gan.g_optimizer, "apply", self.heard_g_step),
        ]
        self.moments = [self.values()]
        for owner, name, hear in heard:
            setattr(owner, name, _overheard(getattr(owner, name), hear))
        try:
            yield
        finally:
            for owner, name, _ in heard:
                delattr(owner, name)
        self.moments.append(self.values())

    def heard_fakes(self, result):
        self.batch, _ = result
        self.looks = []
        self.scores["before"] = self.ask()

    def heard_look(self, said):
        self.looks.append(said["logits"])

    def heard_d_gradients(self, result):
        gradients, logs = result
        self.norms["discriminator"] = _norms(self.gan.discriminator, gradients)
        self.formulas["d_loss"] = self.taken_apart("d_loss", logs)
        self.looks = []

    def heard_g_gradients(self, result):
        gradients, logs = result
        self.norms["generator"] = _norms(self.gan.generator, gradients)
        self.formulas["g_loss"] = self.taken_apart("g_loss", logs)

    def heard_d_step(self, _):
        # With several turns the last one counts: the half-step ends with it.
        self.moments[1:] = [self.values()]
        self.scores["after D's half-step"] = self.ask()

    def heard_g_step(self, _):
        self.scores["after G's half-step"] = self.ask(new_fakes=True)

    def taken_apart(self, name, logs):
        real, fake = self.looks[:2]  # penalties look again, after these
        loss = self.gan.loss
        total = float(tf.reduce_mean(logs[name]))

        def means(terms):
            return {t: float(tf.reduce_mean(v)) for t, v in terms[name].items()}

        parts = means(
            getattr(loss, "terms", losses.Loss.terms.__get__(loss))(real, fake)
        )
        if not np.isclose(sum(parts.values()), total, rtol=1e-4, atol=1e-5):
            # A loss derived from one of ours, whose formula is another one.
            parts = means(losses.Loss.terms(loss, real, fake))
        # What is logged beside the loss and D's opinion has been added to it.
        own = "g_" if name == "g_loss" else ""
        added = [p.name for p in self.gan.penalties] if not own else []
        added += [f"{own}{a.name}" for a in self.gan.auxiliaries]
        return parts | {n: float(tf.reduce_mean(logs[n])) for n in added}

    def ask(self, new_fakes=False):
        """What D says now of the real images and of the fakes."""
        gan, batch = self.gan, self.batch
        fakes = batch.fake_images
        if new_fakes:
            with state.kept(gan):
                fakes = gan.generator(batch.inputs, training=True)

        def mean(images):
            inputs = gan.discriminator_inputs(images, batch.labels)
            said = gan.discriminator(inputs, training=False)
            logits = said["logits"] if isinstance(said, dict) else said
            score = gan.loss.score(tf.cast(logits[:, 0], tf.float32))
            return float(tf.reduce_mean(score))

        return {"real": mean(batch.real_images), "fake": mean(fakes)}

    def values(self):
        """Every variable's value, by the name of its owner and its own."""
        gan = self.gan
        owners = {
            "D, trained": gan.discriminator.trainable_variables,
            "D, kept count of": gan.discriminator.non_trainable_variables,
            "G, trained": gan.generator.trainable_variables,
            "G, kept count of": gan.generator.non_trainable_variables,
            "averaged G": gan.ema_generator.variables,
            "D's optimizer": gan.d_optimizer.variables,
            "G's optimizer": gan.g_optimizer.variables,
        }
        found = {}
        for owner, variables in owners.items():
            for variable in variables:
                name = f"{owner}: {variable.path}"
                # Networks within a network may have layers of equal names.
                alike = sum(n.partition(" #")[0] == name for n in found)
                found[f"{name} #{alike + 1}" if alike else name] = (
                    variable.numpy()
                )
        return found

    def changes(self):
        """Which variables changed in which half-step."""
        halves = ["D's half-step", "G's half-step"]
        return {
            half: {
                name: not np.array_equal(old[name], new[name], equal_nan=True)
                if old[name].dtype.kind in "fc"
                else not np.array_equal(old[name], new[name])
                for name in old
            }
            for half, old, new in zip(halves, self.moments, self.moments[1:])
        }


def _overheard(method, hear):
    def overheard(*args, **kwargs):
        result = method(*args, **kwargs)
        hear(result)
        return result

    return overheard


def _norms(network, gradients):
    """The length of the gradient in each layer that has one."""
    by_variable = {
        id(variable): gradient
        for variable, gradient in zip(network.trainable_variables, gradients)
    }
    norms = {}
    for layer in network.layers:
        own = [by_variable.get(id(v)) for v in layer.trainable_variables]
        own = [gradient for gradient in own if gradient is not None]
        if own:
            norms[layer.name] = float(tf.linalg.global_norm(own))
    return norms
