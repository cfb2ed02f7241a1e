"""Writes golden.onnx with ONNX's own Python package (onnx 1.23.2): python golden.py"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.checker import check_model

nodes = [
    helper.make_node("Reshape", ["x", "%c0"], ["%1.0"], name="Reshape_1"),
    helper.make_node("Transpose", ["%1.0"], ["%2.0"], name="Transpose_2", perm=[1, 0]),
    helper.make_node(
        "FusedMatMul", ["%2.0", "%c1"], ["y"], name="FusedMatMul_4", domain="com.microsoft", alpha=0.5, transA=1
    ),
    helper.make_node("Cast", ["%c2"], ["z"], name="Cast_6", to=TensorProto.FLOAT),
    helper.make_node("Pad", ["y", "%c3", "%c4"], ["w"], name="Pad_7", mode="constant"),
    helper.make_node("Concat", ["y", "y"], ["v"], name="Concat_8", axis=-1),
]
constants = [
    ("%c0", np.array([200, 3], np.int64)),
    ("%c1", np.arange(1200, dtype=np.float32).reshape(200, 6)),
    ("%c2", np.array([True, False])),
    ("%c3", np.array([0, 0, -1, -1], np.int64)),
    ("%c4", np.array(-0.0, np.float32)),
]
graph = helper.make_graph(
    nodes,
    "step",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [600])],
    [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 6]),
        helper.make_tensor_value_info("z", TensorProto.FLOAT, [2]),
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 5]),
        helper.make_tensor_value_info("v", TensorProto.FLOAT, [3, 12]),
    ],
    [numpy_helper.from_array(array, name) for name, array in constants],
)
model = helper.make_model(
    graph,
    producer_name="@x/engine-onnx",
    ir_version=9,
    opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
)
check_model(model)
Path(__file__).with_name("golden.onnx").write_bytes(model.SerializeToString(deterministic=True))
