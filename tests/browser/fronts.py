"""The front ends a notebook is looked at in: where each shows it, when it is ready, and how a cell is run in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page

_KERNEL_IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
_RUN_FIRST = """count => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.model.sharedModel.deleteCellRange(count, notebook.widgets.length);
  return window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
_SAVE = "window.jupyterapp.commands.execute('docmanager:save')"
_THEME = "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
_APPEND = """source => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.model.sharedModel.addCell({cell_type: 'code', source: source, metadata: {trusted: true}});
  notebook.activeCellIndex = notebook.widgets.length - 1;
}"""
_RUN_LAST = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  window.lastCellRan = false;
  window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.lastCellRan = true; });
}"""
_PATIENCE = 60_000


@dataclass(frozen=True)
class FrontEnd:
    """One program that shows notebooks, at a path of the same server."""

    name: str
    path: str
    panel: str
    editable: bool = True

    def show(self, page: Page, jupyter: Jupyter, notebook: str) -> None:
        """Open a notebook without running it (Voila runs it always), and wait until it can be run."""
        page.goto(f"{jupyter.address}{self.path}{notebook}?{'reset&' if self is LAB else ''}token=t", timeout=_PATIENCE)
        if self.editable:
            page.wait_for_function(_KERNEL_IDLE, timeout=_PATIENCE)
            page.wait_for_selector("#jupyterlab-splash", state="detached")

    def run_first(self, page: Page, count: int) -> None:
        """Run the first cells anew and drop the others; Voila runs all with a kernel of its own, as the page loads."""
        if self.editable:
            page.evaluate(_RUN_FIRST, count)
        else:
            page.reload(timeout=_PATIENCE)

    def cells(self, page: Page) -> Locator:
        """Find the cells, or in Voila their outputs."""
        return page.locator(f"{self.panel} .jp-Cell")


LAB = FrontEnd("lab", "/lab/tree/", ".jp-NotebookPanel:not(.lm-mod-hidden)")
NOTEBOOK = FrontEnd("notebook", "/notebooks/", ".jp-NotebookPanel")
VOILA = FrontEnd("voila", "/voila/render/", "body", editable=False)
EVERYWHERE = (LAB, NOTEBOOK, VOILA)


@dataclass(frozen=True)
class Jupyter:
    """A running server of JupyterLab, Notebook and Voila: where it answers, and the folder it serves."""

    address: str
    folder: Path

    def url(self, notebook: str) -> str:
        """Name the page of a notebook in JupyterLab."""
        return f"{self.address}{LAB.path}{notebook}?reset&token=t"

    def write(self, name: str, *sources: str) -> str:
        """Write a notebook of code cells; returns its name as the front ends want it."""
        cells = [nbformat.v4.new_code_cell(source, id=f"cell-{index}") for index, source in enumerate(sources)]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook: Any = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.write(notebook, self.folder / f"{name}.ipynb")
        return f"{name}.ipynb"


def save(page: Page) -> None:
    """Save the notebook that is open."""
    page.evaluate(_SAVE)


def take_theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme: "Light" or "Dark"."""
    page.evaluate(_THEME, f"JupyterLab {name}")
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=f"JupyterLab {name}")
    page.wait_for_selector("#jupyterlab-splash", state="detached")


def run_new_cell(page: Page, source: str, *, wait: bool = True) -> Locator:
    """Append a cell and run it, as a person would; returns the cell."""
    page.evaluate(_APPEND, source)
    page.evaluate(_RUN_LAST)
    if wait:
        wait_for_cell(page)
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell").last


def wait_for_cell(page: Page) -> None:
    """Wait until the cell that was run last has ended."""
    page.wait_for_function("window.lastCellRan === true", timeout=_PATIENCE)
