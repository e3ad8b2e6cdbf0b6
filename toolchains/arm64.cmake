# 64-bit ARM: Debian's arm64.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(STOREGATE_ARCH arm64)
set(STOREGATE_TRIPLE aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
