// ONNX Runtime itself leaves some bytes behind (912 + 14 in 1.30.0): under the address sanitizer they are not ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libonnxruntime\n"; }
