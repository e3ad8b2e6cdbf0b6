# 32-bit ARM as Debian's armhf has it: ARMv7 with floating point in hardware; time_t has 32 bits.
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(STOREGATE_ARCH armhf)
set(STOREGATE_TRIPLE arm-linux-gnueabihf)
# Files beyond 2 GiB. -D_TIME_BITS=64 beside it would change structures of mbedTLS as Debian built it; platform/clock.cpp,
# which alone has to do with time_t, asks for it by itself. -Wno-psabi: no notes on what g++ 7 changed about arguments.
set(CMAKE_CXX_FLAGS_INIT "-D_FILE_OFFSET_BITS=64 -Wno-psabi")
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
