# The one place that finds packages; docker/install-packages installs them. Facts behind odd lines are
# those of Debian 12. Nothing is downloaded.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 3.38 REQUIRED)
find_package(Boost 1.81 REQUIRED)  # Headers only: Boost::headers.
find_package(RocksDB CONFIG REQUIRED)  # Use RocksDB::rocksdb-shared; RocksDB::rocksdb is the static one.
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)  # Use spdlog::spdlog; the header-only target compiles for ever.
find_package(CLI11 CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)

find_package(date CONFIG REQUIRED)  # Use date::date-tz; it reads the system's zoneinfo.
# date.h's parser trips this warning of GCC 12 when optimised, in whatever file instantiates it.
foreach(target date::date date::date-tz)
  if(TARGET ${target})
    set_property(TARGET ${target} APPEND PROPERTY
      INTERFACE_COMPILE_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>)
  endif()
endforeach()

# These come with pkg-config files alone: PkgConfig::libpq, PkgConfig::libpqxx and so on.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libpqxx REQUIRED IMPORTED_TARGET libpqxx libpq)
pkg_check_modules(libfyaml REQUIRED IMPORTED_TARGET libfyaml)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)

# For tests alone; tests/CMakeLists.txt needs them, a build with -DBUILD_TESTING=OFF does not.
find_package(GTest CONFIG)
find_package(rapidcheck CONFIG)
find_package(benchmark CONFIG)
