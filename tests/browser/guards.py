"""What must not happen on a page, and what must not be in the outputs of a notebook, in any front end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page

_CDN = "https://cdnjs.cloudflare.com/ajax/libs/"
THEIR_OWN = ("https://cdn.jsdelivr.net/npm/@fortawesome/", f"{_CDN}mathjax/", f"{_CDN}require.js/")
"""What each page of Voila or nbconvert asks for, whatever is on it."""

_FAULTS = r"""() => {
  const faults = new Map();
  const blame = (what, part) => faults.set(what, `${what}: ${part.outerHTML.slice(0, 160)}`);
  const never = 'script iframe frame object embed link base meta form dialog portal template noscript plaintext';
  const elements = new Set(never.split(' '));
  const drawn = new Set(['svg', 'math', 'style']);
  const addresses = 'href src srcset action formaction data poster ping background xlink:href'.split(' ');
  const near = new RegExp('^(data:(image|audio|video)/(?!svg)[a-z0-9]+;base64,|blob:|#'
    + '|(?!//)[\\w.%~/-]*(#line=\\d+)?$)');
  const far = /^(https?:\/\/|mailto:)/i;
  const unseen = new RegExp('[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f'
    + '\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]|\\udb40[\\udc00-\\udc7f]');

  const look = (part, box, typeset) => {
    const name = part.localName;
    typeset = typeset || name === 'mjx-container';
    if (elements.has(name)) blame(`element ${name}`, part);
    const ofPandas = name === 'style' && /^\s*\.dataframe [^<@(]*$/.test(part.textContent);
    if (drawn.has(name) && !typeset && !ofPandas) blame(`element ${name}`, part);
    for (const {name: attribute, value} of part.attributes) {
      if (attribute.startsWith('on')) blame(`handler ${attribute}`, part);
      // JupyterLab makes links of addresses and paths in plain text; but for scripts, browsers follow none that is odd.
      const theirs = name === 'a' && part.textContent === value && !/^\W*(java|vb|live)script/i.test(value);
      const allowed = near.test(value) || name === 'a' && far.test(value) || theirs;
      if (addresses.includes(attribute) && !allowed) blame(`address ${attribute} ${value.slice(0, 40)}`, part);
      if (attribute === 'style' && /url\(|expression|@import/i.test(value)) blame('style', part);
    }
    const style = getComputedStyle(part);
    if (!typeset && /fixed|absolute|sticky/.test(style.position)) blame(`position ${style.position}`, part);
    const own = part.getBoundingClientRect();
    const stands = own.width * own.height > 0 && style.visibility === 'visible';
    if (stands && (own.right > box.right + 1 && box.openX || own.left < box.left - 1 && box.openX
        || own.bottom > box.bottom + 1 && box.openY || own.top < box.top - 1 && box.openY)) blame('outside', part);
    const inner = {...box};
    if (style.overflowX !== 'visible') inner.openX = false;
    if (style.overflowY !== 'visible') inner.openY = false;
    for (const child of part.children) look(child, inner, typeset);
  };
  const outputs = [...document.querySelectorAll('.jp-OutputArea-output')];
  for (const output of outputs) {
    const {left, right, top, bottom} = output.getBoundingClientRect();
    const style = getComputedStyle(output);
    const box = {left, right, top, bottom, openX: style.overflowX === 'visible', openY: style.overflowY === 'visible'};
    const column = output.closest('.jp-Cell').getBoundingClientRect();
    if (right > column.right + 1) blame('an output wider than its cell', output);
    for (const child of output.children) look(child, box, false);
    for (const text of output.querySelectorAll('*'))
      for (const node of text.childNodes)
        if (node.nodeType === 3 && unseen.test(node.data) && !text.closest('.dataframe')) blame('unseen', text);
  }
  return [outputs.length, [...faults.values()]];
}"""
_TOUCH = """() => document.querySelectorAll('.jp-OutputArea-output *').forEach(part => {
  for (const kind of ['pointerenter', 'mouseover', 'mousemove', 'pointerdown', 'focus', 'toggle'])
    part.dispatchEvent(new MouseEvent(kind));
  if (part.localName === 'details') part.open = true;
  if (!part.closest('a, input, select, textarea, button')) part.dispatchEvent(new MouseEvent('click'));
})"""


@contextmanager
def guarded(page: Page, own: str) -> Iterator[list[str]]:
    """Note what must not happen on a page: dialogs, new pages, and requests to another place than its `own`."""
    happened: list[str] = []

    def asked(address: str) -> None:
        link = urlsplit(address)
        if link.scheme not in ("data", "blob") and not address.startswith((own, *THEIR_OWN)):
            happened.append(address)

    page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: asked(request.url))
    page.on("popup", lambda other: happened.append(f"popup {other.url}"))
    yield happened


def outputs(page: Page) -> tuple[int, list[str]]:
    """Look at every element of every output: how many outputs there are, and what is not allowed in them.

    Not allowed are elements that run, load or send, handlers, addresses that are not plain links, positions that leave
    the flow, what stands outside the output's own box, and characters that hide.
    """
    page.add_style_tag(content="* { content-visibility: visible !important }")  # JupyterLab measures only what is seen
    count, faults = page.evaluate(_FAULTS)
    return count, faults


def touch(page: Page) -> None:
    """Point at, focus and click everything in the outputs but links and controls; only it hears of it, not the page."""
    page.evaluate(_TOUCH)
