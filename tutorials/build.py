"""Makes the notebooks from their sources, runs them, and makes pages.

    python tutorials/build.py                     # NN_name.py -> NN_name.ipynb
    python tutorials/build.py --html pages        # runs them, writes pages
    python tutorials/build.py --html pages 01 04  # two of them

The sources are Python files in percent format; in git, notebooks have no
outputs. `GAN_KERAS_SMOKE=1` runs them in short, to see whether they run.
"""

import argparse
import html
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).parent
# Some write the paragraph in italics, or the beginning of it: `*What ... .*`
SHOWN = re.compile(
    r"\*What you should see:(?P<italic>.+?)\*(?=\s|$)"
    r"|What you should see:(?P<plain>.+)",
    re.DOTALL,
)
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def sources(wanted=()):
    """The tutorials' files in order: all, or those that begin so."""
    every = sorted(HERE.glob("[0-9][0-9]_*.py"))
    if not wanted:
        return every
    found = [p for p in every if any(p.name.startswith(w) for w in wanted)]
    if not found:
        raise SystemExit(f"No tutorial begins with {' or '.join(wanted)}.")
    return found


def notebook(source):
    """The notebook of a source file; the same one every time."""
    made = jupytext.read(source)
    made.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    made.nbformat, made.nbformat_minor = 4, 5
    for i, cell in enumerate(made.cells):
        cell["id"] = f"cell-{i:02d}"  # by chance otherwise
        cell["metadata"] = {}
    return made


def execute(source, folder):
    """Runs a tutorial in a folder of its own; returns notebook and seconds.

    What it left there before stays, and is written over, as on a reader's
    second run; for a first one name a new folder.
    """
    from nbclient import NotebookClient

    made = notebook(source)
    Path(folder).mkdir(parents=True, exist_ok=True)
    # What the text states must be true; a reader would only be told.
    env = {"GAN_KERAS_CLAIMS": "strict"} | os.environ
    start = time.monotonic()
    NotebookClient(
        made, timeout=1800, resources={"metadata": {"path": str(folder)}}
    ).execute(env=env)
    return made, time.monotonic() - start


def page(made):
    """An executed notebook as one HTML page."""
    from nbconvert import HTMLExporter

    describe(made)
    return HTMLExporter().from_notebook_node(made)[0]


def greeting(output):
    """Whether an output is nothing but TensorFlow's log."""
    lines = output.get("text", "").splitlines()
    log = re.compile(r"[IWE]0000 |WARNING: All log|To enable the following")
    return output.get("name") == "stderr" and all(map(log.match, lines))


def shown(text):
    """What a text says one should see, in one line; "" if it does not."""
    found = SHOWN.match(text.partition("\n\n")[0])
    if not found:
        return ""
    words = " ".join((found["italic"] or found["plain"]).split())
    return re.sub(r"(?<!\w)\*(\w[^*]*)\*", r"\1", words)  # no emphasis


def describe(made):
    """Gives figures their alt text: the next text behind them says it.

    That of a few cells in a row may be one text, which says it of them all.
    Figures become `<img>` elements, as the exporter knows neither alt texts
    nor GIFs.
    """
    alt = ""
    for cell in reversed(made.cells):
        if cell.cell_type == "markdown":
            alt = html.escape(shown(cell.source))
        if cell.cell_type == "code":
            # TensorFlow's greetings are about this machine.
            cell.outputs = [o for o in cell.outputs if not greeting(o)]
        for output in cell.get("outputs", []):
            for kind in ("image/gif", "image/png"):
                if kind in output.get("data", {}):
                    image = output.data.pop(kind).replace("\n", "")
                    output.data["text/html"] = (
                        f'<img alt="{alt}" src="data:{kind};base64,{image}">'
                    )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Make, run and render the tutorials."
    )
    parser.add_argument("wanted", nargs="*", metavar="NN")
    parser.add_argument(
        "--html", metavar="DIR", help="run them, and write pages there"
    )
    options = parser.parse_args(arguments)
    for source in sources(options.wanted):
        target = source.with_suffix(".ipynb")
        text = nbformat.writes(notebook(source))
        target.write_text(text.rstrip() + "\n", encoding="utf-8")
        if options.html:
            folder = Path(options.html)
            made, seconds = execute(source, folder / f"files_{source.stem}")
            path = folder / f"{source.stem}.html"
            path.write_text(page(made), encoding="utf-8")
            print(f"{path}: {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
