# How everything is compiled: language level, warnings, sanitizers, hardening, and the three functions
# with which a folder declares what it builds. Presets (CMakePresets.json) choose among these by
# STOREGATE_SANITIZE and the build type; nothing here knows a room by name.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

option(STOREGATE_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(STOREGATE_FUZZ "Coverage for libFuzzer, and the programs of tests/fuzz; clang only" OFF)

set(STOREGATE_MBEDTLS "" CACHE PATH "Where another mbedTLS than the system's was unpacked (toolchains/mbedtls3)")
if(STOREGATE_MBEDTLS)
  include_directories(SYSTEM ${STOREGATE_MBEDTLS}/usr/include)
  set(STOREGATE_MBEDTLS_LIBRARIES ${STOREGATE_MBEDTLS}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# Assertions stay on in every build (an impossible move must stop the process, not go on).
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

# Every target of this project links to it; third parties' headers come in as SYSTEM.
# Not among the warnings: -Wnull-dereference, which g++ 12 raises at -O2 inside libstdc++ for correct code (a string
# made of istreambuf_iterators); clang-tidy's analyzer looks for the same thing with fewer mistakes.
add_library(storegate_settings INTERFACE)
target_include_directories(storegate_settings INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/firmware)
target_compile_options(storegate_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2 -Werror)
if(STOREGATE_SANITIZE)
  target_compile_options(storegate_settings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(storegate_settings INTERFACE -fsanitize=address,undefined)
endif()
if(STOREGATE_FUZZ)
  target_compile_options(storegate_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# storegate_harden_compile(FLAG): adds FLAG where this compiler takes it, says so where it does not.
function(storegate_harden_compile flag)
  string(MAKE_C_IDENTIFIER "STOREGATE_HAS${flag}" known)
  check_cxx_compiler_flag("${flag}" ${known})
  if(${known})
    target_compile_options(storegate_settings INTERFACE ${flag})
  else()
    message(STATUS "hardening: this compiler does without ${flag}")
  endif()
endfunction()

# storegate_harden_link(FLAG): the same for the linker.
function(storegate_harden_link flag)
  string(MAKE_C_IDENTIFIER "STOREGATE_LINKS${flag}" known)
  check_linker_flag(CXX "${flag}" ${known})
  if(${known})
    target_link_options(storegate_settings INTERFACE ${flag})
  else()
    message(STATUS "hardening: this linker does without ${flag}")
  endif()
endfunction()

# What the release binary is hardened with. tests/house reads the binary and holds it to this.
function(storegate_harden)
  storegate_harden_compile(-fstack-protector-strong)
  storegate_harden_compile(-fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    storegate_harden_compile(-mbranch-protection=standard)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
    storegate_harden_compile(-fcf-protection=full)
  endif()
  # Level 3 also checks sizes known only at run time. glibc answers with a #warning where compiler
  # or library cannot do it, so the probe compiles a header of glibc with warnings as errors.
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_cxx_source_compiles("#include <cstring>\nint main() { return 0; }" STOREGATE_HAS_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  if(STOREGATE_HAS_FORTIFY_3)
    target_compile_options(storegate_settings INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  else()
    target_compile_options(storegate_settings INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  target_compile_options(storegate_settings INTERFACE -D_GLIBCXX_ASSERTIONS)
  storegate_harden_link(-Wl,-z,relro)
  storegate_harden_link(-Wl,-z,now)
  storegate_harden_link(-Wl,-z,noexecstack)
endfunction()

check_pie_supported(LANGUAGES CXX)  # without it CMake compiles with -fPIE but links without -pie
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  storegate_harden()
  # -g1 gives a backtrace its lines, but for tests that run in an emulator; the mapping keeps the builder's folder out of
  # the binary.
  target_compile_options(storegate_settings INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:STOREGATE_EMULATED>>>:-g1>)
  storegate_harden_compile(-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  if(CMAKE_SYSROOT)  # behind the project's, since the last one that fits counts: headers have the names they have on a box
    storegate_harden_compile(-ffile-prefix-map=${CMAKE_SYSROOT}=)
  endif()
endif()

# g++ alone can leave the standard library's functions out of it; the call costs nothing where nobody listens (glibc has
# the hook). Optimised builds are not touched.
if(STOREGATE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(STOREGATE_TELLS_ENTRIES ON)
endif()

# storegate_tell_entries(ROOM): its functions tell when they are entered, for tests/unit/door.
function(storegate_tell_entries name)
  if(STOREGATE_TELLS_ENTRIES)
    target_compile_options(${name} PRIVATE -finstrument-functions -finstrument-functions-exclude-file-list=/usr/)
  endif()
endfunction()

# storegate_room(NAME SOURCES...): the library of one room.
function(storegate_room name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC storegate_settings)
endfunction()

# storegate_suite_of_here(OUT): the suite that a folder's tests belong to, the first folder below tests/.
function(storegate_suite_of_here out)
  file(RELATIVE_PATH below ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" suite "${below}")
  set(${out} ${suite} PARENT_SCOPE)
endfunction()

# storegate_doctest(NAME SOURCES...): one doctest program, registered with CTest under its name and
# labelled with its suite. One that hangs is ended, long before the whole run's time is over.
function(storegate_doctest name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE storegate_settings doctest_main)
  if(CMAKE_CROSSCOMPILING)
    # The tests themselves (the rooms are built as they ship): a quarter off what they take to compile, for two architectures,
    # and some twentieth more by the debug information that they go without.
    set_target_properties(${name} PROPERTIES STOREGATE_EMULATED ON)
    target_compile_options(${name} PRIVATE -O1)
    target_compile_definitions(${name} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS STOREGATE_EMULATED)
  endif()
  storegate_suite_test(${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# storegate_suite_test(NAME COMMAND ...): a test that is any command, labelled with its folder's suite.
function(storegate_suite_test name)
  add_test(NAME ${name} ${ARGN})
  storegate_suite_of_here(suite)
  set_tests_properties(${name} PROPERTIES LABELS ${suite})
endfunction()
