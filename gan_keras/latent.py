"""Walking through latent space."""

import numpy as np


def slerp(start, end, t):
    """Spherical interpolation: along the arc instead of the chord.

    Latent vectors drawn from N(0, 1) in many dimensions nearly all have the
    same length, sqrt(latent_dim). The straight line between two of them cuts
    through the middle, where G has hardly ever been; the arc does not.

    Formula: `sin((1 - t) w) / sin(w) * start + sin(t w) / sin(w) * end`,
    where w is the angle between the two.

    Source: White, 2016, arXiv:1609.04468.

    Args:
        start: Float array `[latent_dim]`.
        end: Float array `[latent_dim]`.
        t: Float array `[n]` in [0, 1], where on the way.

    Returns:
        Float32 array `[n, latent_dim]`.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    t = np.asarray(t, "float64")[:, None]
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1)) if lengths else 0
    if np.sin(angle) < 1e-6:  # the same direction, the opposite one, or none
        return ((1 - t) * start + t * end).astype("float32")
    arc = np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    return (arc / np.sin(angle)).astype("float32")


def walk(stops, frames=12):
    """A closed walk from stop to stop and back to the first.

    Args:
        stops: Float array `[n, latent_dim]`.
        frames: Int, steps from one stop to the next.

    Returns:
        Float32 array `[n * frames, latent_dim]`; the first of every `frames`
        rows is a stop.
    """
    t = np.arange(frames) / frames
    pairs = zip(stops, np.roll(stops, -1, axis=0))
    return np.concatenate([slerp(start, end, t) for start, end in pairs])


def straight_walk(stops, frames=12):
    """As `walk`, in straight lines: for classes and codes, which are bounded.

    Args:
        stops: Float array `[n, numbers]`.
        frames: Int, steps from one stop to the next.

    Returns:
        Float32 array `[n * frames, numbers]`.
    """
    t = np.arange(frames)[:, None] / frames
    pairs = zip(stops, np.roll(stops, -1, axis=0))
    ways = [(1 - t) * start + t * end for start, end in pairs]
    return np.concatenate(ways).astype("float32")


def truncate(latents, threshold=1.0, seed=0):
    """Draws again every number that lies too far out.

    Smaller latent numbers give cleaner images that are more alike: the
    truncation trick. Not every G takes it equally well.

    It is not that G has been there most often. A single number is most often
    near 0, but a hundred of them are hardly ever near 0 all at once: vectors
    of 100 numbers from N(0, 1) are 10 +- 0.7 long (see `slerp`). With a
    threshold of 1 they are about 5.4 long, since the variance of a number is
    then 0.29; in the training G has had next to none of these.

    Source: Brock et al., 2019 (BigGAN), arXiv:1809.11096.

    Args:
        latents: Float array `[n, latent_dim]` ~ N(0, 1).
        threshold: Float > 0; the result lies in [-threshold, threshold].
        seed: Int, of the new draws.

    Returns:
        Float32 array `[n, latent_dim]`; what was within stays as it was.
    """
    if not threshold > 0:
        raise ValueError(
            "The truncation `threshold` must be above 0; 0.5 is strict and 2 "
            f"hardly changes anything. Received: threshold={threshold!r}"
        )
    threshold = float(threshold)
    random = np.random.default_rng(seed)
    result = np.array(latents, "float32")
    far = np.abs(result) > threshold
    # Of tries from a box as wide as it needs, those under the bell are kept:
    # for small thresholds nearly all, where N(0, 1) itself would hit once in
    # a hundred times.
    while far.any():
        tries = random.uniform(-threshold, threshold, far.sum())
        kept = random.uniform(size=len(tries)) < np.exp(-(tries**2) / 2)
        places = np.flatnonzero(far)[kept]
        result.flat[places] = tries[kept].astype("float32")
        far.flat[places] = False
    # Float32 may round a number up over a threshold that it cannot hold.
    return np.clip(result, -threshold, threshold)


def combine(start, minus, plus):
    """Latent arithmetic: `start - minus + plus`, of means.

    The mean latent vector of several images that have something in common
    (they smile) points at it; the difference of two such means is the way
    from one to the other.

    Source: Radford et al., 2015, section 6.3.2, arXiv:1511.06434.

    Args:
        start: Float array `[n, latent_dim]`, or one vector `[latent_dim]`.
        minus: The same, what is taken away.
        plus: The same, what is added.

    Returns:
        Float32 array `[latent_dim]`, as long as latent vectors usually are.
    """

    def mean(vectors):
        return np.atleast_2d(np.asarray(vectors, "float64")).mean(axis=0)

    result = mean(start) - mean(minus) + mean(plus)
    length = np.linalg.norm(result)
    if not length > 0:
        raise ValueError(
            "`start`, `minus` and `plus` cancel out, and leave no direction. "
            f"Received: a sum of length {length:g}"
        )
    # A mean of several is shorter than each of them: G knows the sphere.
    return (result * (np.sqrt(len(result)) / length)).astype("float32")


class Projection:
    """Where in latent space real images would lie.

    Attributes:
        latents: Float32 `[n, latent_dim]`.
        images: Float32 `[n, ...]` in [-1, 1], what G makes of them.
        targets: Float32 `[n, ...]`, the real images.
        errors: Float32 `[n]`, the mean squared difference of each.
        history: List of floats, the mean of the errors at every step.
    """

    def __init__(self, latents, images, targets, history):
        self.latents = latents
        self.images = images
        self.targets = targets
        self.history = history
        axes = tuple(range(1, targets.ndim))
        self.errors = np.mean((images - targets) ** 2, axis=axes)


def project(gan, images, labels=None, steps=200, learning_rate=0.1, seed=0):
    """Looks for latent vectors that G makes given images of.

    G stays as it is; z learns, by the gradient that comes back through G.
    An image that G never learned to draw has no such vector, and what is
    missing in the result is what G lacks.

    Formula: minimise `mean((G(z) - image)^2)` over z, with Adam, from the
    best of 64 random vectors for each image; z is kept as long as latent
    vectors usually are, `sqrt(latent_dim)`. Below 8 dimensions, where
    lengths differ much, and for an `InfoGAN`, whose codes have places of
    their own, z may be of any length.

    Source: Zhu et al., 2016, arXiv:1609.03552; Karras et al., 2020,
    appendix D, arXiv:1912.04958.

    Args:
        gan: A `GAN`; its averaged generator is used.
        images: Float array `[n, ...]` in [-1, 1].
        labels: Int `[n]` or class weights `[n, num_classes]`, for a
            conditional model.
        steps: Int, of Adam.
        learning_rate: Float.
        seed: Int, of the random vectors.

    Returns:
        A `Projection`.
    """
    import tensorflow as tf

    from gan_keras import checks

    images = np.asarray(images)
    checks.images(gan, images)
    checks.count(steps=steps)
    if gan.needs_labels:
        checks.labels(gan, labels, len(images))
    targets = tf.constant(images, tf.float32)
    n, tries = len(images), 64
    classes = gan.class_weights(labels) if gan.needs_labels else None

    def draw(latents, classes):
        inputs = latents if classes is None else [latents, classes]
        return gan.ema_generator(inputs, training=False)

    def errors(drawn, wanted):
        squares = tf.square(drawn - wanted)
        return tf.reduce_mean(squares, axis=list(range(1, len(drawn.shape))))

    # Where to begin: the nearest of a few.
    starts = []
    some = tf.constant(gan.draw_latents(tries, seed))
    for i in range(n):
        own = None
        if classes is not None:
            own = tf.repeat(classes[i : i + 1], tries, axis=0)
        nearest = tf.argmin(errors(draw(some, own), targets[i]))
        starts.append(some[nearest])
    length = np.sqrt(gan.latent_dim).astype("float32")

    def on_sphere(z):
        return length * z / tf.norm(z, axis=1, keepdims=True)

    if not gan.on_sphere:
        on_sphere = tf.identity
    z = tf.Variable(tf.stack(starts))
    m, v = tf.zeros_like(z), tf.zeros_like(z)

    @tf.function
    def step(m, v, t):
        with tf.GradientTape() as tape:
            distances = errors(draw(on_sphere(z), classes), targets)
        # The sum: every image is a problem of its own.
        slope = tape.gradient(distances, z)
        m = 0.9 * m + 0.1 * slope
        v = 0.99 * v + 0.01 * tf.square(slope)
        rise = (m / (1 - 0.9**t)) / (tf.sqrt(v / (1 - 0.99**t)) + 1e-8)
        rate = learning_rate * (1 - (t - 1) / steps)
        z.assign_sub(rate * rise)
        return m, v, tf.reduce_mean(distances)

    history = []
    for t in range(1, steps + 1):
        m, v, distance = step(m, v, tf.constant(float(t)))
        history.append(float(distance))
    latents = on_sphere(z)
    drawn = draw(latents, classes)
    return Projection(latents.numpy(), drawn.numpy(), targets.numpy(), history)
