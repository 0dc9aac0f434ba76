# How everything is compiled: as INTERFACE targets and defaults of this tree, never as global flags.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")  # As Debian builds; -O3 takes longer to compile.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)  # clang-tidy reads it.

# With -DCMAKE_UNITY_BUILD=ON a whole build takes half the time, a change of one file a little longer.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

set(COUPLET_SANITIZE "" CACHE STRING
    "Sanitizers to build with, as -fsanitize takes them: address,undefined or thread")

add_library(couplet_sanitizers INTERFACE)
add_library(couplet::sanitizers ALIAS couplet_sanitizers)
if(COUPLET_SANITIZE)
  target_compile_options(couplet_sanitizers INTERFACE
    "-fsanitize=${COUPLET_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(couplet_sanitizers INTERFACE "-fsanitize=${COUPLET_SANITIZE}")
endif()

# What a program links instead: with the sanitizers' options built in, so that it behaves the same
# under ctest, a debugger and a shell.
add_library(couplet_sanitized_program INTERFACE)
add_library(couplet::sanitized_program ALIAS couplet_sanitized_program)
target_link_libraries(couplet_sanitized_program INTERFACE couplet::sanitizers)
if(COUPLET_SANITIZE)
  add_library(couplet_sanitizer_options OBJECT .cmake/sanitizer_options.cc)
  target_compile_definitions(couplet_sanitizer_options PRIVATE
    COUPLET_TSAN_SUPPRESSIONS="${PROJECT_SOURCE_DIR}/.cmake/tsan.suppressions")
  target_sources(couplet_sanitized_program INTERFACE $<TARGET_OBJECTS:couplet_sanitizer_options>)
endif()

option(COUPLET_WERROR "Warnings are errors" ON)

add_library(couplet_warnings INTERFACE)
add_library(couplet::warnings ALIAS couplet_warnings)
target_compile_options(couplet_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wcast-qual -Wimplicit-fallthrough -Wundef
  $<$<BOOL:${COUPLET_WERROR}>:-Werror>
  # GCC 12 sees overlapping copies in plain concatenation of std::string (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(COUPLET_SANITIZE)
  # Instrumented code confuses GCC's flow analysis; the plain build keeps the check.
  target_compile_options(couplet_warnings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
