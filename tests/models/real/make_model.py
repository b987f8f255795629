# SPDX-License-Identifier: Apache-2.0
"""make_model FILE: a language model that has learnt nothing: a llama of two
layers with random weights, in the GGUF format, under 2 MB.  The same bytes at
each run.

What it says is nonsense, but all around it is real: tokens, sampling, and
grammars that force its nonsense into a schema.  One thing is not left to
chance: the first number of each token's vector is the same and outweighs the
rest, so that the first column of the last matrix is a bias.  It makes words
end, strings close, and bytes that are no character rare."""

import array
import random
import struct
import sys

WIDTH, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 4, 128, 8192
ALIGN = 32
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
U32, F32, BOOL, STRING, ARRAY, U64, I32 = 4, 6, 7, 8, 9, 10, 5
TENSOR_F32 = 0
WORDS = ("the", "and", "light", "door", "warm", "house", "note", "true", "false", "null", "text",
         "Küche", "größer", "世界", "🙂")
LETTERS = [chr(c) for c in range(33, 127)] + list("äöüß–°")
BIAS = {"</s>": 3.0, '"': 4.0, "}": 4.0, "]": 4.0, ",": 3.0, "\u2581": 3.5, "\\": -4.0}
RARE = -9.0


def text(s):
    data = s.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    forms = {U32: "<I", F32: "<f", BOOL: "<?", U64: "<Q"}
    body = text(value) if kind == STRING else struct.pack(forms[kind], value)
    return text(key) + struct.pack("<I", kind) + body


def listing(key, kind, values):
    forms = {F32: "f", I32: "i"}
    body = b"".join(map(text, values)) if kind == STRING else \
        struct.pack(f"<{len(values)}{forms[kind]}", *values)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + body


def vocabulary():
    """(token, score, kind)"""
    special = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    raw = [(f"<0x{b:02X}>", 0.0, BYTE) for b in range(256)]
    words = ["\u2581", *LETTERS, *WORDS, *("\u2581" + w for w in WORDS)]
    return special + raw + [(w, -float(i), NORMAL) for i, w in enumerate(words)]


def facts(tokens):
    return [
        entry("general.architecture", STRING, "llama"),
        entry("general.name", STRING, "nonsense"),
        entry("general.file_type", U32, 0),
        entry("general.alignment", U32, ALIGN),
        entry("llama.context_length", U32, CONTEXT),
        entry("llama.embedding_length", U32, WIDTH),
        entry("llama.block_count", U32, LAYERS),
        entry("llama.feed_forward_length", U32, INNER),
        entry("llama.attention.head_count", U32, HEADS),
        entry("llama.attention.head_count_kv", U32, HEADS),
        entry("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        entry("llama.rope.dimension_count", U32, WIDTH // HEADS),
        entry("llama.vocab_size", U32, len(tokens)),
        entry("tokenizer.ggml.model", STRING, "llama"),
        listing("tokenizer.ggml.tokens", STRING, [t for t, _, _ in tokens]),
        listing("tokenizer.ggml.scores", F32, [s for _, s, _ in tokens]),
        listing("tokenizer.ggml.token_type", I32, [k for _, _, k in tokens]),
        entry("tokenizer.ggml.bos_token_id", U32, 1),
        entry("tokenizer.ggml.eos_token_id", U32, 2),
        entry("tokenizer.ggml.unknown_token_id", U32, 0),
        entry("tokenizer.ggml.add_bos_token", BOOL, True),
        entry("tokenizer.ggml.add_space_prefix", BOOL, False),
    ]


def tensors(tokens):
    """(name, its sides with the shortest step first, its numbers)"""
    chance = random.Random(1)

    def noise(n, by):
        return array.array("f", (chance.gauss(0, by) for _ in range(n)))

    def matrix(name, columns, rows, by=0.1):
        return name, (columns, rows), noise(columns * rows, by)

    def ones(name):
        return name, (WIDTH,), array.array("f", [1.0] * WIDTH)

    known = noise(WIDTH * len(tokens), 1.0)
    said = noise(WIDTH * len(tokens), 0.3)
    for i, (token, _, kind) in enumerate(tokens):
        known[i * WIDTH] = 12.0
        rare = RARE if kind in (BYTE, CONTROL, UNKNOWN) else 0.0
        # After the last norm that first number is about 6.
        said[i * WIDTH] = BIAS.get(token, rare) / 6
    yield "token_embd.weight", (WIDTH, len(tokens)), known
    for n in range(LAYERS):
        yield ones(f"blk.{n}.attn_norm.weight")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            yield matrix(f"blk.{n}.{part}.weight", WIDTH, WIDTH)
        yield ones(f"blk.{n}.ffn_norm.weight")
        yield matrix(f"blk.{n}.ffn_gate.weight", WIDTH, INNER)
        yield matrix(f"blk.{n}.ffn_up.weight", WIDTH, INNER)
        yield matrix(f"blk.{n}.ffn_down.weight", INNER, WIDTH)
    yield ones("output_norm.weight")
    yield "output.weight", (WIDTH, len(tokens)), said


def padded(data):
    return data + b"\0" * (-len(data) % ALIGN)


def model():
    """The bytes of the file."""
    tokens = vocabulary()
    known, parts = facts(tokens), list(tensors(tokens))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(parts), len(known)) + b"".join(known)
    body = b""
    for name, sides, numbers in parts:
        head += text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, TENSOR_F32,
                                         len(body))
        if sys.byteorder == "big":
            numbers.byteswap()
        body += padded(numbers.tobytes())
    return padded(head) + body


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as f:
        f.write(model())
