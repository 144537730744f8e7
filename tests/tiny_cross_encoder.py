"""A cross-encoder of a few hundred bytes: it scores a pair by how often it says `relevant`.

Written as the ONNX format has it (protocol buffers), since nothing else here needs the package that would write it.
"""

import struct
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

INT64, FLOAT = 7, 1
WORDS = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "relevant": 4}


def write_cross_encoder(folder: Path, *, columns: int = 1, input_name: str = "input_ids", value: float = 1.0) -> Path:
    """A folder as an export leaves it; the model gives each pair `columns` numbers, `value` a word."""
    (folder / "onnx").mkdir(parents=True)
    words = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    special = [("[CLS]", 2), ("[SEP]", 3)]
    words.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special
    )
    words.save(str(folder / "tokenizer.json"))
    (folder / "onnx" / "model.onnx").write_bytes(_model(columns, input_name, value))
    return folder


def _model(columns: int, input_name: str, value: float) -> bytes:
    nodes = [
        _node("Equal", [input_name, "relevant"], "same"),
        _node("Cast", ["same"], "ones", _text(1, "to") + _number(3, FLOAT) + _number(20, 2)),
        _node("ReduceSum", ["ones", "axes"], "sum", _text(1, "keepdims") + _number(3, 1) + _number(20, 2)),
        _node("Mul", ["sum", "values"], "logits"),
    ]
    graph = b"".join(_part(1, node) for node in nodes) + _text(2, "g")
    graph += _part(5, _tensor("relevant", INT64, [1], WORDS["relevant"].to_bytes(8, "little")))
    graph += _part(5, _tensor("axes", INT64, [1], (1).to_bytes(8, "little")))
    values = struct.pack(f"<{columns}f", *[0.0] * (columns - 1), value)
    graph += _part(5, _tensor("values", FLOAT, [columns], values))
    graph += _part(11, _value(input_name, INT64, ["n", "m"])) + _part(12, _value("logits", FLOAT, ["n", "k"]))
    return _number(1, 8) + _part(7, graph) + _part(8, _number(2, 13))  # IR version 8, operator set 13


def _node(kind: str, given: list[str], out: str, attribute: bytes = b"") -> bytes:
    node = b"".join(_text(1, name) for name in given) + _text(2, out) + _text(4, kind)
    return node + (_part(5, attribute) if attribute else b"")


def _tensor(name: str, kind: int, shape: list[int], raw: bytes) -> bytes:
    return b"".join(_number(1, size) for size in shape) + _number(2, kind) + _text(8, name) + _part(9, raw)


def _value(name: str, kind: int, shape: list[str]) -> bytes:
    sizes = b"".join(_part(1, _text(2, size)) for size in shape)
    return _text(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
