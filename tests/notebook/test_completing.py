"""TAB, as a table: a cell with the cursor as | in it, and exactly what could be typed there."""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skytells_nb.api.values import Model
from skytells_nb.local.models.catalogue import models
from skytells_nb.notebook.known_models import Known
from skytells_nb.notebook.magics.completing import complete
from skytells_nb.notebook.magics.specs import ALL
from skytells_nb.notebook.magics.suggestions import Knowledge

SPECS = {spec.magic: spec for spec in ALL}
FOLDERS = {"": [".git/", "notes.md", "photos/"], "photos/": ["fox.png", "my fox.png"]}
KNOWN = Knowledge(
    models=tuple(Known(Model.from_json(model.wire)) for model in models().values()),
    threads=("tutor", "two words"),
    tags=("lesson", "lab"),
    variables=("fox", "frame", "texts"),
    entries=lambda folder: FOLDERS.get(folder, []),
)

OTHERS = None
"""Nothing of ours: IPython's own completers answer."""


def at_cursor(cell: str, knowledge: Knowledge = KNOWN) -> list[tuple[str, str, str]] | None:
    """Complete at the | of a cell; give (what is replaced, text, hint) of each suggestion."""
    before, _, after = cell.partition("|")
    found = complete(before + after, len(before), SPECS, knowledge)
    return None if found is None else [(before[found.start :], each.text, each.hint) for each in found.suggestions]


def texts(cell: str) -> str | None:
    """Give the suggestions at the | of a cell, with blanks between."""
    found = at_cursor(cell)
    return None if found is None else "  ".join(text for _, text, _ in found)


CHAT_OPTIONS = "  ".join(f"--{option.name}" for option in SPECS["skytells_chat"].options) + "  --help"
PREDICT_OPTIONS = "  ".join(f"--{option.name}" for option in SPECS["skytells_predict"].options) + "  --help"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        # Magics: only where no other magic can be meant, and each by its sign.
        ("%skytells_us|", "%skytells_usage"),
        ("%skytells_pre|", "%skytells_predict  %%skytells_predict"),
        ("%skytells_ch|", "%%skytells_chat"),
        ("%%skytells_ch|", "%%skytells_chat"),
        ("%%skytells_us|", ""),
        ("\n\n%%skytells_ch|", "%%skytells_chat"),
        ("x = %skytells_pre|", "%skytells_predict  %%skytells_predict"),
        ("a = 1\n%skytells_pre|", "%skytells_predict"),
        ("a = 1\n%%skytells_pre|", OTHERS),
        ("%skytells_nope|", ""),
        ("%sk|", OTHERS),
        ("%|", OTHERS),
        ("%timeit|", OTHERS),
        ("%time x|", OTHERS),
        ("import fo|", OTHERS),
        ("|", OTHERS),
        # Models: those that the verb can use.
        ("%%skytells_chat gp|", "gpt-5  gpt-5.4  gpt-5.3-codex  gpt-5-nano"),
        ("%%skytells_chat GPT-5.|", "gpt-5.4  gpt-5.3-codex"),
        ("%%skytells_chat sandbox|", "sandbox-coder  sandbox-omni"),
        ("%skytells_predict gp|", "gpt-image-1"),
        ("%skytells_predict lu|", "lumo"),
        ("%%skytells_predict lu|", "lumo"),
        ("%skytells_form lu|", "lumo"),
        ("%skytells_embed sky|", "skytells-embed-3-large  skytells-embed-3-small"),
        ("%%skytells_embed |", "skytells-embed-3-large  skytells-embed-3-small  text-embedding-3-small"),
        ("%skytells_model veo|", "veo-3.1  veo-3.1-fast"),
        ("%skytells_models fusion veo|", "veo-3.1  veo-3.1-fast"),
        ("%skytells_usage --model veo|", "veo-3.1  veo-3.1-fast"),
        ("%%skytells_chat -q gpt-5.|", "gpt-5.4  gpt-5.3-codex"),
        ('%%skytells_chat -s "be brief" -t 0.5 gpt-5.|', "gpt-5.4  gpt-5.3-codex"),
        ("%%skytells_chat gpt-5|.4", "gpt-5  gpt-5.4  gpt-5.3-codex  gpt-5-nano"),
        ("x = %skytells_predict lu|", "lumo"),
        ("x: int = %skytells_predict lu|", "lumo"),
        ("for i in (1, 2):\n    %skytells_predict lu|", "lumo"),
        ("%%time\n%skytells_predict lu|", "lumo"),
        ("%%skytells_meter\n%skytells_predict lu|", "lumo"),
        # Options: what is given already is not offered again.
        ("%%skytells_chat --ma|", "--max-tokens"),
        ("%%skytells_chat --ta|", "--tag"),
        ("%%skytells_chat --tag lesson --ta|", ""),
        ("%%skytells_chat --tag=lesson --ta|", ""),
        ("%%skytells_chat -|", CHAT_OPTIONS),
        ("%%skytells_chat -q -s x --qu|", "--quote"),
        ("%skytells_predict lumo --q|", "--quote  --quiet"),
        # Values of options.
        ("%%skytells_chat --thread tu|", "tutor"),
        ("%%skytells_chat --thread=tu|", "tutor"),
        ("%%skytells_chat --thread t|", 'tutor  "two words"'),
        ('%%skytells_chat --thread "t|', 'tutor"  two words"'),
        ('%%skytells_chat --thread "t|"', "tutor  two words"),
        ("%%skytells_chat --tag |", "lesson  lab"),
        ("%%skytells_chat --tag les|", "lesson"),
        ("%%skytells_chat --quiet=|", ""),
        ("%%skytells_chat --temperature |", ""),
        ("%%skytells_chat --nope gpt-5.|", "gpt-5.4  gpt-5.3-codex"),
        ("%skytells_usage --by m|", "model  model_used  month"),
        ("%skytells_usage --by model,mo|", "model_used  month"),
        ("%skytells_usage --plot |", "spend  latency  tokens  compare"),
        ("%skytells_budget --unknown a|", "allow  ask"),
        ("%skytells_models --type m|", "music  multimodal"),
        # Words to choose from.
        ("%skytells_sandbox |", "stop  --help"),
        ("%skytells_budget o|", "off"),
        ("%skytells_threads re|", "rename  reset"),
        ("%skytells_threads show t|", 'tutor  "two words"'),
        ("%skytells_threads rename tutor t|", ""),
        ("%%skytells_chat --api |", "chat  responses"),
        ("%skytells_status |", "--help"),
        # Inputs of the model, as options where the magic takes them so.
        ("%skytells_predict truefusion-pro --as|", "--aspect-ratio"),
        ("%skytells_predict truefusion-pro aspect_ratio=1:1 --as|", ""),
        ("%skytells_predict truefusion-pro --aspect-ratio 1:1 as|", ""),
        ("%skytells_predict truefusion-pro --aspect-ratio 16|", "16:9"),
        ("%skytells_predict truefusion-pro --aspect_ratio=16|", "16:9"),
        ("%skytells_predict truefusion-pro --num-outputs |", "1  2  3  4"),
        ("%skytells_predict truefusion --prompt-optimizer as|", "aspect_ratio="),
        ("%skytells_predict truefusion --prompt-optimizer no as|", "aspect_ratio="),
        ("%skytells_predict --as|", ""),
        ("%%skytells_chat gpt-5 --stop a --sto|", "--stop"),
        ("%%skytells_chat gpt-5 --image photos/f|", "photos/fox.png"),
        ("%%skytells_chat --file n|", "notes.md"),
        ("%%skytells_chat --reasoning |", "none  low  medium  high"),
        # Inputs of the model, by name.
        ("%skytells_predict truefusion-pro as|", "aspect_ratio="),
        ("%skytells_predict skytells/truefusion-pro as|", "aspect_ratio="),
        ("%%skytells_predict truefusion-pro as|", "aspect_ratio="),
        ("%skytells_form truefusion-pro as|", "aspect_ratio="),
        ("%skytells_predict truefusion-pro as|=16:9", "aspect_ratio="),
        ('%skytells_predict -q truefusion-pro seed=3 prompt="a fox" |',
         f"aspect_ratio=  num_outputs=  guidance=  {PREDICT_OPTIONS.replace('--quiet  ', '')}"),
        ("%skytells_predict nope as|", ""),
        ("%skytells_predict {{fox}} as|", ""),
        ("%%skytells_chat gpt-5 t|", ""),
        ("%skytells_models truefusion-pro as|", ""),
        # Their values.
        ("%skytells_predict truefusion-pro aspect_ratio=|", "1:1  16:9  9:16  4:3  3:4"),
        ("%skytells_predict truefusion-pro aspect_ratio=16|", "16:9"),
        ("%skytells_predict truefusion-pro aspect_ratio=16:|", "16:9"),
        ('%skytells_predict truefusion-pro aspect_ratio="16|', '16:9"'),
        ("%skytells_predict truefusion-pro aspect_ratio='16|", "16:9'"),
        ("%skytells_predict truefusion-pro aspect_ratio='16|'", "16:9"),
        ("%skytells_predict FLUX.2-pro resolution=|", '"0.5 MP"  "1 MP"  "2 MP"  "4 MP"'),
        ("%skytells_predict truefusion-pro num_outputs=|", "1  2  3  4"),
        ("%skytells_predict truefusion-pro guidance=|", "3.0"),
        ("%skytells_predict truefusion-pro seed=|", ""),
        ("%skytells_predict truefusion prompt_optimizer=|", "true  false"),
        ("%skytells_predict truefusion prompt_optimizer=f|", "false"),
        ("%skytells_predict beatfusion-2.0 sample_rate=|", "16000  24000  32000  44100"),
        ("%skytells_predict truefusion-pro nope=|", ""),
        ('%skytells_predict truefusion-pro prompt="a re|', ""),
        ('%skytells_predict truefusion-pro prompt="a red fox"|', ""),
        ("%skytells_predict truefusion-pro prompt=don't num_outputs=3|", "3"),
        # Files.
        ("%skytells_predict truefusion-ultra image=|", "@notes.md  @photos/"),
        ("%skytells_usage --export |", "notes.md  photos/"),
        ("%skytells_usage --export photos/f|", "photos/fox.png"),
        ("%skytells_login --from c|", "colab"),
        ("%skytells_predict truefusion-ultra image=@|", "@notes.md  @photos/"),
        ("%skytells_predict truefusion-ultra image=@photos/|", '@photos/fox.png  "@photos/my fox.png"'),
        ('%skytells_predict truefusion-ultra image="@photos/m|', '@photos/my fox.png"'),
        ("%skytells_predict truefusion-ultra image=@.|", "@.git/"),
        ("%skytells_predict truefusion-ultra image=@nowhere/|", ""),
        # Expressions, in the line and in the body.
        ("%skytells_predict truefusion-pro seed={{f|", "fox  frame"),
        ("%skytells_predict truefusion-pro seed={{len(te|", "texts"),
        ("%skytells_predict {{f|", "fox  frame"),
        ("%%skytells_chat\nWhat is {{f|", "fox  frame"),
        ("%%skytells_chat\nWhat is {{frame.he|", OTHERS),
        ("%%skytells_chat\nWhat is {{frame['f|", OTHERS),
        ("%%skytells_embed\n{{te|", "texts"),
        # Prose is left alone, code is not ours.
        ("%%skytells_chat\nTell me of fo|", ""),
        ("%%skytells_chat gpt-5\nTell me of {{fox}} and fo|", ""),
        ("%%skytells_chat\n%skytells_predict lu|", ""),
        ("%%skytells_chat\n\\{{f|", ""),
        ("%%skytells_predict lumo\na fo|", ""),
        ("%%skytells_meter\nfra|", OTHERS),
    ],
)  # fmt: skip
def test_what_could_be_typed(cell: str, expected: str | None) -> None:
    """Exactly these, in this order; none where nothing fits; others answer where no magic of ours is typed."""
    assert texts(cell) == expected


@pytest.mark.parametrize(
    ("cell", "replaced"),
    [
        ("x = %skytells_pred|", "%skytells_pred"),
        ("%skytells_predict truefusion-p|", "truefusion-p"),
        ("%skytells_predict truefusion-pro aspect_ratio=16:|", "16:"),
        ('%skytells_predict truefusion-pro aspect_ratio="16|', "16"),
        ("%skytells_predict truefusion-ultra image=@photos/f|", "@photos/f"),
        ("%skytells_usage --by model,mo|", "mo"),
        ("%%skytells_chat\nWhat is {{len(f|", "f"),
        ("%%skytells_chat --th|", "--th"),
    ],
)
def test_what_is_replaced(cell: str, replaced: str) -> None:
    """A suggestion takes the place of the piece that is typed, whatever IPython holds for a word."""
    assert {piece for piece, _, _ in at_cursor(cell) or ()} == {replaced}


@pytest.mark.parametrize(
    ("cell", "text", "hint"),
    [
        ("%skytells_us|", "%skytells_usage", "Load the record of calls as a DataFrame: tokens, seconds, c…"),
        ("%skytells_predict truefusion-pro|", "truefusion-pro", "image · $0.04 / image"),
        ("%skytells_predict truefusion-pro n|", "num_outputs=", "whole number · 1 to 4, default 1"),
        ("%skytells_predict truefusion-pro p|", "prompt=", "text · required"),
        ("%skytells_predict truefusion-pro num_outputs=|", "1", "default"),
        ("%skytells_predict truefusion-pro num_outputs=2|", "2", "whole number"),
        ("%skytells_predict truefusion-pro guidance=|", "3.0", "0 to 10, default 3.0"),
        ("%%skytells_chat --te|", "--temperature", "0 (steady) to 2 (wild)"),
    ],
)
def test_hints(cell: str, text: str, hint: str) -> None:
    """Beside a suggestion stands what a person would look up: price, type and range, default, meaning."""
    assert [(found, said) for _, found, said in at_cursor(cell) or () if found == text] == [(text, hint)]


def test_what_cannot_be_typed_as_it_is_seen_is_not_suggested() -> None:
    """A service's names with line breaks, direction marks or escapes, and those without end, are left out."""
    odd = ("a\nb", "a\u202eb", "a\x1b[31m", "a" * 500, 'a "quoted" one', "a{{exit()}}", "a\\", "aces", "a=b", "a{b}")
    found = at_cursor("%%skytells_chat --tag a|", Knowledge(tags=odd))
    assert [text for _, text, _ in found or ()] == ["aces", '"a=b"', '"a{b}"']


def test_a_model_s_name_cannot_become_an_option() -> None:
    """A service's name that looks like an option with its value, or an input like one, is left out."""
    schema = {"properties": {"--out": {"type": "string"}, "a b": {"type": "string"}, "seed": {"type": "integer"}}}
    known = Knowledge(models=(Known(Model("--out=os", type="image")), Known(Model("m", input_schema=schema))))
    assert [text for _, text, _ in at_cursor("%skytells_form |", known) or ()] == ["m"]
    assert [text for _, text, _ in at_cursor("%skytells_form m s|", known) or ()] == ["seed="]
    assert [text for _, text, _ in at_cursor("%skytells_form m |", known) or ()][:2] == ["seed=", "--input"]


@given(
    cell=some.lists(
        some.sampled_from(["%%skytells_chat", "%skytells_predict ", "truefusion-pro ", "\n", " ", "=", "aspect_ratio",
                           '"', "'", "{{", "}}", "{", "[", "--tag", "--by ", "@", "\\", "fox", "\x00", "é", "%", "-"]),
        max_size=12,
    ).map("".join),
    back=some.integers(0, 20),
)  # fmt: skip
def test_any_text_has_an_answer(cell: str, back: int) -> None:
    """Whatever is typed, wherever the cursor stands, completing raises nothing and replaces what is before it."""
    cursor = max(0, len(cell) - back)
    found = complete(cell, cursor, SPECS, KNOWN)
    assert found is None or 0 <= found.start <= cursor


def test_an_answer_takes_little_time() -> None:
    """The inputs of a model, among the prices of all, are found within 5 ms of the processor's time."""
    cells = (
        "%%skytells_chat |",
        "%skytells_predict truefusion-pro |",
        "%%skytells_chat\n" + "fox {{fox}} " * 1000 + "{{f|",
        "%time\n" + " " * 19_000 + "|",
        "%time\n" + " " * 200_000 + "x|",
    )
    for cell in cells:
        spans = []
        for _ in range(21):
            began = time.thread_time()
            at_cursor(cell)
            spans.append(time.thread_time() - began)
        assert statistics.median(spans) < 0.005
