"""README.md: what it tells people to type works, from its top to its end."""

import re
import shlex
from pathlib import Path

import pytest

import gan_keras as gk
import gan_keras_cli
from gan_keras_cli.parser import build_parser

README = Path(__file__).parent.parent / "README.md"
FEW = 128  # images, where README has all of them


@pytest.fixture
def text():
    return README.read_text(encoding="utf-8")


@pytest.fixture
def in_short(tmp_path, monkeypatch):
    """A folder with the folders README names; few images, two epochs."""
    monkeypatch.chdir(tmp_path)
    gk.datasets.write_drawn_faces("folder/of/faces", 40)
    Path("folder/with/one/sub-folder/per/class").mkdir(parents=True)
    load, fit = gk.datasets.load, gk.GAN.fit

    def load_few(*args, **kwargs):
        images, labels = load(*args, **kwargs)
        return images[:FEW], None if labels is None else labels[:FEW]

    def fit_briefly(gan, *args, epochs=1, **kwargs):
        # Tracing a training step takes longer than a few eager ones.
        gan.run_eagerly = len(gan.sample_shape) == 3
        # Two: one of the callbacks looks at every second epoch.
        return fit(gan, *args, epochs=min(epochs, 2), **kwargs)

    monkeypatch.setattr(gk.datasets, "load", load_few)
    monkeypatch.setattr(gk.GAN, "fit", fit_briefly)


def fences(text, language):
    """The fenced blocks of a language: pairs of first line and content."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return [(text.count("\n", 0, f.start(1)), f[1]) for f in found]


def run_python(text):
    """Runs all Python of a text in its order, as one session; its names."""
    names = {"__name__": "__main__"}
    for lines, block in fences(text, "python"):
        # Empty lines before it: a traceback tells README's own line.
        exec(compile("\n" * lines + block, str(README), "exec"), names)
    return names


@pytest.mark.slow
def test_python_runs_in_order(in_short, text, capsys):
    assert len(fences(text, "python")) >= 7
    names = run_python(text)
    assert names["cgan"].needs_labels and not names["gan"].needs_labels
    told = capsys.readouterr().out
    assert "D's half-step" in told and "fd_digits" in told
    for written in ["mine/model.keras", "mine/best.keras", "ring.gif"]:
        assert Path("runs", written).is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "right, wrong, error",
    [
        ("import keras\n", "", NameError),
        ("next(iter(data))", "images[:64]", ValueError),
        ("cgan", "gan", ValueError),  # what comes after needs the first one
        ("critic_steps=2", "critic_turns=2", TypeError),
        ("gk.networks.dcgan_g", "gk.networks.dcgan_h", AttributeError),
    ],
)
def test_a_mistake_is_found(in_short, text, right, wrong, error):
    pattern = r"\b" + re.escape(right)
    assert re.search(pattern, text)
    with pytest.raises(error):
        run_python(re.sub(pattern, wrong, text))


def attribute(name):
    """What a dotted name that begins with `gk` stands for."""
    found = gk
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def test_names_between_the_lines_exist(text):
    names = set(re.findall(r"\bgk(?:\.[A-Za-z_]\w*)+", text))
    assert len(names) > 20
    for name in names:
        attribute(name)
    methods = set(re.findall(r"`gan\.(\w+)\(", text))
    assert methods
    for name in methods:
        assert callable(getattr(gk.GAN, name))


def commands(text):
    """The arguments of every `gan-keras` in the text's shell commands."""
    for _, block in fences(text, "sh"):
        for part in re.split(r"&&|\n", block):
            words = shlex.split(part)
            if words and words[0].endswith("gan-keras"):
                yield words[1:]


def test_commands_are_understood_and_find_their_runs(in_short, text):
    runs, seen = set(), set()
    for words in commands(text):
        options = build_parser().parse_args(words)
        seen.add(options.command)
        if "run" in options:
            # Some command above it has made this run.
            assert options.run in runs, words
        elif options.command != "recipes":
            gan_keras_cli.checks.check(options)
        if options.command == "train":
            runs.add(options.out)
    assert {"train", "data", "sample", "interpolate", "evaluate"} <= seen


def test_links_lead_somewhere(text):
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (README.parent / target).exists(), target
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"[^\w -]", "", head.lower()) for head in heads]
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor.replace("-", " ") in plain
