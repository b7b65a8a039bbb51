"""What may be asked for, told at once: importing TensorFlow takes seconds."""

# One line, the paper, and the minutes that the default run takes for digits
# on two fast cores. (Here and not in `gan_keras.recipes`, to be told at once.)
RECIPES = {
    "gan": ("the first: fully connected layers", "1406.2661", 2),
    "dcgan": ("convolutions that stride; the default", "1511.06434", 2),
    "lsgan": ("squared errors instead of a classifier", "1611.04076", 4),
    "wgan": ("a critic with clipped weights", "1701.07875", 6),
    "wgan_gp": ("a critic of slope one", "1704.00028", 7),
    "sngan": ("hinge loss, layers that stretch no window", "1802.05957", 5),
    "sagan": ("attention between distant places", "1805.08318", 7),
    "cgan": ("draws the class that it is asked for", "1411.1784", 2),
    "acgan": ("D also names the class", "1610.09585", 4),
    "infogan": ("finds codes such as the digit by itself", "1606.03657", 4),
    "r3gan": ("relativistic, no normalisation", "2501.05441", 9),
}

# Recipes that share the images of a batch out among several turns of D.
CRITIC_STEPS = {"wgan": 5, "sagan": 2}
DATA_SETS = ("digits", "mnist", "fashion_mnist", "cifar10")  # no paths
PRECISIONS = ("float32", "mixed_bfloat16")  # as Keras calls them
EXTRACTORS = ("auto", "digits", "own", "inception")


def list_recipes():
    """The catalogue as text."""
    lines = [f"{'recipe':9}{'what makes it':42}{'arXiv':12}minutes"]
    for name, (what, paper, minutes) in RECIPES.items():
        lines.append(f"{name:9}{what:42}{paper:12}{minutes:>7}")
    lines.append("")
    lines.append(
        "Minutes: the default run for digits, on two fast cores; slow: twice."
    )
    return "\n".join(lines)
