"""Command lines and exactly what comes of them, as `test_magics_table` types them into a real kernel.

OPTIONS say what a line adds to a chat's request, BODIES what a cell's text becomes, REQUESTS what --quote shows of a
prediction and its price. FAULTS are lines with their one line of error: «…» stands around what it points at. OTHERS
print or show something, PREFERENCES are set by %config. PITFALLS names the rows of each known pitfall of notebooks.
"""

# ruff: noqa: E501 - a row is a line, however long its error is

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SETUP = """
from pathlib import Path
import numpy as np, pandas as pd
import skytells_nb as sky
from PIL import Image
n, who, text, flag, rows, names = 3, "gpt-5", "a red fox", True, [1, 2], ["warm", "wild"]
limits = {"a": {"b": 9}}
frame = pd.DataFrame({"name": ["Ada", "Bob"], "age": [36, 41]})
shares = np.array([0.25, 0.5])
dot = Image.new("RGB", (2, 2), "red")
dot.save("dot.png")
key = sky.settings.Key("a-very-secret-key")
blob = b"\\x89PNG"
Path("prompt.md").write_text("What is {{n}} + $x?\\n")
Path("latin.txt").write_bytes(b"\\xe9t\\xe9")
Path("with_key.txt").write_text("use sk-" + "a1" * 15)
Path("params.json").write_text('{"seed": 7, "guidance": 2.5}')
Path("schema.json").write_text('{"type": "json_object"}')
Path("weights.json").write_text("[0.5, 0.25]")
Path("tags.json").write_text('["cold", "calm"]')
Path("broken.json").write_text('{"seed": ')
def lost():
    raise KeyError("gone")
"""
"""What the lines use: names, and files in the kernel's folder."""

BEGUN = "%%skytells_chat -q --thread known\nREPEAT: x"
"""A conversation that has begun."""

DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="
"""The picture of the set-up, as a link."""


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("%%skytells_chat -q\nREPEAT: x", {}),
    ("%%skytells_chat gpt-5 -q\nREPEAT: x", {"model": "gpt-5"}),
    ("%%skytells_chat -q gpt-5\nREPEAT: x", {"model": "gpt-5"}),
    ("%%skytells_chat {{who}} -q\nREPEAT: x", {"model": "gpt-5"}),
    ("%%skytells_chat --quiet\nREPEAT: x", {}),
    ("%%skytells_chat;\nREPEAT: x", {}),
    ("%%skytells_chat gpt-5;\nREPEAT: x", {"model": "gpt-5"}),
    ("%%skytells_chat -q ;\nREPEAT: x", {}),
    (
        "%%skytells_chat -q -s brief\nREPEAT: x",
        {"messages": [{"role": "system", "content": "brief"}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q -s "Be brief."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q -s"Be brief."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q -s="Be brief."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q --system "Be brief; be kind."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief; be kind."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q --system="Be brief."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q "--system=Be brief."\nREPEAT: x',
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        "%%skytells_chat -q --system='Say \"hi\".'\nREPEAT: x",
        {"messages": [{"role": "system", "content": 'Say "hi".'}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        "%%skytells_chat -q --system=Be\\ brief.\nREPEAT: x",
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        "%%skytells_chat -q --system \"Be \"'brief'.\nREPEAT: x",
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        '%%skytells_chat -q --system "{{limits["a"]["b"]}} words"\nREPEAT: x',
        {"messages": [{"role": "system", "content": "9 words"}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        "%%skytells_chat -q -s don't\nREPEAT: x",
        {"messages": [{"role": "system", "content": "don't"}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    ("%%skytells_chat -q -t 0.25\nREPEAT: x", {"temperature": 0.25}),
    ("%%skytells_chat -q -t0.25\nREPEAT: x", {"temperature": 0.25}),
    ("%%skytells_chat -q -t=0.25\nREPEAT: x", {"temperature": 0.25}),
    ("%%skytells_chat -q --temperature=.5\nREPEAT: x", {"temperature": 0.5}),
    ("%%skytells_chat -q --max-tokens 7\nREPEAT: x", {"max_tokens": 7}),
    ("%%skytells_chat -q --max_tokens=7\nREPEAT: x", {"max_tokens": 7}),
    ("%%skytells_chat -q --max-tokens {{limits['a']['b']}}\nREPEAT: x", {"max_tokens": 9}),
    ("%%skytells_chat -q --stop END\nREPEAT: x", {"stop": "END"}),
    ('%%skytells_chat -q --stop END --stop "THE END"\nREPEAT: x', {"stop": ["END", "THE END"]}),
    ("%%skytells_chat -q --top-p 0.9\nREPEAT: x", {"top_p": 0.9}),
    ("%%skytells_chat -q --n 2\nREPEAT: x", {"n": 2}),
    ("%%skytells_chat -q --frequency-penalty -0.5\nREPEAT: x", {"frequency_penalty": -0.5}),
    ("%%skytells_chat -q --presence-penalty=1\nREPEAT: x", {"presence_penalty": 1.0}),
    ("%%skytells_chat -q --seed 42\nREPEAT: x", {"seed": 42}),
    ("%%skytells_chat -q --reasoning low\nREPEAT: x", {"reasoning_effort": "low"}),
    ("%%skytells_chat -q top_p=0.5 seed=3\nREPEAT: x", {"top_p": 0.5, "seed": 3}),
    ("%%skytells_chat -q user=ada\nREPEAT: x", {"user": "ada"}),
    ('%%skytells_chat -q "user=Ada L."\nREPEAT: x', {"user": "Ada L."}),
    ('%%skytells_chat -q stop=["a","b"]\nREPEAT: x', {"stop": ["a", "b"]}),
    ('%%skytells_chat -q metadata={"a": {"b": 1}}\nREPEAT: x', {"metadata": {"a": {"b": 1}}}),
    ("%%skytells_chat -q metadata={{limits}}\nREPEAT: x", {"metadata": {"a": {"b": 9}}}),
    ("%%skytells_chat -q seed={{n + 1}}\nREPEAT: x", {"seed": 4}),
    ("%%skytells_chat -q seed={{ {1: {2: 3}}[1][2] }}\nREPEAT: x", {"seed": 3}),
    (
        "%%skytells_chat -q response_format=@schema.json\nGive JSON.",
        {"messages": [{"role": "user", "content": "Give JSON."}], "response_format": {"type": "json_object"}},
    ),
    (
        "%%skytells_chat -q --image dot.png\nREPEAT: x",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "REPEAT: x"},
                        {"type": "image_url", "image_url": {"url": DOT}},
                    ],
                }
            ]
        },
    ),
    (
        "%%skytells_chat -q --image {{dot}}\nREPEAT: x",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "REPEAT: x"},
                        {"type": "image_url", "image_url": {"url": DOT}},
                    ],
                }
            ]
        },
    ),
    (
        "%%skytells_chat -q --image https://x.example/a.png --image=https://x.example/b.png\nREPEAT: x",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "REPEAT: x"},
                        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                        {"type": "image_url", "image_url": {"url": "https://x.example/b.png"}},
                    ],
                }
            ]
        },
    ),
    ("%%skytells_chat -q --file prompt.md\n", {"messages": [{"role": "user", "content": "What is {{n}} + $x?"}]}),
    ("%skytells_chat -q --file prompt.md", {"messages": [{"role": "user", "content": "What is {{n}} + $x?"}]}),
    ("%skytells_chat --file prompt.md;", {"messages": [{"role": "user", "content": "What is {{n}} + $x?"}]}),
    ("kept = %skytells_chat -q --file prompt.md", {"messages": [{"role": "user", "content": "What is {{n}} + $x?"}]}),
    ("%%skytells_chat -q --tag lesson\nREPEAT: x", {}),
    ("%%skytells_chat -q --timeout 30\nREPEAT: x", {}),
    ("%%skytells_chat -q -o kept\nREPEAT: x", {}),
    ("%%skytells_chat -q --thread new\nREPEAT: x", {}),
    (
        "%%skytells_chat -q --thread known -s kind\nREPEAT: y",
        {
            "messages": [
                {"role": "system", "content": "kind"},
                {"role": "user", "content": "REPEAT: x"},
                {"role": "assistant", "content": "x"},
                {"role": "user", "content": "REPEAT: y"},
            ]
        },
    ),
    ("%%skytells_chat -q --thread known --fresh\nREPEAT: x", {}),
    ("%%skytells_chat -q --fresh\nREPEAT: x", {}),
    ("%%skytells_chat -q --api chat\nREPEAT: x", {}),
    ("%%skytells_chat -q --api responses\nREPEAT: x", {}),
    (
        "%%skytells_chat -q --api responses -s brief --max-tokens 7 --reasoning low\nREPEAT: x",
        {"max_output_tokens": 7, "reasoning": {"effort": "low"}, "instructions": "brief"},
    ),
]
"""A cell or line of chat, and what its request holds beside the default model and the body REPEAT: x."""

BODIES: list[tuple[str, Any]] = [
    ("%%skytells_chat -q --max-tokens 1\nWhat is it?", "What is it?"),
    ('%%skytells_chat -q --max-tokens 1\nx = {"a": {"b": [1, 2]}}', 'x = {"a": {"b": [1, 2]}}'),
    ('%%skytells_chat -q --max-tokens 1\n{"json": {"deep": {"er": 1}}}', '{"json": {"deep": {"er": 1}}}'),
    (
        "%%skytells_chat -q --max-tokens 1\n$\\frac{a}{b}$ and $$\\sum_{i=1}^{n} x_i^{2}$$",
        r"$\frac{a}{b}$ and $$\sum_{i=1}^{n} x_i^{2}$$",
    ),
    (
        "%%skytells_chat -q --max-tokens 1\n\\begin{align} a &= {b} \\\\ c \\end{align}",
        r"\begin{align} a &= {b} \\ c \end{align}",
    ),
    (
        "%%skytells_chat -q --max-tokens 1\nIt costs $5, 100 % of {budget}; $HOME ${HOME} %d %(name)s",
        "It costs $5, 100 % of {budget}; $HOME ${HOME} %d %(name)s",
    ),
    (
        "%%skytells_chat -q --max-tokens 1\nfor (let i = 0; i < n; i++) { f({a: i}); }",
        "for (let i = 0; i < n; i++) { f({a: i}); }",
    ),
    ('%%skytells_chat -q --max-tokens 1\nprint(f"{n}"); %timeit x; !ls', 'print(f"{n}"); %timeit x; !ls'),
    ("%%skytells_chat -q --max-tokens 1\n%load_ext x\n!echo hi\n?help", "%load_ext x\n!echo hi\n?help"),
    ("%%skytells_chat -q --max-tokens 1\n<script>alert(1)</script> & <b>", "<script>alert(1)</script> & <b>"),
    ("%%skytells_chat -q --max-tokens 1\n{% for x in y %}{ x }{% endfor %}", "{% for x in y %}{ x }{% endfor %}"),
    ("%%skytells_chat -q --max-tokens 1\nA literal \\{{n}}, and \\\\ too", r"A literal {{n}}, and \\ too"),
    ("%%skytells_chat -q --max-tokens 1\nopen {{ and never closed", "open {{ and never closed"),
    ("%%skytells_chat -q --max-tokens 1\n{{}} and {{ }}", "{{}} and {{ }}"),
    ("%%skytells_chat -q --max-tokens 1\ntrailing;", "trailing;"),
    ("%%skytells_chat -q --max-tokens 1\n--temperature 2 name=value -q", "--temperature 2 name=value -q"),
    ("%%skytells_chat -q --max-tokens 1\n\n\n  indented\n    more\n", "  indented\n    more"),
    ("%%skytells_chat -q --max-tokens 1\nn is {{n}}, then {{ n + 1 }}", "n is 3, then 4"),
    ("%%skytells_chat -q --max-tokens 1\n{{ text.upper() }}: {{rows[0]}}", "A RED FOX: 1"),
    ("%%skytells_chat -q --max-tokens 1\n{{ {'x': {'y': 1}}['x']['y'] }}", "1"),
    ("%%skytells_chat -q --max-tokens 1\n{{ '}}' + \"{{\" }}", "}}{{"),
    ("%%skytells_chat -q --max-tokens 1\n{{rows}} {{limits}} {{flag}} {{None}}", '[1, 2] {"a": {"b": 9}} True None'),
    (
        "%%skytells_chat -q --max-tokens 1\n{{frame}}",
        "| name | age |\n| --- | --- |\n| Ada | 36 |\n| Bob | 41 |\n2 rows × 2 columns",
    ),
    ("%%skytells_chat -q --max-tokens 1\n{{frame.age}}", "| age |\n| --- |\n| 36 |\n| 41 |\n2 rows × 1 column"),
    ("%%skytells_chat -q --max-tokens 1\n{{frame.age.to_numpy()}}", "array of shape (2,), int64:\n[36 41]"),
    ("%%skytells_chat -q --max-tokens 1\n{{frame.age.mean()}} {{np.int64(4)}}", "38.5 4"),
    (
        "%%skytells_chat -q --max-tokens 1\nLook: {{dot}} What is it?",
        [
            {"type": "text", "text": "Look: "},
            {"type": "image_url", "image_url": {"url": DOT}},
            {"type": "text", "text": " What is it?"},
        ],
    ),
    ("%%skytells_chat -q --max-tokens 1\n{{dot}}", [{"type": "image_url", "image_url": {"url": DOT}}]),
    ("%%skytells_chat -q --max-tokens 1\n日本語 {{n}} 🦊", "日本語 3 🦊"),
]
"""A cell of chat, and the content of the message that is sent."""

REQUESTS: list[tuple[str, dict[str, Any], str]] = [
    ("%skytells_predict truefusion-pro prompt=fox --quote", {"prompt": "fox"}, "about $0.04 (1 × $0.04 per image)"),
    (
        '%skytells_predict truefusion-pro prompt="a red fox" --quote',
        {"prompt": "a red fox"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro 'prompt=a red fox' --quote",
        {"prompt": "a red fox"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        r"%skytells_predict truefusion-pro prompt=a\ red\ fox --quote",
        {"prompt": "a red fox"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro prompt="a "\'red\'" fox" --quote',
        {"prompt": "a red fox"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    ("%skytells_predict truefusion-pro prompt=don't --quote", {"prompt": "don't"}, "about $0.04 (1 × $0.04 per image)"),
    ('%skytells_predict truefusion-pro prompt="fox;" --quote', {"prompt": "fox;"}, "about $0.04 (1 × $0.04 per image)"),
    (
        "%skytells_predict truefusion-pro prompt=fox num_outputs=2 --quote",
        {"prompt": "fox", "num_outputs": 2},
        "about $0.08 (2 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt=fox --num_outputs=2 --quote",
        {"prompt": "fox", "num_outputs": 2},
        "about $0.08 (2 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt=fox --num-outputs 2 --quote",
        {"prompt": "fox", "num_outputs": 2},
        "about $0.08 (2 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro --prompt "a red fox" --aspect-ratio 16:9 --quote',
        {"prompt": "a red fox", "aspect_ratio": "16:9"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro --prompt {{text}} --guidance=2.5 --quote",
        {"prompt": "a red fox", "guidance": 2.5},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt={{text}} seed={{n}} --quote",
        {"prompt": "a red fox", "seed": 3},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro prompt="{{text}}, {{n}} times" --quote',
        {"prompt": "a red fox, 3 times"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro prompt="{{limits["a"]["b"]}}" --quote',
        {"prompt": "9"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt={{frame}} --quote",
        {"prompt": "| name | age |\n| --- | --- |\n| Ada | 36 |\n| Bob | 41 |\n2 rows × 2 columns"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    ("%skytells_predict truefusion-pro prompt={{n}} --quote", {"prompt": "3"}, "about $0.04 (1 × $0.04 per image)"),
    (
        '%skytells_predict truefusion-pro prompt=fox -i {"seed": 7} --quote',
        {"prompt": "fox", "seed": 7},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro prompt=fox --input {{{"seed": n}}} --quote',
        {"prompt": "fox", "seed": 3},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt=fox --input @params.json --quote",
        {"prompt": "fox", "seed": 7, "guidance": 2.5},
        "about $0.04 (1 × $0.04 per image)",
    ),
    ("%skytells_predict truefusion-pro prompt=@ada --quote", {"prompt": "@ada"}, "about $0.04 (1 × $0.04 per image)"),
    (
        r'%skytells_predict truefusion-pro prompt="$5 {x} %d \frac" --quote',
        {"prompt": r"$5 {x} %d \frac"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        '%skytells_predict truefusion-pro prompt={"a":1} --quote',
        {"prompt": '{"a":1}'},
        "about $0.04 (1 × $0.04 per image)",
    ),
    ("%skytells_predict truefusion-pro prompt=why? --quote", {"prompt": "why?"}, "about $0.04 (1 × $0.04 per image)"),
    ("%skytells_predict truefusion-pro --quote prompt=why?", {"prompt": "why?"}, "about $0.04 (1 × $0.04 per image)"),
    (
        '%skytells_predict truefusion-pro --quote prompt="what is this?"',
        {"prompt": "what is this?"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    ("%%skytells_predict truefusion-pro --quote\na fox", {"prompt": "a fox"}, "about $0.04 (1 × $0.04 per image)"),
    (
        "%%skytells_predict truefusion-pro --quote num_outputs=2\n\na fox\n  in {{n}} {x}\n",
        {"num_outputs": 2, "prompt": "a fox\n  in 3 {x}"},
        "about $0.08 (2 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x num_outputs=3 --quote",
        {"prompt": "x", "num_outputs": 3},
        "about $0.12 (3 × $0.04 per image)",
    ),
    (
        "%%skytells_predict truefusion-pro --quote --num-outputs 4\nx",
        {"num_outputs": 4, "prompt": "x"},
        "about $0.16 (4 × $0.04 per image)",
    ),
    ("%skytells_predict truefusion prompt=x --quote", {"prompt": "x"}, "about $0.03 (1 × $0.03 per image)"),
    (
        "%skytells_predict truefusion-pro --quote --file prompt.md",
        {"prompt": "What is {{n}} + $x?"},
        "about $0.04 (1 × $0.04 per image)",
    ),
    (
        "%skytells_predict truefusion prompt=x --prompt-optimizer --quote",
        {"prompt": "x", "prompt_optimizer": True},
        "about $0.03 (1 × $0.03 per image)",
    ),
    (
        "%skytells_predict truefusion prompt=x --prompt_optimizer false --quote",
        {"prompt": "x", "prompt_optimizer": False},
        "about $0.03 (1 × $0.03 per image)",
    ),
    (
        "%skytells_predict truefusion prompt=x --prompt-optimizer=no --quote",
        {"prompt": "x", "prompt_optimizer": False},
        "about $0.03 (1 × $0.03 per image)",
    ),
    (
        "%skytells_predict sandbox-form --quote weights=@weights.json",
        {"weights": [0.5, 0.25]},
        "about $0.01 (per prediction)",
    ),
    (
        "%skytells_predict sandbox-form --quote tags=@tags.json",
        {"tags": ["cold", "calm"]},
        "about $0.01 (per prediction)",
    ),
    ("%skytells_predict sandbox-form --quote tags=warm", {"tags": ["warm"]}, "about $0.01 (per prediction)"),
    (
        "%skytells_predict sandbox-form --quote tags=warm,cold",
        {"tags": ["warm", "cold"]},
        "about $0.01 (per prediction)",
    ),
    (
        '%skytells_predict sandbox-form --quote tags=["warm", "calm"]',
        {"tags": ["warm", "calm"]},
        "about $0.01 (per prediction)",
    ),
    (
        "%skytells_predict sandbox-form --quote tags={{names}}",
        {"tags": ["warm", "wild"]},
        "about $0.01 (per prediction)",
    ),
    (
        "%skytells_predict sandbox-form --quote weights={{shares}}",
        {"weights": [0.25, 0.5]},
        "about $0.01 (per prediction)",
    ),
    (
        '%skytells_predict sandbox-form --quote extra={"a": {"b": [1, 2]}}',
        {"extra": {"a": {"b": [1, 2]}}},
        "about $0.01 (per prediction)",
    ),
    (
        "%skytells_predict sandbox-form --quote extra={{limits}}",
        {"extra": {"a": {"b": 9}}},
        "about $0.01 (per prediction)",
    ),
    ("%skytells_predict sandbox-form --quote --grain yes", {"grain": True}, "about $0.01 (per prediction)"),
    ("%skytells_predict sandbox-form --quote --grain", {"grain": True}, "about $0.01 (per prediction)"),
    ("%skytells_predict sandbox-form --quote link=@dot.png", {"link": "@dot.png"}, "about $0.01 (per prediction)"),
    ("%skytells_predict sandbox-form --quote link={{dot}}", {"link": DOT}, "about $0.01 (per prediction)"),
    (
        "%skytells_predict sandbox-form --quote references=@dot.png,@dot.png",
        {"references": ["@dot.png", "@dot.png"]},
        "about $0.01 (per prediction)",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x -i '{\"seed\": 7}' --quote",
        {"prompt": "x", "seed": 7},
        "about $0.04 (1 × $0.04 per image)",
    ),
]
"""A line of predict with --quote, the input that would be sent, and what it would cost."""

FAULTS: list[tuple[str, str]] = [
    ("%%skytells_chat", "InputError: The prompt is empty. Write a question; nothing was sent."),
    ("%%skytells_chat\n   \n \n", "InputError: The prompt is empty. Write a question; nothing was sent."),
    (
        "%skytells_chat hi",
        "InputError: %skytells_chat is a cell magic. Write %%skytells_chat, and the prompt on the lines below it; or name a file of it with --file.",
    ),
    (
        "%skytells_chat What is state-of-the-art?",
        "InputError: %skytells_chat is a cell magic. Write %%skytells_chat, and the prompt on the lines below it; or name a file of it with --file.",
    ),
    (
        "%skytells_chat What is this?",
        "InputError: %skytells_chat is a cell magic. Write %%skytells_chat, and the prompt on the lines below it; or name a file of it with --file.",
    ),
    (
        "%skytells_chat",
        "InputError: %skytells_chat is a cell magic. Write %%skytells_chat, and the prompt on the lines below it; or name a file of it with --file.",
    ),
    (
        "%%skytells_chat «gpt5» -q\nhello",
        "UnknownNameError: There is no model 'gpt5'. Did you mean 'gpt-5'? [MODEL_NOT_FOUND, HTTP 404, req_…]",
    ),
    (
        "%%skytells_chat «truefusion» -q\nhello",
        "RefusedError: The service refused the request: The model 'truefusion' makes image; send it to /v1/predictions. Nothing ran and nothing was billed. [MODEL_NOT_SUPPORTED, HTTP 422, req_…]",
    ),
    (
        "%%skytells_chat gpt-5 «gpt-6»\nhello",
        "InputError: %skytells_chat does not know what to do with 'gpt-6'. Text with blanks needs quotes: name=\"… gpt-6 …\".",
    ),
    (
        "%%skytells_chat be «brief»\nhello",
        "InputError: %skytells_chat does not know what to do with 'brief'. Text with blanks needs quotes: name=\"… brief …\".",
    ),
    (
        "%%skytells_chat «--tempo» 1\nhello",
        "UnknownNameError: There is no option '--tempo' of %skytells_chat. Did you mean '--temperature'?",
    ),
    (
        "%%skytells_chat «--temperatur=1»\nhello",
        "UnknownNameError: There is no option '--temperatur' of %skytells_chat. Did you mean '--temperature'?",
    ),
    (
        "%%skytells_chat «-x»\nhello",
        "UnknownNameError: There is no option '-x' of %skytells_chat. Known: -f, -h, -o, -q, -s, -t.",
    ),
    ("%%skytells_chat -t «warm»\nhello", "InputError: --temperature must be a number, not 'warm'. For example: 0.7."),
    ("%%skytells_chat -t «nan»\nhello", "InputError: --temperature must be a number, not 'nan'. For example: 0.7."),
    ("%%skytells_chat «-t»\nhello", "InputError: --temperature needs a value. For example: --temperature 0.7."),
    (
        "%%skytells_chat --max-tokens «1.5»\nhello",
        "InputError: --max-tokens must be a whole number, not '1.5'. For example: 512.",
    ),
    (
        "%%skytells_chat «--max-tokens=many»\nhello",
        "InputError: --max-tokens must be a whole number, not 'many'. For example: 512.",
    ),
    ("%%skytells_chat «--quiet=1»\nhello", "InputError: --quiet takes no value. Write just --quiet."),
    ("%%skytells_chat -t 1 «--temperature» 2\nhello", "InputError: --temperature is given twice. Keep one of them."),
    ("%%skytells_chat «temperature=1» -t 2\nhello", "InputError: temperature is given twice. Keep --temperature."),
    ("%%skytells_chat seed=1 «seed=2»\nhello", "InputError: seed is given twice. Keep one of them."),
    (
        "%%skytells_chat --reasoning low «reasoning_effort=high»\nhello",
        "InputError: reasoning_effort is given twice. Keep --reasoning.",
    ),
    ("%%skytells_chat -q «--show»\nhello", "InputError: --quiet and --show contradict each other. Keep one of them."),
    (
        '%%skytells_chat -s «"be brief»\nhello',
        "InputError: A quote is not closed: \"be brief. Close it; a ' inside a word needs no partner.",
    ),
    (
        "%%skytells_chat -s «'be brief»\nhello",
        "InputError: A quote is not closed: 'be brief. Close it; a ' inside a word needs no partner.",
    ),
    (
        '%%skytells_chat metadata=«{"a": 1»\nhello',
        'InputError: A bracket is not closed: {"a": 1. Close it, or put the value in quotes.',
    ),
    ("%%skytells_chat seed=«{{n»\nhello", "InputError: '{{n' has no closing }}. Close it with }}."),
    ("%%skytells_chat «prompt=x»\nhello", "InputError: prompt is no parameter here. The cell's body is the prompt."),
    (
        "%%skytells_chat «messages=[]»\nhello",
        "InputError: messages is no parameter here. The cell's body is the prompt; --thread remembers.",
    ),
    (
        "%%skytells_chat «model=gpt-5»\nhello",
        "InputError: model is no parameter here. Name the model first: %%skytells_chat MODEL.",
    ),
    ("%%skytells_chat «stream=false»\nhello", "InputError: stream is no parameter here. Answers always stream."),
    ("%%skytells_chat «form=json»\nhello", "InputError: form is no parameter here. Write --format."),
    ("%%skytells_chat «previous=x»\nhello", "InputError: previous is no parameter here. --thread remembers."),
    (
        "%%skytells_chat --quote «values=x»\nhello",
        "InputError: values is no parameter here. The cell's body is the prompt.",
    ),
    ("%%skytells_chat «images=[]»\nhello", "InputError: images is no parameter here. Write --image for each."),
    ("%%skytells_chat «system=brief»\nhello", "InputError: system is no parameter here. Write --system."),
    ("%%skytells_chat «file=a.md»\nhello", "InputError: file is no parameter here. Write --file."),
    (
        "%%skytells_chat «temperature=9»\nhello",
        "RefusedError: The service refused the request: The parameter 'temperature' must be a number between 0 and 2. Nothing ran and nothing was billed. [INVALID_PARAMETER, HTTP 400, req_…]",
    ),
    (
        "%%skytells_chat «--top-p 5»\nhello",
        "RefusedError: The service refused the request: The parameter 'top_p' must be a number between 0 and 1. Nothing ran and nothing was billed. [INVALID_PARAMETER, HTTP 400, req_…]",
    ),
    (
        "%%skytells_chat «-o 1x»\nhello",
        "InputError: '1x' cannot be the name of a variable. Use letters, digits and _, and no word of Python's own.",
    ),
    (
        "%%skytells_chat «-o get_ipython»\nhello",
        "InputError: 'get_ipython' is IPython's or Python's own. Use another name; nothing was sent.",
    ),
    (
        "%%skytells_chat «-o __builtins__»\nhello",
        "InputError: '__builtins__' is IPython's or Python's own. Use another name; nothing was sent.",
    ),
    (
        "%%skytells_chat «-o class»\nhello",
        "InputError: 'class' cannot be the name of a variable. Use letters, digits and _, and no word of Python's own.",
    ),
    (
        "%%skytells_chat «--image nope.png»\nhello",
        "InputError: The picture 'nope.png' cannot be read: No such file or directory. Give the path of a file that is there; nothing was sent.",
    ),
    (
        "%%skytells_chat «--image latin.txt»\nhello",
        "InputError: The picture 'latin.txt' is no PNG, JPEG, GIF or WebP. Save it as one of these.",
    ),
    (
        "%%skytells_chat «--image {{rows}}»\nhello",
        "InputError: A value of type list is no picture. Give a link, path, bytes, PIL image or matplotlib figure.",
    ),
    (
        "%%skytells_chat «--file nope.md»\n",
        "InputError: The file 'nope.md' cannot be read: No such file or directory. Name a file that is there; nothing was sent.",
    ),
    (
        "%%skytells_chat «--file prompt.md»\nhello",
        "InputError: The text is given twice, by --file and on the lines below. Keep one of them.",
    ),
    (
        "%%skytells_chat «--file latin.txt»\n",
        "InputError: The file 'latin.txt' is no text in UTF-8. Save it as UTF-8; nothing was sent.",
    ),
    (
        "%skytells_chat «--file with_key.txt»",
        "InputError: The file 'with_key.txt' holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
    ),
    (
        "%skytells_chat «--file .»",
        "InputError: The file '.' is a folder, or no plain file. Name a file; nothing was sent.",
    ),
    (
        "%%skytells_chat «response_format=@nope.json»\nhello",
        "InputError: The file 'nope.json' cannot be read: No such file or directory. Name a file that is there; nothing was sent.",
    ),
    (
        "%%skytells_chat «response_format=@broken.json»\nhello",
        "InputError: The file 'broken.json' is no JSON: Expecting value: line 1 column 10 (char 9). Mend it; nothing was sent.",
    ),
    (
        "%%skytells_chat -q\n«{{undefnd}}»",
        "UnknownNameError: There is no name 'undefnd' for {{undefnd}}. Run the cell that makes it first; for a literal {{ write \\{{.",
    ),
    (
        "%%skytells_chat -q\nFirst line.\nfor «{{txt}}», please",
        "UnknownNameError: There is no name 'txt' for {{txt}}. Did you mean 'text'?",
    ),
    (
        "%%skytells_chat «{{whos}}» -q\nhello",
        "UnknownNameError: There is no name 'whos' for {{whos}}. Did you mean 'who'?",
    ),
    ("%%skytells_chat -t «{{m}}»\nhello", "UnknownNameError: There is no name 'm' for {{m}}. Did you mean 'map'?"),
    (
        "%%skytells_chat -t «{{text}}»\nhello",
        "InputError: --temperature must be a number, not 'a red fox'. For example: 0.7.",
    ),
    ("%%skytells_chat «seed={{nn}}»\nhello", "UnknownNameError: There is no name 'nn' for {{nn}}. Did you mean 'n'?"),
    ("%%skytells_chat -q\n«{{n +}}»", r"InputError: {{n +}} is not a Python expression. For a literal {{ write \{{."),
    (
        "%%skytells_chat -q\n«{{1 / 0}}»",
        "InputError: {{1 / 0}} failed: ZeroDivisionError: division by zero. Mend the expression.",
    ),
    ("%%skytells_chat -q\n«{{lost()}}»", "InputError: {{lost()}} failed: KeyError: 'gone'. Mend the expression."),
    (
        "%%skytells_chat -q\n«{{frame.agee}}»",
        "InputError: {{frame.agee}} failed: AttributeError: 'DataFrame' object has no attribute 'agee'. Mend the expression.",
    ),
    (
        "%%skytells_chat -q\n«{{frame.head}}»",
        "InputError: {{frame.head}} is a method, not a value. Call it, or collect what it gives.",
    ),
    ("%%skytells_chat -q\n«{{np}}»", "InputError: {{np}} is a module, not a value. Name something in it."),
    ("%%skytells_chat -q\n«{{blob}}»", "InputError: {{blob}} is bytes, not text. Decode it first, with .decode()."),
    (
        "%%skytells_chat -q\n«{{key}}»",
        "InputError: {{key}} holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
    ),
    (
        "%%skytells_chat -q\n«{{[key.reveal()]}}»",
        "InputError: {{[key.reveal()]}} holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
    ),
    (
        "%%skytells_chat «user={{key}}»\nhello",
        "InputError: {{key}} holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
    ),
    (
        "%%skytells_chat -s «{{dot}}»\nhello",
        "InputError: {{dot}} is a picture, which cannot stand in a text. Pictures go into a chat's body.",
    ),
    (
        "%%skytells_chat «{{dot}}»\nhello",
        "InputError: {{dot}} is a picture, which cannot stand in a text. Pictures go into a chat's body.",
    ),
    ("%skytells_predict", "InputError: %skytells_predict needs a model. %skytells_models lists them."),
    ("%skytells_predict -q", "InputError: %skytells_predict needs a model. %skytells_models lists them."),
    (
        "%skytells_predict «truefusion-prp» prompt=x",
        "UnknownNameError: There is no model 'truefusion-prp'. Did you mean 'truefusion-pro'? [MODEL_NOT_FOUND, HTTP 404, req_…]",
    ),
    (
        "%skytells_predict truefusion-pro",
        "InvalidInputError: truefusion-pro: prompt is missing. Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict «gpt-5» prompt=x",
        "InputError: gpt-5 is a text model: it runs no predictions. Use %%skytells_chat gpt-5.",
    ),
    (
        "%skytells_predict «skytells-embed-3-small» x=1",
        "InputError: skytells-embed-3-small is a vector model: it runs no predictions. Use %%skytells_embed skytells-embed-3-small.",
    ),
    (
        "%skytells_predict truefusion-pro «promt=x»",
        "InvalidInputError: truefusion-pro: prompt is missing; promt is not an input (did you mean prompt?). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «--num-output» 2",
        "UnknownNameError: There is no option or input '--num-output' of %skytells_predict. Did you mean '--num_outputs'?",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «--numoutputs=2»",
        "UnknownNameError: There is no option or input '--numoutputs' of %skytells_predict. Did you mean '--num_outputs'?",
    ),
    (
        "%skytells_predict «truefusion-prp» --prompt x",
        "UnknownNameError: There is no model 'truefusion-prp'. Did you mean 'truefusion-pro'? [MODEL_NOT_FOUND, HTTP 404, req_…]",
    ),
    (
        "%skytells_predict «--num-outputs» 2 truefusion-pro prompt=x",
        "UnknownNameError: There is no option '--num-outputs' of %skytells_predict. Did you mean '--input'? A model's inputs are options after its name.",
    ),
    (
        "%skytells_predict «--prompt» x",
        "UnknownNameError: There is no option '--prompt' of %skytells_predict. Did you mean '--out'? A model's inputs are options after its name.",
    ),
    ("%skytells_predict truefusion-pro «--prompt»", "InputError: --prompt needs a value. For example: --prompt …."),
    ("%skytells_predict truefusion-pro prompt=x «--prompt» y", "InputError: prompt is given twice. Keep one of them."),
    (
        "%skytells_predict truefusion-pro prompt=x «num_outputs=two»",
        "InvalidInputError: truefusion-pro: num_outputs must be a whole number (got 'two'). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «num_outputs=9»",
        "InvalidInputError: truefusion-pro: num_outputs must be at most 4 (got 9). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «--aspect-ratio 4:5»",
        "InvalidInputError: truefusion-pro: aspect_ratio must be one of 1:1, 16:9, 9:16, 4:3, 3:4 (got '4:5'; did you mean 4:3?). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «guidance=high» «num_outputs=9» «seed=1.5» «aspect_ratio=4:5»",
        "InvalidInputError: truefusion-pro: aspect_ratio must be one of 1:1, 16:9, 9:16, 4:3, 3:4 (got '4:5'; did you mean 4:3?); num_outputs must be at most 4 (got 9); guidance must be a number (got 'high'); seed must be a whole number (got 1.5). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        '%skytells_predict truefusion-pro «prompt=""»',
        "InvalidInputError: truefusion-pro: prompt is empty. Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro «a» red fox",
        "InputError: %skytells_predict does not know what to do with 'a'. Text with blanks needs quotes: name=\"… a …\".",
    ),
    (
        "%skytells_predict truefusion-pro prompt=a «red» fox",
        "InputError: %skytells_predict does not know what to do with 'red'. Text with blanks needs quotes: name=\"… red …\".",
    ),
    (
        '%skytells_predict truefusion-pro prompt=«"a red fox»',
        "InputError: A quote is not closed: \"a red fox. Close it; a ' inside a word needs no partner.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=«'a red fox»",
        "InputError: A quote is not closed: 'a red fox. Close it; a ' inside a word needs no partner.",
    ),
    (
        "%skytells_predict truefusion-pro seed=«[1»",
        "InputError: A bracket is not closed: [1. Close it, or put the value in quotes.",
    ),
    (
        "%skytells_predict truefusion-pro «prompt={{txt}}»",
        "UnknownNameError: There is no name 'txt' for {{txt}}. Did you mean 'text'?",
    ),
    (
        '%skytells_predict truefusion-pro prompt="of «{{txt}}» here"',
        "UnknownNameError: There is no name 'txt' for {{txt}}. Did you mean 'text'?",
    ),
    (
        "%skytells_predict truefusion-pro «prompt={{1 +}}»",
        r"InputError: {{1 +}} is not a Python expression. For a literal {{ write \{{.",
    ),
    (
        "%skytells_predict truefusion-pro «prompt={{dot}}»",
        "InputError: prompt takes no picture. Give it to an input that takes a file.",
    ),
    (
        "%skytells_predict truefusion-pro «prompt={{key}}»",
        "InputError: {{key}} holds a secret, which is not sent to a model. Leave it out; nothing was sent.",
    ),
    (
        "%skytells_predict truefusion-pro «prompt={{blob}}»",
        r"InvalidInputError: truefusion-pro: prompt is no JSON value (got b'\x89PNG'); prompt must be text (got b'\x89PNG'). Nothing was sent; %skytells_models truefusion-pro shows the inputs.",
    ),
    (
        '%skytells_predict truefusion-pro prompt=x -i «{"seed": 7»',
        'InputError: A bracket is not closed: {"seed": 7. Close it, or put the value in quotes.',
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «-i 5»",
        'InputError: --input is int, not a JSON object. For example: --input {"seed": 7}, or --input {{a_dict}}.',
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «-i {{5}}»",
        'InputError: --input is int, not an object. For example: --input {"seed": 7}, or --input {{a_dict}}.',
    ),
    (
        '%skytells_predict truefusion-pro «prompt=x» -i {"prompt": "y"}',
        "InputError: prompt is given twice, as a pair and in --input. Keep one of them.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «-i @nope.json»",
        "InputError: The file 'nope.json' cannot be read: No such file or directory. Name a file that is there; nothing was sent.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «-i @broken.json»",
        "InputError: The file 'broken.json' is no JSON: Expecting value: line 1 column 10 (char 9). Mend it; nothing was sent.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x --timeout «soon»",
        "InputError: --timeout must be a number, not 'soon'. For example: 60.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «-o a-b»",
        "InputError: 'a-b' cannot be the name of a variable. Use letters, digits and _, and no word of Python's own.",
    ),
    (
        "%%skytells_predict truefusion-pro «prompt=x»\ny",
        "InputError: prompt is given twice, in the line and as the body. Keep one of them.",
    ),
    (
        "%%skytells_predict truefusion-pro «--file prompt.md»\ny",
        "InputError: The text is given twice, by --file and on the lines below. Keep one of them.",
    ),
    (
        "%%skytells_predict truefusion-pro\n{{dot}}",
        "InputError: The body is the model's main text, which holds no picture. Give it to an input that takes a file: name={{picture}}.",
    ),
    (
        "%%skytells_predict truefusion-pro\n«{{nope}}»",
        "UnknownNameError: There is no name 'nope' for {{nope}}. Did you mean 'np'?",
    ),
    (
        "%skytells_predict sandbox-form «weights=@nope.json»",
        "InputError: The file 'nope.json' cannot be read: No such file or directory. Name a file that is there; nothing was sent.",
    ),
    (
        "%skytells_predict sandbox-form «link=@nope.png»",
        "InputError: The file 'nope.png' is not there. Give the path of a file that is there, or an http(s) link; nothing was sent.",
    ),
    (
        "%skytells_predict sandbox-form «--grian»",
        "UnknownNameError: There is no option or input '--grian' of %skytells_predict. Did you mean '--grain'?",
    ),
    (
        "%skytells_predict sandbox-form «--grain=maybe»",
        "InvalidInputError: sandbox-form: grain must be true or false (got 'maybe'). Nothing was sent; %skytells_models sandbox-form shows the inputs.",
    ),
    (
        "%skytells_predict truefusion-pro prompt=x «--num-outputs»",
        "InputError: --num_outputs needs a value. For example: --num_outputs ….",
    ),
    ("%skytells_form", "InputError: %skytells_form needs a model. %skytells_models lists them."),
    (
        "%skytells_form «truefusion-prp»",
        "UnknownNameError: There is no model 'truefusion-prp'. Did you mean 'truefusion-pro'? [MODEL_NOT_FOUND, HTTP 404, req_…]",
    ),
    (
        "%skytells_form truefusion-pro «--num-output» 2",
        "UnknownNameError: There is no option or input '--num-output' of %skytells_form. Did you mean '--num_outputs'?",
    ),
    (
        '%skytells_form truefusion-pro prompt=«"x»',
        "InputError: A quote is not closed: \"x. Close it; a ' inside a word needs no partner.",
    ),
    (
        "%skytells_models «truefuson-pro»",
        "UnknownNameError: There is no model 'truefuson-pro'. Did you mean 'truefusion-pro'?",
    ),
    (
        "%skytells_models «--type pictures»",
        "UnknownNameError: There is no type of model 'pictures'. Known: audio, code, embedding, image, multimodal, music, text, video.",
    ),
    (
        "%skytells_models «--typ» image",
        "UnknownNameError: There is no option '--typ' of %skytells_models. Did you mean '--type'?",
    ),
    (
        "%skytells_models a b c d «e»",
        "InputError: %skytells_models does not know what to do with 'e'. %skytells_models --help shows what it takes.",
    ),
    (
        '%skytells_models «"open»',
        "InputError: A quote is not closed: \"open. Close it; a ' inside a word needs no partner.",
    ),
    ("%skytells_usage «--by modle»", "UnknownNameError: There is no grouping 'modle'. Did you mean 'model'?"),
    (
        "%skytells_usage --last week",
        "InputError: 'week' is not a span of time. Use a number and m, h, d or w, such as 7d.",
    ),
    (
        "%skytells_usage --since soon",
        'InputError: \'soon\' is no moment. Write a datetime, a date, or text such as "2026-03-06" or "2026-03-06 20:15".',
    ),
    (
        "%skytells_usage «--plot pie»",
        "UnknownNameError: There is no picture 'pie'. Known: compare, latency, spend, tokens.",
    ),
    (
        "%skytells_usage --plot spend --by model",
        "InputError: --plot draws calls, and --by sums them up. Leave one of them out.",
    ),
    (
        "%skytells_usage --export a.csv --by day",
        "InputError: --export writes calls, and --by sums them up. Leave one of them out.",
    ),
    (
        "%skytells_usage «today»",
        "InputError: %skytells_usage does not know what to do with 'today'. %skytells_usage --help shows what it takes.",
    ),
    ("%skytells_usage «--here=1»", "InputError: --here takes no value. Write just --here."),
    ("%skytells_usage «--by model,dya»", "UnknownNameError: There is no grouping 'dya'. Did you mean 'day'?"),
    (
        "%skytells_meter «extra»",
        "InputError: %skytells_meter does not know what to do with 'extra'. %skytells_meter --help shows what it takes.",
    ),
    ("%%skytells_meter\n", "InputError: There is nothing to run. Write the code on the lines below %%skytells_meter."),
    (
        "%%skytells_meter «--quite»\n1",
        "UnknownNameError: There is no option '--quite' of %skytells_meter. Did you mean '--quiet'?",
    ),
    ("%skytells_budget lots", "InputError: limit='lots' is no amount of money. Write USD, such as \"2.00\"."),
    (
        "%skytells_budget 1 «2»",
        "InputError: %skytells_budget does not know what to do with '2'. %skytells_budget --help shows what it takes.",
    ),
    ("%skytells_budget -1", "InputError: limit='-1' is no amount of money. Write USD, such as \"2.00\"."),
    (
        "%skytells_budget 1 --per-call much",
        "InputError: per_call='much' is no amount of money. Write USD, such as \"2.00\".",
    ),
    (
        "%skytells_budget 1 --unknown maybe",
        'InputError: unknown=\'maybe\' is no policy. Use "allow", "ask" or "refuse".',
    ),
    (
        "%skytells_budget 1 «--percall» 2",
        "UnknownNameError: There is no option '--percall' of %skytells_budget. Did you mean '--per-call'?",
    ),
    ("%skytells_sandbox start", "InputError: %skytells_sandbox does not know 'start'. Use it alone, or with stop."),
    ("%skytells_sandbox stopp", "InputError: %skytells_sandbox does not know 'stopp'. Use it alone, or with stop."),
    (
        "%skytells_status «now»",
        "InputError: %skytells_status does not know what to do with 'now'. %skytells_status --help shows what it takes.",
    ),
    (
        "import sys; sys.modules['matplotlib'] = None\n%skytells_usage --plot spend",
        "SetupError: Pictures need matplotlib. Run  pip install 'skytells-nb[plots]'",
    ),
    ("%skytells_login", "SetupError: The sandbox cannot try a key. Go back online first, with %skytells_sandbox stop."),
    (
        "%skytells_login --forget --file",
        "InputError: %skytells_login does one thing at a time. Use --keyring, --file or --forget.",
    ),
    (
        "%skytells_login «--forse»",
        "UnknownNameError: There is no option '--forse' of %skytells_login. Did you mean '--forget'?",
    ),
    (
        "%%skytells_chat «--api respond»\nhello",
        "UnknownNameError: There is no API 'respond'. Did you mean 'responses'?",
    ),
    (
        "%%skytells_chat --api responses --seed 1\nhello",
        "InputError: seed is no parameter of the Responses API. Leave it out, or ask with --api chat.",
    ),
    ("%%skytells_chat «api=chat»\nhello", "InputError: api is no parameter here. Write --api."),
    ("%skytells_threads show «knwn»", "UnknownNameError: There is no thread 'knwn'. Did you mean 'known'?"),
    (
        "%skytells_threads «shw» known",
        "UnknownNameError: There is no verb 'shw' of %skytells_threads. Did you mean 'show'?",
    ),
    (
        "%skytells_threads fork known aside --at «many»",
        "InputError: --at must be a whole number, not 'many'. For example: 3.",
    ),
    ("%skytells_threads show", "InputError: show does not go with what follows it. Write show NAME."),
    (
        "%skytells_threads reset",
        "InputError: reset does not go with what follows it. Write reset NAME, or reset --all.",
    ),
    (
        "%skytells_jobs «colect»",
        "UnknownNameError: There is no verb 'colect' of %skytells_jobs. Did you mean 'collect'?",
    ),
    (
        "%skytells_jobs resume",
        "InputError: Which job is meant? resume needs an id. %skytells_jobs lists them; or resume --all.",
    ),
    ("%skytells_jobs cancel «nope»", "UnknownNameError: There is no job 'nope'."),
    ("%skytells_jobs cancel x --all", "InputError: An id is given, and --all. Keep one of them."),
    ("%skytells_jobs --timeout «soon»", "InputError: --timeout must be a number, not 'soon'. For example: 60."),
    (
        "%skytells_predict truefusion prompt=x «--no-wait=1»",
        "InputError: --no-wait takes no value. Write just --no-wait.",
    ),
    ("%skytells_model", "InputError: %skytells_model needs a model. %skytells_models lists them."),
    (
        "%skytells_model «truefuson-pro»",
        "UnknownNameError: There is no model 'truefuson-pro'. Did you mean 'truefusion-pro'? [MODEL_NOT_FOUND, HTTP 404, req_…]",
    ),
    (
        "%skytells_embed",
        "InputError: There is nothing to embed. %skytells_embed {{texts}}, or %%skytells_embed and a body.",
    ),
    (
        "%skytells_embed -q «--show» a",
        "InputError: --quiet and --show contradict each other. Keep one of them.",
    ),
    (
        "%skytells_embed --dimensions «few» a",
        "InputError: --dimensions must be a whole number, not 'few'. For example: 256.",
    ),
]
"""A line or cell, and the first line of its error."""

PREFERENCES: list[tuple[str, str, dict[str, Any]]] = [
    ('model = "gpt-5"', "%%skytells_chat -q\nREPEAT: x", {"model": "gpt-5"}),
    ('model = "gpt-5"', "%%skytells_chat gpt-5-nano -q\nREPEAT: x", {"model": "gpt-5-nano"}),
    (
        'system = "Be brief."',
        "%%skytells_chat -q\nREPEAT: x",
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    (
        'system = "Be brief."',
        "%%skytells_chat -q -s kind\nREPEAT: x",
        {"messages": [{"role": "system", "content": "kind"}, {"role": "user", "content": "REPEAT: x"}]},
    ),
    ("temperature = 0.25", "%%skytells_chat -q\nREPEAT: x", {"temperature": 0.25}),
    ("temperature = 0.25", "%%skytells_chat -q -t 1\nREPEAT: x", {"temperature": 1.0}),
    ("temperature = 0.25", "%%skytells_chat -q temperature=0\nREPEAT: x", {"temperature": 0}),
    ("max_tokens = 9", "%%skytells_chat -q\nREPEAT: x", {"max_tokens": 9}),
    ("quiet = True", "%%skytells_chat\nREPEAT: x", {}),
    (
        "value_characters = 4",
        "%%skytells_chat -q\n{{'abcdef'}}",
        {"messages": [{"role": "user", "content": "abcd\n[cut: 4 of 6 characters]"}]},
    ),
]
"""What %config SkytellsMagics sets, a cell of chat that shows nothing, and what its request holds then."""

REFUSED_PREFERENCES: list[tuple[str, str]] = [
    ("%config SkytellsMagics.temperature = 3", "ERROR:root:temperature is at most 2.\n"),
    ("%config SkytellsMagics.temperature = -1", "ERROR:root:temperature cannot be below 0.\n"),
    (
        '%config SkytellsMagics.temperature = "warm"',
        "ERROR:root:The 'temperature' trait of a SkytellsMagics instance expected a float, not the str 'warm'.\n",
    ),
    ("%config SkytellsMagics.max_tokens = -1", "ERROR:root:max_tokens cannot be below 0.\n"),
]
"""A preference that cannot be, and the one line in which IPython says so: it runs the cell to its end."""


@dataclass(frozen=True)
class Other:
    """A cell, what it shows and prints, and the cells that run before and after it."""

    code: str
    shown: str = ""
    printed: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


OTHERS: list[Other] = [
    Other("%skytells_status;"),
    Other("%skytells_usage;"),
    Other("%skytells_models fusion --type image;"),
    Other("%skytells_form truefusion-pro --prompt fox -o form;"),
    Other("form.values", "{'prompt': 'fox'}", before=("%skytells_form truefusion-pro --prompt fox -o form;",)),
    Other(
        "%skytells_predict truefusion-pro prompt=x --quote -o price;",
        printed='POST /predictions\n{\n  "model": "truefusion-pro",\n  "input": {\n    "prompt": "x"\n  }\n}\n',
    ),
    Other(
        "price",
        "about $0.04 (1 × $0.04 per image)",
        before=("%skytells_predict truefusion-pro prompt=x --quote -o price;",),
    ),
    Other(
        "%%skytells_chat --quote -o price;\nhi",
        printed='POST /chat/completions\n{\n  "model": "deepbrain-router",\n  "messages": [\n    {\n      "role": "user",\n      "content": "hi"\n    }\n  ],\n  "stream": true\n}\n',
    ),
    Other("type(calls).__name__", "'DataFrame'", before=("calls = %skytells_usage;",)),
    Other("%%skytells_chat;\nREPEAT: x"),
    Other("%skytells_threads;"),
    Other("%skytells_jobs", "Every job's end has been seen: nothing is left to collect."),
    Other("%skytells_jobs;"),
    Other("%skytells_model truefusion-pro;"),
    Other("%%skytells_embed --dimensions 8;\none\ntwo"),
    Other(
        "hidden = %skytells_predict truefusion-pro prompt=x --quote;\ndisplay(hidden)",
        "about $0.04 (1 × $0.04 per image)",
        printed='POST /predictions\n{\n  "model": "truefusion-pro",\n  "input": {\n    "prompt": "x"\n  }\n}\n',
    ),
    Other("vectors.shape", "(2, 8)", before=("%%skytells_embed --dimensions 8 -o vectors\none\ntwo",)),
    Other("%skytells_threads reset --all", "no threads; --thread NAME begins one"),
    Other("%%skytells_chat gpt-5-nano;\nREPEAT: x"),
    Other("%skytells_predict truefusion prompt=fox;"),
    Other("run.input", "{'prompt': 'a red fox'}", before=("%%skytells_predict truefusion -o run;\na red fox",)),
    Other("kept.text", "'x'", before=("%%skytells_chat -q -o kept\nREPEAT: x",)),
    Other("_.text", "'y'", before=("%%skytells_chat -q\nREPEAT: y",)),
    Other("len(kept.choices)", "2", before=("%%skytells_chat -q --n 2 -o kept\nREPEAT: z",)),
    Other("type(kept).__name__", "'Reply'", before=("kept = %skytells_chat -q --file prompt.md",)),
    Other(
        "type(kept).__name__, n",
        "('Reply', 3)",
        before=("import asyncio\nawait asyncio.sleep(0)\nkept = %skytells_chat -q --file prompt.md",),
    ),
    Other("%%skytells_meter -q\n1 + 1", "2"),
    Other("%%skytells_meter -o spent -q\n'kept'", "'kept'"),
    Other("type(spent).__name__", "'Meter'", before=("%%skytells_meter -o spent -q\n1",)),
    Other(
        "%skytells_sandbox --help",
        printed="Go offline: use a local Skytells that needs no key and bills nothing. `stop` goes back.\n\n    %skytells_sandbox [stop] [options]\n\nOptions:\n    -h, --help  show this help\n\nExamples:\n    %skytells_sandbox\n    %skytells_sandbox stop\n",
    ),
    Other(
        "%%skytells_meter --help",
        printed='Run a cell and show what its calls took and cost; %skytells_meter alone shows the last meter again.\n\n    %%skytells_meter [options]\n    the code\n\nOptions:\n    -o, --out NAME  put the meter into this variable, before the cell runs\n    -q, --quiet     do not show the meter\n    -h, --help      show this help\n\nExamples:\n    %%skytells_meter\n    replies = [client.chat(word) for word in ("one", "two")]\n    %%skytells_meter -o m -q\n    %skytells_predict truefusion prompt=fox\n',
    ),
    Other("'reached' in globals()", "False", before=("%skytells_predict truefusion-prp prompt=x\nreached = True",)),
    Other(
        "[message['content'] for message in kept.asked]",
        "['REPEAT: one', 'one', 'REPEAT: three']",
        before=(
            "%%skytells_chat -q --thread steady\nREPEAT: one",
            "%%skytells_chat nope -q --thread steady\nREPEAT: two",
            "%%skytells_chat -q --thread steady -o kept\nREPEAT: three",
        ),
    ),
    Other(
        "kept.text",
        "'no widgets'",
        before=(
            "import sys; held = sys.modules.pop('ipywidgets', None); sys.modules['ipywidgets'] = None",
            "%reload_ext skytells_nb",
            "%%skytells_chat -q -o kept\nREPEAT: no widgets",
        ),
        after=("sys.modules.update({'ipywidgets': held}) if held else sys.modules.pop('ipywidgets')",),
    ),
]

PITFALLS: dict[str, tuple[str, ...]] = {
    "P1: a line that ends in a question mark runs": (
        "%skytells_predict truefusion-pro --quote prompt=why?",
        '%skytells_predict truefusion-pro --quote prompt="what is this?"',
    ),
    "P2: {{…}} alone is replaced, in line and body by one rule": (
        r'%skytells_predict truefusion-pro prompt="$5 {x} %d \frac" --quote',
        "%%skytells_chat -q --max-tokens 1\nIt costs $5, 100 % of {budget}; $HOME ${HOME} %d %(name)s",
        "%%skytells_chat -q seed={{n + 1}}\nREPEAT: x",
    ),
    "P3: JSON keeps its inner quotes, and loses those around it": (
        """%skytells_predict truefusion-pro prompt=x -i '{"seed": 7}' --quote""",
        '%skytells_predict truefusion-pro prompt=fox -i {"seed": 7} --quote',
        "%skytells_predict truefusion-pro prompt=fox --input @params.json --quote",
    ),
    "P4: a mistake is an error of the cell, not a line on stderr": ("%%skytells_chat «--tempo» 1\nhello",),
    "P5: a magic gives a value, not a coroutine": ("type(kept).__name__",),
    "P6: a magic works within a running event loop": ("type(kept).__name__, n",),
    "P7: help shows the magic's own sign": ("%skytells_sandbox --help", "%%skytells_meter --help"),
    "P8: a mistake stops the cell": ("'reached' in globals()",),
    "P9: a typo is one line": ("%skytells_predict truefusion-pro «promt=x»",),
    "P10: what is missing is named, with the command": (
        "import sys; sys.modules['matplotlib'] = None\n%skytells_usage --plot spend",
    ),
    "P11: a part that is missing takes nothing else along": ("kept.text",),
    "P12: a failed turn leaves no trace": ("[message['content'] for message in kept.asked]",),
}
"""Each pitfall that concerns magics, and the rows that show it is avoided."""
