# Writes OUTPUT, the source of couplet::commit(), from the state of the clone in SOURCE_DIR; leaves it
# alone if it says so already. Run with cmake -P.
set(commit unknown)
find_program(GIT_PROGRAM git)
if(GIT_PROGRAM AND EXISTS "${SOURCE_DIR}/.git")
  # The clone may belong to another user than the one who builds, as in a container.
  execute_process(
    COMMAND "${GIT_PROGRAM}" -c safe.directory=* describe --always --dirty=+ --exclude=* --abbrev=12
    WORKING_DIRECTORY "${SOURCE_DIR}" OUTPUT_VARIABLE described ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${described}")
  endif()
endif()
set(text "#include \"engine/app/version.h\"

namespace couplet {
const char* commit() { return \"${commit}\"; }
}  // namespace couplet
")
set(before "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT before STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
