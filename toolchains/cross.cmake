# What armhf.cmake and arm64.cmake have in common. They set STOREGATE_ARCH (Debian's name of the target), STOREGATE_TRIPLE
# (GNU's) and CMAKE_SYSTEM_PROCESSOR. The sysroot is made by `toolchains/sysroot ARCH`.
set(CMAKE_SYSTEM_NAME Linux)
get_filename_component(CMAKE_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/sysroot/${STOREGATE_TRIPLE}" ABSOLUTE)
if(NOT EXISTS "${CMAKE_SYSROOT}/usr/lib/${STOREGATE_TRIPLE}/libc.so")
  message(FATAL_ERROR "there is no sysroot at ${CMAKE_SYSROOT}: run toolchains/sysroot first (toolchains/build does)")
endif()

set(CMAKE_CXX_COMPILER ${STOREGATE_TRIPLE}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${STOREGATE_TRIPLE})
set(CMAKE_CXX_LIBRARY_ARCHITECTURE ${STOREGATE_TRIPLE})

# ONLY: the machine has the same headers for itself, which would be found where the sysroot lacks them.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/${STOREGATE_TRIPLE}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")

set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/emulate;${STOREGATE_ARCH}")
