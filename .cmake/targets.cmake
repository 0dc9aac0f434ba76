# couplet_library, couplet_executable, couplet_test: what every folder's CMakeLists.txt is written in.

include(GNUInstallDirs)
include(GoogleTest)

# couplet_add_folders(FOLDER...)
# Adds each folder that has a CMakeLists.txt.
function(couplet_add_folders)
  foreach(folder IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# couplet_add_areas()
# Adds every folder below this one that has a CMakeLists.txt.
function(couplet_add_areas)
  file(GLOB lists RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" CONFIGURE_DEPENDS */CMakeLists.txt)
  foreach(list IN LISTS lists)
    cmake_path(GET list PARENT_PATH area)
    add_subdirectory(${area})
  endforeach()
endfunction()

# couplet_library(NAME SOURCES file... [PUBLIC target...] [PRIVATE target...])
# Makes the static library couplet_NAME, known to others as couplet::NAME. Includes are from the root of
# the tree. PUBLIC is what its headers include, PRIVATE what only its .cc files do. A library without a
# .cc file becomes an INTERFACE library.
#
# Its link test, couplet_NAME_link, is an empty program that takes in the whole library and what the
# library declares, nothing else: a dependency that is used but not declared fails the build there.
function(couplet_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "couplet_library(${name}): wants SOURCES, then PUBLIC and PRIVATE; "
                        "got '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  set(target couplet_${name})

  set(compiled ${arg_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cc$")
  if(NOT compiled)
    add_library(${target} INTERFACE ${arg_SOURCES})
    add_library(couplet::${name} ALIAS ${target})
    target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${target} INTERFACE ${arg_PUBLIC} ${arg_PRIVATE})
    return()
  endif()

  add_library(${target} STATIC ${arg_SOURCES})
  add_library(couplet::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target}
    PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} couplet::warnings couplet::sanitizers)

  if(BUILD_TESTING)
    add_executable(${target}_link "${PROJECT_SOURCE_DIR}/.cmake/link_test.cc")
    target_link_libraries(${target}_link
      PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>" couplet::sanitizers)
  endif()
endfunction()

# couplet_executable(NAME SOURCES file... LIBS target...)
# Makes the program NAME and installs it.
function(couplet_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "couplet_executable(${name}): wants SOURCES and LIBS; "
                        "got '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBS} couplet::warnings couplet::sanitized_program)
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()

# couplet_test(NAME SOURCES file... [LIBS target...] [LABELS label...] [TIMEOUT seconds] [MAIN])
# Makes the GoogleTest program NAME (gtest_main and gmock come with it, unless MAIN says that the
# sources have their own) and registers it. The suffix of the sources says what it needs: `_test.cc`
# nothing, `_pgtest.cc` PostgreSQL, `_kafkatest.cc` Kafka; the ctest labels postgres and kafka follow.
# One program holds sources of one suffix.
#
# What needs nothing is one ctest entry per test case. What needs a server is one entry for the whole
# program, so that its cases share one server. TIMEOUT is that of an entry.
function(couplet_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MAIN" "TIMEOUT" "SOURCES;LIBS;LABELS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "couplet_test(${name}): wants SOURCES, LIBS, LABELS, TIMEOUT, MAIN; "
                        "got '${arg_UNPARSED_ARGUMENTS}'")
  endif()

  set(server)
  set(serverless FALSE)
  foreach(source IN LISTS arg_SOURCES)
    if(source MATCHES "_pgtest\\.cc$")
      list(APPEND server postgres)
    elseif(source MATCHES "_kafkatest\\.cc$")
      list(APPEND server kafka)
    elseif(source MATCHES "_test\\.cc$")
      set(serverless TRUE)
    endif()
  endforeach()
  list(REMOVE_DUPLICATES server)
  list(LENGTH server servers)
  if((serverless AND servers GREATER 0) OR servers GREATER 1)
    message(FATAL_ERROR "couplet_test(${name}): the sources' suffixes ask for different servers")
  endif()

  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gmock
    $<IF:$<BOOL:${arg_MAIN}>,GTest::gtest,GTest::gtest_main> couplet::warnings
    couplet::sanitized_program)
  # A matcher or a parameter that a test leaves to its default is not a mistake of the test.
  target_compile_options(${name} PRIVATE -Wno-missing-field-initializers)

  if(server)
    if(NOT arg_TIMEOUT)
      set(arg_TIMEOUT 600)
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES
      LABELS "${arg_LABELS};${server}" TIMEOUT ${arg_TIMEOUT})
  else()
    if(NOT arg_TIMEOUT)
      set(arg_TIMEOUT 120)
    endif()
    # One label at most: discovery flattens a list into properties it does not know.
    gtest_discover_tests(${name}
      TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  endif()
endfunction()
