// Options that the sanitizers' runtimes ask the program for; the environment (ASAN_OPTIONS and so
// on) still overrides them.
extern "C" {

const char* __asan_default_options() { return "detect_stack_use_after_return=1"; }

// libfyaml 0.7.12 loses 4 KiB of some files that it refuses; found by definition_fuzz.
const char* __lsan_default_suppressions() { return "leak:libfyaml.so\n"; }

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

const char* __tsan_default_options() {
  return "halt_on_error=1 second_deadlock_stack=1 suppressions=" COUPLET_TSAN_SUPPRESSIONS;
}
}
