/* What a network costs on a device: the C face of Paretoforge's predictors (C99; libparetoforge_cost.so).
 *
 *   paretoforge_device *device = paretoforge_device_load("board.yaml");
 *   paretoforge_model *model = paretoforge_model_load("network.onnx");
 *   paretoforge_cost cost;
 *   if (device && model && paretoforge_predict(device, model, "latency_ms", &cost) == 0)
 *     printf("%g (%g to %g)\n", cost.value, cost.low, cost.high);
 *   else
 *     fprintf(stderr, "%s\n", paretoforge_error());
 *   paretoforge_model_free(model);
 *   paretoforge_device_free(device);
 *
 * A function that fails returns NULL or -1, changes nothing, and leaves a message for the calling thread. Nothing is
 * thrown, nothing is printed. Any function may be called from any thread at any time; a handle is not changed once it
 * is made, so that threads may share it, and is freed once, when no thread uses it any more. Freeing NULL does nothing.
 */
#ifndef PARETOFORGE_COST_H
#define PARETOFORGE_COST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PARETOFORGE_API __attribute__((visibility("default")))
#else
#define PARETOFORGE_API
#endif

typedef struct paretoforge_device paretoforge_device; /* a device file: fitted metrics */
typedef struct paretoforge_model paretoforge_model;   /* a network */

/* A predicted cost in the metric's unit; nine of ten measured values lie between low and high. */
typedef struct paretoforge_cost {
  double value, low, high;
  /* In what the network lies outside what was measured on the device; the interval is wider for it.
   * How many reasons, and the reasons, one a line; cut with "..." where they are too long. */
  uint32_t extrapolates;
  char reasons[1020];
} paretoforge_cost;

/* The version of the library: "0.1.0". */
PARETOFORGE_API const char *paretoforge_version(void);

/* What the last call of this thread that failed had to say; "" where none has failed. Valid until the next one fails. */
PARETOFORGE_API const char *paretoforge_error(void);

/* A device file, from its path or from its text. */
PARETOFORGE_API paretoforge_device *paretoforge_device_load(const char *path);
PARETOFORGE_API paretoforge_device *paretoforge_device_read(const char *text, size_t size);
PARETOFORGE_API void paretoforge_device_free(paretoforge_device *device);

/* Texts live as long as the device. Metrics are counted from 0; NULL beyond the last. */
PARETOFORGE_API const char *paretoforge_device_name(const paretoforge_device *device);
PARETOFORGE_API size_t paretoforge_device_metrics(const paretoforge_device *device);
PARETOFORGE_API const char *paretoforge_device_metric(const paretoforge_device *device, size_t i); /* "latency_ms" */
PARETOFORGE_API const char *paretoforge_device_unit(const paretoforge_device *device, size_t i);   /* "ms"; "" where there is none */

/* A network from a file: an ONNX model where the name ends in .onnx, else an architecture in YAML (without choices).
 * From memory: an ONNX model must hold its own weights then. */
PARETOFORGE_API paretoforge_model *paretoforge_model_load(const char *path);
PARETOFORGE_API paretoforge_model *paretoforge_model_read_onnx(const void *bytes, size_t size);
PARETOFORGE_API paretoforge_model *paretoforge_model_read_yaml(const char *text, size_t size);
PARETOFORGE_API void paretoforge_model_free(paretoforge_model *model);

/* An exact count by its name: macs, params, weight_bytes, peak_activation_bytes, macs_as_written, params_as_written.
 * 0, or -1 where there is no such total. */
PARETOFORGE_API int paretoforge_model_total(const paretoforge_model *model, const char *name, int64_t *total);

/* Fills `cost`; 0, or -1 where the device has no such metric. */
PARETOFORGE_API int paretoforge_predict(const paretoforge_device *device, const paretoforge_model *model, const char *metric,
                        paretoforge_cost *cost);

#ifdef __cplusplus
}
#endif

#endif
