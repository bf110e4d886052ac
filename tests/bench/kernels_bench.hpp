// The kernels under every searcher: sorting into layers and hypervolumes, beside pagmo 2 where that is installed.
#pragma once

/// Prints one line each: the least of several times, and the ratio to pagmo's least in the same run.
void bench_kernels();
