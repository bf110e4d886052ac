/* Stands in for libcuda.so.1 and libnvidia-ml.so.1 where there is no NVIDIA driver: the same functions, three cards.
   The one at 01 has a counter, that at 02 has none, that at 03 loses it after two readings. */
#include <stdio.h>

int cuInit(unsigned flags) { return flags == 0 ? 0 : 1; }
int cuDeviceGet(int* device, int ordinal) { return *device = 40 + ordinal, 0; }
int cuDeviceGetName(char* name, int size, int device) {
  return device == 40 ? (snprintf(name, (size_t)size, "Stand-in"), 0) : 101;
}
int cuDeviceGetPCIBusId(char* bus, int size, int device) {
  return device == 40 ? (snprintf(bus, (size_t)size, "0000:01:00.0"), 0) : 101;
}

static int begun = 0;
static int readings[3];
int nvmlInit_v2(void) { return ++begun, 0; }
int nvmlShutdown(void) { return --begun, 0; }
const char* nvmlErrorString(int result) {
  return result == 3 ? "Not Supported" : result == 6 ? "Not Found" : "Unknown Error";
}
int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** device) {
  int card = 0;
  if (begun == 0) return 1;
  if (sscanf(bus, "0000:%2d:00.0", &card) != 1 || card < 1 || card > 3) return 6;
  *device = &readings[card - 1];
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const int card = (int)((int*)device - readings) + 1;
  const int reading = ++readings[card - 1];
  if (begun == 0) return 1;
  if (card == 2 || (card == 3 && reading > 2)) return 3;
  *millijoules = 5000000000000ull + 250ull * (unsigned)reading;
  return 0;
}
