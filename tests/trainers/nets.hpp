// Small networks for the tests and the benchmark of the trainers.
#pragma once

#include <utility>

#include "space/graph.hpp"

namespace paretoforge::nets {

inline NodeId norm_relu(Graph& graph, NodeId x) { return graph.add(Activation{}, graph.add(BatchNorm{}, x)); }

inline NodeId conv(Graph& graph, NodeId x, int out, int kernel, int stride, int groups = 1) {
  const int pad = kernel / 2;
  return graph.add(Conv{.out = out,
                        .kernel = {kernel, kernel},
                        .stride = {stride, stride},
                        .dilation = {},
                        .pad = {pad, pad, pad, pad},
                        .groups = groups},
                   x);
}
inline NodeId conv_norm_relu(Graph& graph, NodeId x, int out, int kernel, int stride, int groups = 1) {
  return norm_relu(graph, conv(graph, x, out, kernel, stride, groups));
}
/// Depthwise 3x3, then 1x1.
inline NodeId separable(Graph& graph, NodeId x, int out, int stride, int kernel = 3) {
  const int channels = graph.shape(x).channels;
  return conv_norm_relu(graph, conv_norm_relu(graph, x, channels, kernel, stride, channels), out, 1, 1);
}
/// 1x1 to `expand` times the channels, depthwise, 1x1; added to the input where it is of the same shape.
inline NodeId mbconv(Graph& graph, NodeId x, int out, int stride, int kernel, int expand) {
  const int wide = expand * graph.shape(x).channels;
  const NodeId inner = conv_norm_relu(graph, conv_norm_relu(graph, x, wide, 1, 1), wide, kernel, stride, wide);
  const NodeId result = graph.add(BatchNorm{}, conv(graph, inner, out, 1, 1));
  return graph.shape(x) == graph.shape(result) ? graph.add(Add{}, {x, result}) : result;
}
inline NodeId classifier(Graph& graph, NodeId x, int classes) {
  return graph.add(Linear{.out = classes}, graph.add(GlobalPool{}, x));
}

/// Two 3x3 convolutions and a shortcut (1x1 where the shape changes), as in ResNet8 of MLPerf Tiny.
inline NodeId residual(Graph& graph, NodeId x, int out, int stride) {
  const NodeId first = conv_norm_relu(graph, x, out, 3, stride);
  const NodeId second = graph.add(BatchNorm{}, conv(graph, first, out, 3, 1));
  const bool same = graph.shape(x) == graph.shape(second);
  const NodeId shortcut = same ? x : conv(graph, x, out, 1, stride);
  return graph.add(Activation{}, graph.add(Add{}, {second, shortcut}));
}

inline Graph resnet8() {
  Graph graph({3, 32, 32});
  NodeId x = conv_norm_relu(graph, 0, 16, 3, 1);
  x = residual(graph, x, 16, 1);
  x = residual(graph, x, 32, 2);
  x = residual(graph, x, 64, 2);
  classifier(graph, x, 10);
  return graph;
}

/// About 50,000 parameters on 28x28.
inline Graph depthwise50k() {
  Graph graph({1, 28, 28});
  NodeId x = conv_norm_relu(graph, 0, 32, 3, 1);
  for (const auto& [out, stride] : {std::pair{64, 2}, {64, 1}, {128, 2}, {128, 1}, {128, 1}})
    x = separable(graph, x, out, stride);
  classifier(graph, x, 10);
  return graph;
}

/// Widths 8, 16, 32 on 28x28.
inline Graph depthwise_8_16_32() {
  Graph graph({1, 28, 28});
  NodeId x = conv_norm_relu(graph, 0, 8, 3, 1);
  x = separable(graph, x, 16, 2);
  x = separable(graph, x, 32, 2);
  classifier(graph, x, 10);
  return graph;
}

/// MBConv blocks with kernels of 5x5 on 32x32, as mobile networks have them.
inline Graph mbconv_5x5() {
  Graph graph({3, 32, 32});
  NodeId x = conv_norm_relu(graph, 0, 16, 3, 2);
  for (const auto& [out, stride] : {std::pair{24, 1}, {24, 1}, {40, 2}, {40, 1}, {64, 2}, {64, 1}}) x = mbconv(graph, x, out, stride, 5, 4);
  classifier(graph, x, 10);
  return graph;
}

}  // namespace paretoforge::nets
