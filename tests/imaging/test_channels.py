"""Channels that a tuning has switched off are left out, and the network says the same without them."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.isnet_channels import BLOCK, dearest
from packshot.imaging import channels, quantise

rng = np.random.default_rng(3)
WIDTHS = {"first": 32, "pooled": 48, "low": 32, "joined": 16, "last": 1}


def freed() -> onnx.ModelProto:
    """Two convolutions whose answers are added, at half size, enlarged and laid beside what came before."""

    def convolution(name: str, source: str, into: int) -> list[onnx.NodeProto]:
        weights = (rng.normal(size=(WIDTHS[name], into, 3, 3)) / np.sqrt(9 * into), rng.normal(size=WIDTHS[name]) / 9)
        held = [
            numpy_helper.from_array(w.astype(np.float32), f"{name}.{k}") for w, k in zip(weights, "wb", strict=True)
        ]
        initializers.extend(held)
        return [
            helper.make_node("Conv", [source, *(w.name for w in held)], [f"{name}.c"], name=name, pads=[1] * 4),
            helper.make_node("Relu", [f"{name}.c"], [f"{name}.r"], name=f"{name}.relu"),
        ]

    initializers = [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scale")]
    nodes = [
        *convolution("first", "image", 3),
        helper.make_node("MaxPool", ["first.r"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        *convolution("low", "half", 32),
        *convolution("pooled", "half", 32),
        *convolution("joined", "pooled.r", 48),
        helper.make_node("Resize", ["low.r", "", "scale"], ["up"], mode="linear"),
        helper.make_node("Add", ["first.r", "up"], ["sum"]),
        helper.make_node("Resize", ["joined.r", "", "scale"], ["wide"], mode="linear"),
        helper.make_node("Concat", ["sum", "wide"], ["all"], axis=1),
        *convolution("last", "all", 48),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 24])],
        [helper.make_tensor_value_info("last.r", TensorProto.FLOAT, None)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def run(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0]


def learnt() -> quantise.Tuning:
    return {name: rng.uniform(0.5, 1.5, (2, width)).astype(np.float32) for name, width in WIDTHS.items()}


def test_what_is_switched_off_is_left_out_and_nothing_else_changes():
    # given a tuning that switches off a third of one set, and channels that are added in both of their makers
    tuning = learnt()
    tuning["pooled"][:, 5:21] = 0
    tuning["first"][:, 8:20] = 0
    tuning["low"][:, 4:12] = 0  # only 8 to 12 are zero in both
    image = rng.normal(size=(1, 3, 16, 24)).astype(np.float32)

    whole = quantise.tuned(freed(), tuning)
    small = channels.without(type(whole).FromString(whole.SerializeToString()), tuning)

    assert np.allclose(run(small, image), run(whole, image), atol=1e-5)
    shapes = {weight.name: tuple(weight.dims) for weight in small.graph.initializer}
    assert shapes["pooled.w"] == (32, 28, 3, 3) and shapes["joined.w"] == (16, 32, 3, 3)
    assert shapes["first.w"] == (28, 3, 3, 3) and shapes["low.w"] == (28, 28, 3, 3)
    assert shapes["last.w"] == (1, 28 + 16, 3, 3) and shapes["first.b"] == (28,)


def test_a_tuning_that_switches_nothing_off_leaves_the_network_whole():
    whole = quantise.tuned(freed(), tuning := learnt())
    before = whole.SerializeToString()
    assert channels.without(whole, tuning).SerializeToString() == before


def test_multiplications_are_counted_at_the_size_that_they_are_made_at():
    met = channels.convolutions(freed().graph)
    expected = 9 * (3 * 32 + 32 * 32 / 4 + 32 * 48 / 4 + 48 * 16 / 4 + 48 * 1)
    assert channels.products(met, {c.gives: WIDTHS[c.name] for c in met}) == pytest.approx(expected)


def test_channels_go_that_are_worth_least_for_what_they_cost():
    # given channels of equal worth but for 16 of one set that are worth nothing, and a set that is worth all
    met = channels.convolutions(freed().graph)
    widths = {c.gives: WIDTHS[c.name] for c in met}
    worth = {name: np.ones(width, np.float32) for name, width in widths.items()}
    worth["pooled"][[*range(0, 32, 2)]] = 0
    worth["first"] *= 1e6

    some = dearest(met, worth, widths, 0.95)
    most = dearest(met, worth, widths, 0.01)

    assert some["pooled"].tolist() == sorted({*range(48)} - {*range(0, 32, 2)})
    assert len(some["first"]) == 32 and len(some["joined"]) == 16
    left = {name: len(places) for name, places in most.items()}
    assert left == {"first": BLOCK, "pooled": BLOCK, "joined": BLOCK, "last": 1}
