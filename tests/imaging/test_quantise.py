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


def values_of(model: onnx.ModelProto, image: np.ndarray) -> dict[str, np.ndarray]:
    names = [name for node in model.graph.node for name in node.output]
    seen = type(model).FromString(model.SerializeToString())
    del seen.graph.output[:]
    seen.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(seen.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(None, {"image": image}), strict=True)) | {"image": image}


def measured(model: onnx.ModelProto, image: np.ndarray) -> quantise.Ranges:
    return {name: (float(value.min()), float(value.max())) for name, value in values_of(model, image).items()}


def untuned(model: onnx.ModelProto) -> quantise.Tuning:
    """A tuning that changes nothing."""
    channels = {weight.name: weight.dims[0] for weight in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type == "Conv"]
    return {quantise.layer(n): np.array([[1.0], [0.0]], np.float32).repeat(channels[n.input[1]], 1) for n in layers}


def run(path: Path | bytes, image: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"image": image})[0]


def test_the_built_network_takes_other_sizes_and_says_nearly_the_same(tmp_path: Path):
    image = rng.normal(size=(1, 3, 64, 48)).astype(np.float32)
    published, built = toy(tmp_path / "toy.onnx"), tmp_path / "built.onnx"
    plain = quantise.free(onnx.load(published))
    ranges = measured(plain, image)

    quantise.build(published, untuned(plain), ranges, built)
    answer, exact = run(str(built), image), run(plain.SerializeToString(), image)

    assert answer.shape == exact.shape == (1, 1, 64, 48)
    assert np.abs(answer - exact).mean() < 0.02 and np.abs(answer - exact).max() < 0.12
    kinds = {node.op_type for node in onnx.load(built).graph.node}
    assert "DequantizeLinear" in kinds and "Cast" not in kinds
    assert [value.name for value in onnx.load(built).graph.output] == ["matte"]
    again = tmp_path / "again.onnx"
    quantise.build(published, untuned(plain), ranges, again)
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
    published = toy(tmp_path / "toy.onnx")
    with pytest.raises(quantise.GraphError, match="cannot be quantised"):
        learnt = untuned(quantise.free(onnx.load(published)))
        quantise.build(published, learnt, {"c0": (0.0, 1.0)}, tmp_path / "built.onnx")


def test_what_a_tuning_adds_to_weights_is_scaled_with_them(tmp_path: Path):
    # given two factors of rank 2 for the middle convolution, whose channels are also doubled
    plain = quantise.free(onnx.load(toy(tmp_path / "toy.onnx")))
    weight = next(numpy_helper.to_array(w) for w in plain.graph.initializer if w.name == "w1")
    learnt = untuned(plain)
    learnt["c1"][0] = 2
    up, down = rng.normal(size=(4, 2)).astype(np.float16), rng.normal(size=(2, 4, 3, 3)).astype(np.float16)

    made = quantise.tuned(plain, learnt | {"c1.up": up, "c1.down": down})

    found = next(numpy_helper.to_array(w) for w in made.graph.initializer if w.name == "w1")
    added = (up.astype(np.float32) @ down.astype(np.float32).reshape(2, -1)).reshape(weight.shape)
    assert np.allclose(found, 2 * (weight + added), atol=1e-5)


def test_a_tuning_scales_and_shifts_what_a_convolution_answers(tmp_path: Path):
    # given a tuning of the middle convolution alone
    image = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)
    plain = quantise.free(onnx.load(toy(tmp_path / "toy.onnx")))
    learnt = untuned(plain)
    learnt["c1"] = np.array([[2, 1, 0.5, 1], [0, 0.25, 0, -1]], np.float32)

    # when the network is tuned
    before = values_of(plain, image)["c1"]
    after = values_of(quantise.tuned(plain, learnt), image)["c1"]

    # then that convolution's channels are scaled, then shifted
    np.testing.assert_allclose(
        after, before * learnt["c1"][0][:, None, None] + learnt["c1"][1][:, None, None], atol=1e-5
    )


@pytest.mark.parametrize("channels", [0, 3])
def test_a_convolution_without_its_tuning_is_refused(tmp_path: Path, channels: int):
    plain = quantise.free(onnx.load(toy(tmp_path / "toy.onnx")))
    learnt = untuned(plain)
    if channels:
        learnt["c1"] = np.ones((2, channels), np.float32)
    else:
        del learnt["c1"]
    with pytest.raises(quantise.GraphError, match="c1 has 4 channels"):
        quantise.tuned(plain, learnt)


def test_what_is_shipped_is_read_and_in_order():
    recipe = models.spec("isnet").built_from
    assert recipe is not None
    ranges = quantise.ranges(quantise.shipped(recipe.ranges))
    assert len(ranges) > 200 and all(low <= high for low, high in ranges.values())
    learnt = quantise.tuning(quantise.shipped(recipe.tuning))
    pairs = [numbers for name, numbers in learnt.items() if not name.endswith((".up", ".down"))]
    assert len(pairs) > 100 and all(pair.shape[0] == 2 for pair in pairs)
    assert all(np.isfinite(numbers).all() for numbers in learnt.values())
