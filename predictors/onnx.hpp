// ONNX models (Open Neural Network Exchange, operator sets 7 to 21) as graphs of ops, to be counted and predicted.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "space/graph.hpp"

namespace paretoforge {

/// Reads a model: float, with QuantizeLinear and DequantizeLinear (which fold away and leave bit widths), or with the
/// QLinear operators; convolutional networks and transformers, their norms and activations fused or written out.
/// Weights themselves are not looked at, only their shapes.
///
/// One sample: the first dimension of the first input is 1 or symbolic (others may be states of layers). An image [1, C, H, W] is C x H x W; a sequence
/// [1, T, C] is C x 1 x T, and a product of it with constant weights a 1x1 convolution; a stack of matrices
/// [1, B, M, N] is B x M x N. Inputs after the first are moves of the first; several outputs are joined into one
/// vector; an output that does not depend on the input is a Zero. An operator that is not known becomes an Opaque of its
/// name ("Loop", "com.acme.Fold") with what can be told: its output's shape from onnx's shape inference or from the
/// model, else that of its first input, which its name then says; its multiply-accumulates where its kind is known, and
/// the parameters that it reads or holds.
///
/// Throws ConfigError naming the file, the node or tensor, and what to do: a file that is no ONNX model, is truncated,
/// damaged, or as nested or crowded as no real model is; a cycle; a dimension that is not fixed; a batch other than 1;
/// weights in a file outside `folder`; a shape that cannot be told.
/// `name` stands for the file in messages; `folder` is where external weights may lie (empty: nowhere).
Graph read_onnx(std::string_view bytes, const std::string& name, const std::filesystem::path& folder = {});
Graph load_onnx(const std::filesystem::path& path);

/// Whether a file is taken for ONNX by its name (.onnx).
bool is_onnx_name(const std::filesystem::path& path);

}  // namespace paretoforge
