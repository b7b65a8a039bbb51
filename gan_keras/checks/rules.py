"""Do the rules of the game, the arguments of `compile`, go together?"""

import keras
import tensorflow as tf

from gan_keras import replicas
from gan_keras.checks.networks import batch_norms
from gan_keras.checks.networks import heads


def optimizer(name, optimizer, may_rest=False):
    """Can this optimizer play its part?

    With `may_rest` its rate may be 0: where a training has ended.
    """
    if getattr(optimizer, "use_ema", False):
        raise ValueError(
            f"`{name}` must not average weights itself (use_ema=True): it "
            "would leave out BatchNorm's statistics. The GAN keeps an averaged "
            "generator of its own: see `GAN(ema_decay=...)`. Received: "
            f"{name}={optimizer.name!r} with use_ema=True"
        )
    if getattr(optimizer, "loss_scale_factor", None) or isinstance(
        optimizer, keras.optimizers.LossScaleOptimizer
    ):
        raise ValueError(
            f"`{name}` must not scale the loss: the training step would not, "
            "and its steps would be too short. (It is for float16, which is "
            "not supported; 'mixed_bfloat16' needs none.) Received: "
            f"{name}={optimizer.name!r}"
        )
    rate = optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return  # it may begin at 0, to warm up
    rate = float(tf.convert_to_tensor(rate))
    if not (rate > 0 or may_rest and rate == 0):
        raise ValueError(
            f"`{name}` must have a learning rate above 0. Received: "
            f"learning_rate={rate:g}"
        )


def loss_per_image(loss):
    """Does the loss give one number an image?"""
    logits = tf.zeros([2])
    for player in ("discriminator", "generator"):
        shape = tuple(tf.shape(getattr(loss, player)(logits, logits)).numpy())
        if shape != (2,):
            raise ValueError(
                f"`loss`: `{player}(real_logits, fake_logits)` must return one "
                "number an image, `[batch]`, not their mean; a Keras loss does "
                "so with `reduction=None` and logits `[batch, 1]`. Received: a "
                f"result of shape {shape} for two images"
            )


def names(logged):
    """Is every value logged under a name of its own?"""
    twice = {name for name in logged if logged.count(name) > 1}
    if twice:
        raise ValueError(
            "`penalties` and `auxiliaries` are logged under their names, and "
            f"{sorted(twice)[0]!r} would be logged twice: pass another "
            f"`name=`. Received: {logged}"
        )


def penalties(gan, fines):
    """Can every image's own slope be told from the others'?"""
    per_image = [fine for fine in fines if getattr(fine, "per_image", False)]
    found = batch_norms(gan.discriminator)
    if per_image and found:
        raise ValueError(
            "`penalties` ask for D's slope at each image on its own, but "
            "BatchNorm lets the images of a batch change each other's scores. "
            "Take it out of the discriminator (LayerNormalization is fine), "
            "or pass `penalties=[]`. Received: penalty "
            f"{per_image[0].name!r} and layer {found[0].name!r}"
        )
    for fine in fines:
        other = getattr(fine, "owner", None) and fine.owner()
        if other is not None and other is not gan and fine.counts:
            raise ValueError(
                "`penalties` must not be another model's that count their "
                "calls, to pay in every k-th or to draw other places: make "
                f"new ones for each model. Received: {fine.name!r} of "
                f"{other.name!r}"
            )


def auxiliaries(gan, found):
    """Do the auxiliary objectives, D's heads and the model go together?"""
    units = {
        name: shape[-1] for name, shape in heads(gan.discriminator).items()
    }
    for auxiliary in found:
        for name, wanted in auxiliary.heads_for(gan).items():
            if units.get(name) != wanted:
                raise ValueError(
                    f"`auxiliaries`: {auxiliary.name!r} reads a head {name!r} "
                    f"of {wanted} units: make the discriminator with "
                    f"`heads={{{name!r}: {wanted}}}`. Received: a "
                    f"discriminator that returns {units}"
                )
    unread = set(units) - {"logits"}
    for auxiliary in found:
        unread -= set(auxiliary.heads_for(gan))
    if unread:
        raise ValueError(
            f"`auxiliaries`: nothing reads D's head {sorted(unread)[0]!r}, so "
            "nothing would teach it: add an objective that does, such as "
            "`ClassLoss()` or `MutualInformation()`. Received: auxiliaries="
            f"{[auxiliary.name for auxiliary in found]}"
        )


def augmentation(gan, augmentation, loss, fines):
    """Can D's images be augmented under these rules?"""
    if augmentation is None:
        return
    if len(gan.sample_shape) != 3:
        raise ValueError(
            "`augmentation` is for images; points have no pixels to change. "
            f"Received: samples of shape {gan.sample_shape}"
        )
    owner = augmentation.owner and augmentation.owner()
    if owner is not None and owner is not gan and augmentation.variables:
        raise ValueError(
            "`augmentation` is another model's, and remembers how often that "
            "one needed it: make a new one for each model. Received: "
            f"{augmentation.name!r} of {owner.name!r}"
        )
    if not hasattr(loss, "boundary"):
        raise ValueError(
            "`augmentation` asks a loss for the logit above which D says "
            "'real': derive yours from `gk.losses.Loss`. Received: "
            f"loss={type(loss).__name__}"
        )
    if augmentation.needs_boundary and loss.boundary is None:
        raise ValueError(
            f"`augmentation`: {augmentation.name!r} asks how many real images "
            "D takes for real, but the scores of this loss have no boundary "
            "between real and fake. Use a loss that has one, e.g. "
            "'non_saturating' or 'hinge', or `DiffAugment()`. Received: "
            f"loss={type(loss).__name__}"
        )
    lazy = [f.name for f in fines if getattr(f, "every", 1) > 1]
    if lazy and replicas.distributed(gan):
        raise ValueError(
            "`augmentation`: under a `tf.distribute` strategy the replicas "
            "agree on its noise, and may not wait for each other inside the "
            "branch of a penalty that is paid every few steps. Use "
            f"`share=` instead of `every=`. Received: penalty {lazy[0]!r}"
        )


def metrics(gan, found):
    """Can they look at what the generator draws?"""
    drawn = gan.sample_shape
    for metric in found:
        if hasattr(metric, "fits") and not metric.fits(drawn):
            raise ValueError(
                f"`metrics`: the extractor {metric.extractor!r} of "
                f"{metric.name!r} looks at images of another shape. Fit one "
                "to yours, `extractor = gk.extractors.fit(images)`, and pass "
                f"`gk.metrics.{type(metric).__name__}(extractor)`. Received: a "
                f"generator that draws {drawn}"
            )


def compilation(gan, jit_compile, run_eagerly):
    """Can the training step be compiled as asked?"""
    if jit_compile and run_eagerly:
        raise ValueError(
            "`jit_compile` and `run_eagerly` exclude each other: compiled "
            "code has no lines to stop at. Received: both True"
        )
    if jit_compile and replicas.distributed(gan):
        raise ValueError(
            "`jit_compile` must be False or 'auto' under a `tf.distribute` "
            "strategy: XLA cannot compile a step that speaks to other "
            f"replicas. Received: jit_compile={jit_compile!r}"
        )


def scope(gan, d_optimizer, g_optimizer, fines, augmentation):
    """Were all parts made under the model's strategy?"""
    if not replicas.distributed(gan):
        return
    parts = {"d_optimizer": d_optimizer, "g_optimizer": g_optimizer}
    parts |= {f"penalties[{i}]": fine for i, fine in enumerate(fines)}
    parts |= {"augmentation": augmentation}
    for argument, part in parts.items():
        for variable in getattr(part, "variables", ()):
            if not isinstance(variable.value, tf.distribute.DistributedValues):
                raise ValueError(
                    f"`{argument}` was made outside of the model's "
                    "`tf.distribute` strategy, so its variables would not "
                    "follow all replicas. Make it inside `with "
                    f"strategy.scope():`. Received: {argument}={part.name!r}"
                )
