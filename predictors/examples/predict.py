#!/usr/bin/env python3
"""Predicts what a network costs on a device, through libparetoforge_cost.so and nothing but ctypes.

    predict.py LIBRARY DEVICE.yaml MODEL.onnx|ARCHITECTURE.yaml
"""
import ctypes
import sys


class Cost(ctypes.Structure):
    """struct paretoforge_cost of paretoforge_cost.h."""

    _fields_ = [
        ("value", ctypes.c_double),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
        ("extrapolates", ctypes.c_uint32),
        ("reasons", ctypes.c_char * 1020),
    ]


def load(path):
    """The library with the types of the functions used here; a pointer is an int to ctypes unless told otherwise."""
    library = ctypes.CDLL(path)
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in [
        ("error", text, []),
        ("version", text, []),
        ("device_load", handle, [text]),
        ("device_free", None, [handle]),
        ("device_name", text, [handle]),
        ("device_metrics", ctypes.c_size_t, [handle]),
        ("device_metric", text, [handle, ctypes.c_size_t]),
        ("device_unit", text, [handle, ctypes.c_size_t]),
        ("model_load", handle, [text]),
        ("model_free", None, [handle]),
        ("model_total", ctypes.c_int, [handle, text, ctypes.POINTER(ctypes.c_int64)]),
        ("predict", ctypes.c_int, [handle, handle, text, ctypes.POINTER(Cost)]),
    ]:
        function = getattr(library, "paretoforge_" + name)
        function.restype, function.argtypes = result, arguments
    return library


def main(library_path, device_path, model_path):
    lib = load(library_path)

    def checked(result):
        if not result:
            sys.exit(lib.paretoforge_error().decode())
        return result

    device = checked(lib.paretoforge_device_load(device_path.encode()))
    model = checked(lib.paretoforge_model_load(model_path.encode()))
    macs = ctypes.c_int64()
    checked(lib.paretoforge_model_total(model, b"macs", ctypes.byref(macs)) == 0)
    print("macs", macs.value)
    for i in range(lib.paretoforge_device_metrics(device)):
        metric = lib.paretoforge_device_metric(device, i)
        cost = Cost()
        checked(lib.paretoforge_predict(device, model, metric, ctypes.byref(cost)) == 0)
        unit = lib.paretoforge_device_unit(device, i).decode()
        print(f"{metric.decode()} {cost.value:g} {unit} ({cost.low:g} to {cost.high:g})")
        for reason in cost.reasons.decode().splitlines():
            print("  extrapolates:", reason)
    lib.paretoforge_model_free(model)
    lib.paretoforge_device_free(device)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
