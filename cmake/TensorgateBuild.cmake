# How our own programs and tests are compiled; nothing here reaches a guest of the headers.

add_library(tensorgate_warnings INTERFACE)
target_compile_options(tensorgate_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<BOOL:${TENSORGATE_WERROR}>:-Werror>)

# What a program that faces the network is built with, beside the warnings: checks that cost a percent at most.
add_library(tensorgate_hardening INTERFACE)
target_compile_options(tensorgate_hardening INTERFACE -fstack-protector-strong -fstack-clash-protection
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
target_compile_definitions(tensorgate_hardening INTERFACE
  $<$<OR:$<CONFIG:Release>,$<CONFIG:RelWithDebInfo>,$<CONFIG:MinSizeRel>>:_FORTIFY_SOURCE=2>)
target_link_options(tensorgate_hardening INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

if(PROJECT_IS_TOP_LEVEL)
  find_program(TENSORGATE_CCACHE ccache)
  mark_as_advanced(TENSORGATE_CCACHE)
  if(TENSORGATE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${TENSORGATE_CCACHE}")
  endif()
  set(CMAKE_CXX_EXTENSIONS OFF)
endif()
