/* main DEVICE.yaml MODEL.yaml: a C99 program that knows the header and the library alone. Prints the model's
 * multiply-accumulates and the device's metrics, and fails where a mistake is not answered as the header says. */
#include <paretoforge_cost.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static void check(int good, const char *what) {
  if (good) return;
  fprintf(stderr, "failed: %s (%s)\n", what, paretoforge_error());
  ++failures;
}

static void check_mistakes(const paretoforge_device *device, const paretoforge_model *model) {
  paretoforge_cost cost;
  int64_t total;
  check(paretoforge_device_load("none.yaml") == NULL && strstr(paretoforge_error(), "none.yaml") != NULL, "a missing device");
  check(paretoforge_device_load(NULL) == NULL && strstr(paretoforge_error(), "NULL") != NULL, "no path");
  check(paretoforge_device_read("format: 99\n", 11) == NULL, "a device of another version");
  check(paretoforge_model_read_onnx("garbage", 7) == NULL && strstr(paretoforge_error(), "ONNX") != NULL, "no ONNX model");
  check(paretoforge_model_read_yaml("input: [1]\nlayers: [{no: {}}]\n", 30) == NULL, "an unknown layer");
  check(paretoforge_predict(device, model, "no_such_metric", &cost) == -1 && strstr(paretoforge_error(), "no_such_metric") != NULL, "an unknown metric");
  check(paretoforge_predict(NULL, model, "latency_ms", &cost) == -1, "no device");
  check(paretoforge_model_total(model, "no_such_total", &total) == -1, "an unknown total");
  check(paretoforge_device_metric(device, 1000) == NULL, "a metric beyond the last");
  paretoforge_device_free(NULL);
  paretoforge_model_free(NULL);
}

int main(int argc, char **argv) {
  paretoforge_device *device;
  paretoforge_model *model;
  paretoforge_cost cost;
  int64_t macs = 0;
  size_t i;
  if (argc != 3) return 2;
  check(strcmp(paretoforge_error(), "") == 0, "no message before a mistake");
  device = paretoforge_device_load(argv[1]);
  model = paretoforge_model_load(argv[2]);
  check(device != NULL && model != NULL, "loading");
  if (failures != 0) return 1;
  check(paretoforge_model_total(model, "macs", &macs) == 0, "macs");
  printf("macs %lld\n", (long long)macs);
  for (i = 0; i < paretoforge_device_metrics(device); ++i) {
    check(paretoforge_predict(device, model, paretoforge_device_metric(device, i), &cost) == 0, "predicting");
    check(cost.low > 0 && cost.low <= cost.value && cost.value <= cost.high, "the interval holds the value");
    printf("%s %s\n", paretoforge_device_metric(device, i), paretoforge_device_unit(device, i));
  }
  check_mistakes(device, model);
  paretoforge_model_free(model);
  paretoforge_device_free(device);
  return failures == 0 ? 0 : 1;
}
