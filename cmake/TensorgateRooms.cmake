# The rooms, what each links, and the package each brings: one table, read by this build and, installed beside the
# config file, by find_package(tensorgate COMPONENTS …). A room names only what its headers include, so that a
# component never brings more than it needs; a test of the house compares the table with the includes.

# --- the words of the table ---------------------------------------------------------------------------------------

# tensorgate_package(<name> APT <package> CONFIG <package> TARGET <target>)      a CMake package
# tensorgate_package(<name> APT <package> PKGCONFIG <module>)                    a pkg-config module
# tensorgate_package(<name> APT <package> HEADER <file>)                         headers alone
macro(tensorgate_package name)
  cmake_parse_arguments(TENSORGATE_PACKAGE_${name} "" "APT;CONFIG;TARGET;PKGCONFIG;HEADER" "" ${ARGN})
endmacro()

# tensorgate_room(<name> [LINKS <room>…] [PACKAGES <name>…] [DEFINES <definition>…])
macro(tensorgate_room name)
  cmake_parse_arguments(TENSORGATE_ROOM_${name} "" "" "LINKS;PACKAGES;DEFINES" ${ARGN})
  list(APPEND TENSORGATE_ROOMS ${name})
endmacro()

# --- the table ----------------------------------------------------------------------------------------------------

tensorgate_package(expected APT libexpected-dev CONFIG tl-expected TARGET tl::expected)
tensorgate_package(botan APT libbotan-2-dev PKGCONFIG botan-2)
tensorgate_package(deflate APT libdeflate-dev PKGCONFIG libdeflate)
tensorgate_package(zlib APT zlib1g-dev PKGCONFIG zlib)
tensorgate_package(threads APT libc6-dev CONFIG Threads TARGET Threads::Threads)
tensorgate_package(asio APT libasio-dev HEADER asio.hpp)
tensorgate_package(openssl APT libssl-dev PKGCONFIG openssl)
tensorgate_package(fmt APT libfmt-dev CONFIG fmt TARGET fmt::fmt-header-only)
# Header-only: the packaged library is built for exceptions, and a bad file is a value here.
tensorgate_package(toml APT libtomlplusplus-dev HEADER toml++/toml.h)

set(TENSORGATE_ROOMS "")
tensorgate_room(core PACKAGES expected)
tensorgate_room(reflect LINKS core)
tensorgate_room(crypto LINKS core PACKAGES botan)
tensorgate_room(codec LINKS core PACKAGES deflate zlib)
tensorgate_room(identity LINKS core reflect crypto)
# Asio 1.22 shows clang its coroutines only when told.
tensorgate_room(net LINKS core PACKAGES threads asio openssl
  DEFINES ASIO_STANDALONE ASIO_NO_DEPRECATED $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT=1>)
tensorgate_room(http LINKS net reflect crypto codec)
tensorgate_room(store LINKS core)
tensorgate_room(auth LINKS http store identity)
tensorgate_room(ops LINKS http)
tensorgate_room(gateway LINKS http)
tensorgate_room(service LINKS http auth ops PACKAGES toml)
tensorgate_room(roles LINKS service identity PACKAGES fmt)
# What the roles know without a server: their rules, as functions on values.
tensorgate_room(rules LINKS core reflect crypto codec identity)
# Every room.
tensorgate_room(tensorgate LINKS roles rules gateway)

# --- what is made of it -------------------------------------------------------------------------------------------

# The rooms that <rooms>… need, themselves included, each once, in the order of the table.
function(tensorgate_closure out)
  set(wanted "")
  set(open ${ARGN})
  while(open)
    list(POP_FRONT open room)
    if(NOT room IN_LIST TENSORGATE_ROOMS)
      message(FATAL_ERROR "tensorgate has no room called ${room}; it has: ${TENSORGATE_ROOMS}")
    endif()
    if(NOT room IN_LIST wanted)
      list(APPEND wanted ${room})
      list(APPEND open ${TENSORGATE_ROOM_${room}_LINKS})
    endif()
  endwhile()
  set(ordered "")
  foreach(room IN LISTS TENSORGATE_ROOMS)
    if(room IN_LIST wanted)
      list(APPEND ordered ${room})
    endif()
  endforeach()
  set(${out} "${ordered}" PARENT_SCOPE)
endfunction()

# Looks for a package and says which target stands for it: <out> becomes that target, or <out>_MISSING the sentence
# that names the package and the command that brings it.
macro(tensorgate_find_package out name)
  set(${out} "")
  set(${out}_MISSING "")
  if(TENSORGATE_PACKAGE_${name}_CONFIG)
    if(NOT TARGET ${TENSORGATE_PACKAGE_${name}_TARGET})
      find_package(${TENSORGATE_PACKAGE_${name}_CONFIG} QUIET GLOBAL)
    endif()
    set(${out} ${TENSORGATE_PACKAGE_${name}_TARGET})
  elseif(TENSORGATE_PACKAGE_${name}_PKGCONFIG)
    set(${out} PkgConfig::TENSORGATE_${name})
    if(NOT TARGET PkgConfig::TENSORGATE_${name})
      find_package(PkgConfig QUIET)
      if(PkgConfig_FOUND)
        pkg_check_modules(TENSORGATE_${name} QUIET IMPORTED_TARGET GLOBAL ${TENSORGATE_PACKAGE_${name}_PKGCONFIG})
      else()
        set(${out}_MISSING "tensorgate needs pkg-config: apt-get install pkg-config")
      endif()
    endif()
  else()
    set(${out} tensorgate::package_${name})
    find_path(TENSORGATE_${name}_INCLUDE ${TENSORGATE_PACKAGE_${name}_HEADER})
    mark_as_advanced(TENSORGATE_${name}_INCLUDE)
    if(TENSORGATE_${name}_INCLUDE AND NOT TARGET tensorgate::package_${name})
      add_library(tensorgate::package_${name} INTERFACE IMPORTED GLOBAL)
      set_target_properties(tensorgate::package_${name} PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${TENSORGATE_${name}_INCLUDE}")
    endif()
  endif()
  if(NOT TARGET ${${out}} AND NOT ${out}_MISSING)
    set(${out}_MISSING "tensorgate needs ${name}: apt-get install ${TENSORGATE_PACKAGE_${name}_APT}")
  endif()
endmacro()
