"""The network that is run is built from the published one: on a toy graph of the same make."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from packshot.imaging import models, quantise

rng = np.random.default_rng(7)


def toy(path: Path, sizes: tuple[int, int] = (32, 32), constant: bool = True) -> Path:
    """Half-precision weights, a pool, a Resize told its output size, and a side output: as IS-Net is published."""

    def weights(name: str, shape: tuple[int, ...]) -> TensorProto:
        return numpy_helper.from_array((rng.normal(size=shape) * 0.3).astype(np.float16), name)

    made = helper.make_node("Constant", [], ["end"], value=numpy_helper.from_array(np.array(sizes, np.int64)))
    start = helper.make_node("Constant", [], ["begin"], value=numpy_helper.from_array(np.array([1, 4], np.int64)))
    nodes = [
        helper.make_node("Cast", ["image"], ["half"], to=TensorProto.FLOAT16),
        helper.make_node("Conv", ["half", "w0", "b0"], ["c0"], name="c0", pads=[1] * 4),
        helper.make_node("Relu", ["c0"], ["r0"], name="r0"),
        helper.make_node("MaxPool", ["r0"], ["p"], name="p", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p", "w1", "b1"], ["c1"], name="c1", pads=[1] * 4),
        start,
        made,
        helper.make_node("Concat", ["begin", "end" if constant else "begin"], ["size"], axis=0, name="cat"),
        helper.make_node("Resize", ["c1", "", "", "size"], ["up"], name="up", mode="linear"),
        helper.make_node("Conv", ["up", "w2", "b2"], ["c2"], name="c2", pads=[1] * 4),
        helper.make_node("Sigmoid", ["c2"], ["wide"], name="s"),
        helper.make_node("Cast", ["wide"], ["matte"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["c1"], ["side"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes if constant else [n for n in nodes if n is not made],
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in
         (("matte", [1, 1, 32, 32]), ("side", [1, 4, 16, 16]))],
        [weights("w0", (4, 3, 3, 3)), weights("b0", (4,)), weights("w1", (4, 4, 3, 3)), weights("b1", (4,)),
         weights("w2", (1, 4, 3, 3)), weights("b2", (1,))],
        value_info=[helper.make_tensor_value_info("c1", TensorProto.FLOAT16, [1, 4, 16, 16])],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    return path


def measured(model: onnx.ModelProto, image: np.ndarray) -> quantise.Ranges:
    names = [name for node in model.graph.node for name in node.output]
    seen = type(model).FromString(model.SerializeToString())
    del seen.graph.output[:]
    seen.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(seen.SerializeToString(), providers=["CPUExecutionProvider"])
    values = dict(zip(names, session.run(None, {"image": image}), strict=True)) | {"image": image}
    return {name: (float(value.min()), float(value.max())) for name, value in values.items()}


def run(path: Path | bytes, image: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"image": image})[0]


def test_the_built_network_takes_other_sizes_and_says_nearly_the_same(tmp_path: Path):
    image = rng.normal(size=(1, 3, 64, 48)).astype(np.float32)
    published, built = toy(tmp_path / "toy.onnx"), tmp_path / "built.onnx"
    plain = quantise.free(onnx.load(published))
    ranges = measured(plain, image)

    quantise.build(published, ranges, built)
    answer, exact = run(str(built), image), run(plain.SerializeToString(), image)

    assert answer.shape == exact.shape == (1, 1, 64, 48)
    assert np.abs(answer - exact).mean() < 0.02 and np.abs(answer - exact).max() < 0.12
    kinds = {node.op_type for node in onnx.load(built).graph.node}
    assert "DequantizeLinear" in kinds and "Cast" not in kinds
    assert [value.name for value in onnx.load(built).graph.output] == ["matte"]
    again = tmp_path / "again.onnx"
    quantise.build(published, ranges, again)
    assert again.read_bytes() == built.read_bytes()


def test_a_graph_of_another_make_is_refused(tmp_path: Path):
    with pytest.raises(quantise.GraphError, match="a Resize from"):
        quantise.free(onnx.load(toy(tmp_path / "odd.onnx", sizes=(33, 32))))
    with pytest.raises(quantise.GraphError, match="no Resize"):
        plain = onnx.load(toy(tmp_path / "toy.onnx"))
        kept = [node for node in plain.graph.node if node.op_type != "Resize"]
        del plain.graph.node[:]
        plain.graph.node.extend(kept)
        quantise.free(plain)
    with pytest.raises(quantise.GraphError, match="cannot be quantised"):
        quantise.build(toy(tmp_path / "toy.onnx"), {"c0": (0.0, 1.0)}, tmp_path / "built.onnx")


def test_the_shipped_ranges_are_read_and_in_order():
    recipe = models.spec("isnet").built_from
    assert recipe is not None
    read = quantise.ranges(recipe.ranges)
    assert len(read) > 200 and all(low <= high for low, high in read.values())
