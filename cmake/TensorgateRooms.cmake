# One INTERFACE target a room: it links the room to its left and what it needs itself, so that CMake draws the same
# line as the includes. Used by the build and, installed, by find_package(tensorgate COMPONENTS …).

# A room's packages are looked for when the room is wanted, and a missing one is named with the command that brings it.
macro(tensorgate_need_config package apt)
  if(NOT ${package}_FOUND)
    find_package(${package} CONFIG QUIET)
  endif()
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "tensorgate needs ${package}: apt-get install ${apt}")
  endif()
endmacro()

macro(tensorgate_need_pkg target module apt)
  if(NOT TARGET PkgConfig::${target})
    find_package(PkgConfig QUIET)
    if(NOT PkgConfig_FOUND)
      message(FATAL_ERROR "tensorgate needs pkg-config: apt-get install pkg-config")
    endif()
    pkg_check_modules(${target} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(NOT ${target}_FOUND)
      message(FATAL_ERROR "tensorgate needs ${module}: apt-get install ${apt}")
    endif()
  endif()
endmacro()

set(TENSORGATE_ROOMS core reflect crypto codec identity net http store auth ops gateway service)
set(previous "")
foreach(room IN LISTS TENSORGATE_ROOMS)
  add_library(tensorgate_${room} INTERFACE)
  add_library(tensorgate::${room} ALIAS tensorgate_${room})
  set_target_properties(tensorgate_${room} PROPERTIES EXPORT_NAME ${room})
  if(previous)
    target_link_libraries(tensorgate_${room} INTERFACE tensorgate_${previous})
  endif()
  set(previous ${room})
endforeach()
target_include_directories(tensorgate_core INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_compile_features(tensorgate_core INTERFACE cxx_std_20)
# g++ needs the switch by name before C++20 is its default; Asio 1.22 shows clang its coroutines only when told.
target_compile_definitions(tensorgate_net INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
  $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT=1>)

tensorgate_need_config(tl-expected libexpected-dev)
target_link_libraries(tensorgate_core INTERFACE tl::expected)
tensorgate_need_pkg(TENSORGATE_BOTAN botan-2 libbotan-2-dev)
target_link_libraries(tensorgate_crypto INTERFACE PkgConfig::TENSORGATE_BOTAN)
tensorgate_need_pkg(TENSORGATE_DEFLATE libdeflate libdeflate-dev)
target_link_libraries(tensorgate_codec INTERFACE PkgConfig::TENSORGATE_DEFLATE)
find_package(Threads REQUIRED)
tensorgate_need_pkg(TENSORGATE_OPENSSL openssl libssl-dev)
target_link_libraries(tensorgate_net INTERFACE Threads::Threads PkgConfig::TENSORGATE_OPENSSL)
tensorgate_need_config(fmt libfmt-dev)
target_link_libraries(tensorgate_http INTERFACE fmt::fmt-header-only)
tensorgate_need_pkg(TENSORGATE_CLI11 CLI11 libcli11-dev)
tensorgate_need_pkg(TENSORGATE_TOML tomlplusplus libtomlplusplus-dev)
target_link_libraries(tensorgate_service INTERFACE PkgConfig::TENSORGATE_CLI11 PkgConfig::TENSORGATE_TOML)

# What a role knows without a server: its rules, I/O-free.
add_library(tensorgate_rules INTERFACE)
add_library(tensorgate::rules ALIAS tensorgate_rules)
set_target_properties(tensorgate_rules PROPERTIES EXPORT_NAME rules)
target_link_libraries(tensorgate_rules INTERFACE tensorgate_identity)

add_library(tensorgate_tensorgate INTERFACE)
add_library(tensorgate::tensorgate ALIAS tensorgate_tensorgate)
set_target_properties(tensorgate_tensorgate PROPERTIES EXPORT_NAME tensorgate)
target_link_libraries(tensorgate_tensorgate INTERFACE tensorgate_service tensorgate_rules)
