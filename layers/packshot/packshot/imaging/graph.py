"""Make a fixed-size segmentation graph run at any size, by editing its ONNX bytes.

The published IS-Net graph takes 1024x1024 only, because its Resize nodes name their output sizes. Every one of
them enlarges by a whole factor, so naming the factor instead frees the graph: one session then serves any
height and width that are multiples of 64, and a tall product's crop is not padded to a square.

ONNX is protobuf (https://protobuf.dev/programming-guides/encoding, field numbers from onnx.proto3); the few
messages touched here are read and written directly, so that the `onnx` package is not needed at run time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FLOAT = 1
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE = 1, 5, 11, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE = 1, 2, 4, 5
ATTRIBUTE_TENSOR, TENSOR_RAW = 5, 9

Field = tuple[int, int, int | bytes]


class GraphError(ValueError):
    """The graph is not built as expected."""


def free_size(model: bytes) -> bytes:
    """The same network with its height and width free (multiples of 64) and only its first output.

    Raises GraphError where a Resize does not enlarge by a whole, equal factor.
    """
    return b"".join(
        _field(number, wire, _free_graph(value) if number == MODEL_GRAPH and isinstance(value, bytes) else value)
        for number, wire, value in _fields(model)
    )


def _free_graph(graph: bytes) -> bytes:
    parts = list(_fields(graph))
    shapes = {
        name: shape
        for number, _, value in parts
        if number in (GRAPH_VALUE, GRAPH_INPUT, GRAPH_OUTPUT) and isinstance(value, bytes)
        for name, shape in [_value_shape(value)]
    }
    makers = {
        name: value
        for number, _, value in parts
        if number == GRAPH_NODE and isinstance(value, bytes) and _texts(value, NODE_OP)[0] in ("Concat", "Constant")
        for name in _texts(value, NODE_OUTPUT)
    }
    out, outputs, factors = [], 0, set()
    for number, wire, value in parts:
        if number == GRAPH_VALUE:
            continue  # shapes of the fixed size
        if number == GRAPH_OUTPUT:
            outputs += 1
            if outputs > 1:
                continue
        if number in (GRAPH_INPUT, GRAPH_OUTPUT) and isinstance(value, bytes):
            value = _free_value(value)
        if number == GRAPH_NODE and isinstance(value, bytes) and _texts(value, NODE_OP) == ["Resize"]:
            value, factor = _scaled_resize(value, shapes, makers)
            factors.add(factor)
        out.append(_field(number, wire, value))
    if not factors:
        raise GraphError("no Resize node to free")
    out += [_field(GRAPH_INITIALIZER, LENGTH, _scales(factor)) for factor in sorted(factors)]
    return b"".join(out)


def _scaled_resize(node: bytes, shapes: dict[str, list[int]], makers: dict[str, bytes]) -> tuple[bytes, int]:
    """The Resize node told its factor in place of its output size, and that factor."""
    inputs = _texts(node, NODE_INPUT)
    source, target = shapes.get(inputs[0], []), _sizes(inputs[-1], makers)
    if len(source) != 4 or not all(source):
        raise GraphError(f"a Resize of {inputs[0]}, whose shape is not recorded")
    factor, rest = divmod(target[0], source[2])
    if rest or factor < 1 or target[1] != source[3] * factor:
        raise GraphError(f"a Resize from {source[2:]} to {target}")
    kept = [_field(n, w, v) for n, w, v in _fields(node) if n != NODE_INPUT]
    names = [inputs[0], "", _scales_name(factor)]
    return b"".join([_field(NODE_INPUT, LENGTH, name.encode()) for name in names] + kept), factor


def _sizes(name: str, makers: dict[str, bytes]) -> tuple[int, int]:
    """Height and width that a Resize was told: the constant last part of the Concat that makes its sizes."""
    constant = makers.get(_texts(makers.get(name, b""), NODE_INPUT)[-1:][0], b"") if name in makers else b""
    raw = _path(constant, NODE_ATTRIBUTE, ATTRIBUTE_TENSOR, TENSOR_RAW)
    if len(raw) != 16:
        raise GraphError(f"a Resize whose sizes {name} are not a constant")
    height, width = struct.unpack("<2q", raw)
    return height, width


def _scales_name(factor: int) -> str:
    return f"packshot_scale_{factor}"


def _scales(factor: int) -> bytes:
    raw = struct.pack("<4f", 1, 1, factor, factor)
    return b"".join(
        [
            _field(1, VARINT, 4),
            _field(2, VARINT, FLOAT),
            _field(8, LENGTH, _scales_name(factor).encode()),
            _field(TENSOR_RAW, LENGTH, raw),
        ]
    )


def _value_shape(value: bytes) -> tuple[str, list[int]]:
    """Name and shape of a ValueInfoProto; unknown dimensions are 0."""
    name = _texts(value, 1)[0]
    tensor = _path(value, 2, 1)
    shape = _path(tensor, 2) if tensor else b""
    dims = [next((v for n, w, v in _fields(d) if n == 1 and isinstance(v, int)), 0) for d in _inner(shape, 1)]
    return name, dims


def _free_value(value: bytes) -> bytes:
    """A 4-D ValueInfoProto with its last two dimensions named instead of fixed."""
    name, dims = _value_shape(value)
    kind = next((v for n, _, v in _fields(_path(value, 2, 1)) if n == 1 and isinstance(v, int)), FLOAT)
    free = [_field(1, VARINT, d) for d in dims[:2]] + [_field(2, LENGTH, b"height"), _field(2, LENGTH, b"width")]
    shape = b"".join(_field(1, LENGTH, d) for d in free)
    tensor = _field(1, VARINT, kind) + _field(2, LENGTH, shape)
    return _field(1, LENGTH, name.encode()) + _field(2, LENGTH, _field(1, LENGTH, tensor))


def _path(message: bytes, *numbers: int) -> bytes:
    for number in numbers:
        message = next(iter(_inner(message, number)), b"")
    return message


def _inner(message: bytes, number: int) -> Iterable[bytes]:
    return [v for n, _, v in _fields(message) if n == number and isinstance(v, bytes)]


def _texts(message: bytes, number: int) -> list[str]:
    return [v.decode() for v in _inner(message, number)]


def _fields(message: bytes) -> Iterator[Field]:
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _read_varint(message, at)
            yield number, wire, value
            continue
        if wire == LENGTH:
            size, at = _read_varint(message, at)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise GraphError(f"wire type {wire} in the model file")
        if at + size > len(message):
            raise GraphError("the model file is cut short")
        yield number, wire, message[at : at + size]
        at += size


def _field(number: int, wire: int, value: int | bytes) -> bytes:
    key = _varint(number << 3 | wire)
    if isinstance(value, int):
        return key + _varint(value)
    return key + (_varint(len(value)) if wire == LENGTH else b"") + value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise GraphError("the model file is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
