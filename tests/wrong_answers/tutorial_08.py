import numpy as np
import tensorflow as tf

softplus = tf.nn.softplus


def cross(x, t):
    return t * softplus(-x) + (1 - t) * softplus(x)


def distances(points, centres):
    return np.linalg.norm(points[:, None] - centres, axis=-1)


def found(near, least):
    return int(np.sum(near.sum(axis=0) >= least))


def nearest(points, centres, radius, least):
    modes = distances(points, centres).argmin(axis=1)
    return int(np.sum(np.bincount(modes, minlength=len(centres)) >= least))


def doctor(d_real, d_fake, val, covered, modes, strong=0.6, heart=0.2):
    if d_real - d_fake > strong:
        return "d too strong"
    if d_fake > d_real:
        return "d too weak"
    if d_real - val > heart:
        return "learned by heart"
    if covered < modes / 2:
        return "mode collapse"
    return "healthy"


def collapse_first(d_real, d_fake, val, covered, modes):
    if covered < modes / 2:
        return "mode collapse"
    return doctor(d_real, d_fake, val, covered, modes)


def heart_first(d_real, d_fake, val, covered, modes):
    if d_real - val > 0.2:
        return "learned by heart"
    return doctor(d_real, d_fake, val, covered, modes)


def heart_before_weak(d_real, d_fake, val, covered, modes):
    name = doctor(d_real, d_fake, val, covered, modes)
    if name == "d too weak" and d_real - val > 0.2:
        return "learned by heart"
    return name


def curves_only(d_real, d_fake, val, covered, modes):
    return doctor(d_real, d_fake, val, modes, modes)


def half_is_too_few(d_real, d_fake, val, covered, modes):
    name = curves_only(d_real, d_fake, val, covered, modes)
    if name == "healthy" and covered <= modes / 2:
        return "mode collapse"
    return name


def judged_by_half(d_real, d_fake, val, covered, modes):
    """`d_fake > 0.5` in the place of `d_fake > d_real`."""
    if d_real - d_fake > 0.6:
        return "d too strong"
    if d_fake > 0.5:
        return "d too weak"
    return doctor(max(d_real, d_fake), d_fake, val, covered, modes)


def weak_by_a_tenth(d_real, d_fake, val, covered, modes):
    name = doctor(d_real, d_fake, val, covered, modes)
    if name == "d too weak" and d_fake - d_real <= 0.1:
        return doctor(d_fake, d_fake, val, covered, modes)
    return name


def either_way(d_real, d_fake, val, covered, modes):
    if abs(d_real - d_fake) > 0.6:
        return "d too strong"
    return doctor(d_real, d_fake, val, covered, modes)


def heart_either_way(d_real, d_fake, val, covered, modes):
    name = doctor(d_real, d_fake, val, covered, modes)
    if not name.startswith("d ") and abs(d_real - val) > 0.2:
        return "learned by heart"
    return name


WRONG = {
    "smoothed_d_loss": [
        lambda r, f, a=0.9: cross(r, 1.0) + cross(f, 0.0),
        lambda r, f, a=0.9: cross(r, a) + cross(f, 1 - a),
        lambda r, f, a=0.9: cross(r, 1.0) + cross(f, 1 - a),
        lambda r, f, a=0.9: a * softplus(-r) + softplus(f),
        lambda r, f, a=0.9: cross(r, 1 - a) + cross(f, 0.0),
        lambda r, f, a=1.0: cross(r, a) + cross(f, 0.0),
        lambda r, f, a=0.9: cross(r, a),
    ],
    "modes_found": [
        nearest,
        lambda p, c, r, n: int(np.sum(distances(p, c).min(axis=1) <= r)),
        lambda p, c, r, n: found(distances(p, c) <= r, 1),
        lambda p, c, r, n: found(distances(p, c) <= 1.0, n),
        lambda p, c, r, n: found((np.abs(p[:, None] - c) <= r).all(axis=-1), n),
        lambda p, c, r, n: found(distances(p, c) <= r, n + 1),
        lambda p, c, r, n: found(distances(p, c) ** 2 <= r, n),
    ],
    "diagnosis": [
        collapse_first,
        curves_only,
        half_is_too_few,
        lambda *args: "healthy",
        lambda d_real, d_fake, *rest: d_real > d_fake,
        heart_first,
        heart_before_weak,
        judged_by_half,
        weak_by_a_tenth,
        either_way,
        heart_either_way,
        lambda *args: doctor(*args, strong=0.5),
        lambda *args: doctor(*args, strong=0.7),
        lambda *args: doctor(*args, heart=0.1),
        lambda *args: doctor(*args, heart=0.3),
    ],
}
