# What is installed: headers and the CMake package (component "headers"), and the programs with what they need to run
# as services (component "apps"). Beside an app's main.cpp, *.toml go
# to /etc/tensorgate, packaging/*.service to systemd, and a sample/ to /usr/share/tensorgate/<app>.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# --- headers ------------------------------------------------------------------------------------------------------

# Rooms that have headers; `rules` and `tensorgate` are made of those.
set(installed "")
foreach(room IN LISTS TENSORGATE_ROOMS)
  file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/tensorgate/${room}/*.hpp"
    "${PROJECT_SOURCE_DIR}/include/tensorgate/${room}/*/*.hpp")
  if(found OR room MATCHES "^(rules|tensorgate)$")
    list(APPEND installed ${room})
  endif()
endforeach()

set(cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/tensorgate")
configure_package_config_file(cmake/tensorgate-config.cmake.in "${PROJECT_BINARY_DIR}/tensorgate-config.cmake"
  INSTALL_DESTINATION "${cmake_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tensorgate-config-version.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(DIRECTORY include/tensorgate DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT headers FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_BINARY_DIR}/tensorgate-config.cmake" "${PROJECT_BINARY_DIR}/tensorgate-config-version.cmake"
  cmake/TensorgateRooms.cmake DESTINATION "${cmake_dir}" COMPONENT headers)

install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libtensorgate-dev" RENAME copyright COMPONENT headers)

# --- programs -----------------------------------------------------------------------------------------------------

# With the prefix /usr, as in the packages, settings are in /etc; elsewhere they stay below the prefix.
set(settings_dir "${CMAKE_INSTALL_SYSCONFDIR}/tensorgate")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(settings_dir "${CMAKE_INSTALL_FULL_SYSCONFDIR}/tensorgate")
endif()
foreach(app IN LISTS TENSORGATE_APPS)
  install(TARGETS app_${app} DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT apps)
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/apps/${app}/sample")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/apps/${app}/sample" DESTINATION "${CMAKE_INSTALL_DATADIR}/tensorgate/${app}" COMPONENT apps)
  endif()
  install(FILES "${PROJECT_SOURCE_DIR}/apps/${app}/README.md" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/tensorgate" RENAME ${app}.md
    COMPONENT apps OPTIONAL)
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/tensorgate" RENAME copyright COMPONENT apps)
  set(packaging "${PROJECT_SOURCE_DIR}/apps/${app}/packaging")
  file(GLOB units CONFIGURE_DEPENDS "${packaging}/*.service" "${packaging}/*.socket")
  foreach(unit IN LISTS units)
    cmake_path(GET unit FILENAME name)
    install(FILES "${unit}" DESTINATION lib/systemd/system RENAME tensorgate-${name} COMPONENT apps)
  endforeach()
  file(GLOB configs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/${app}/*.toml")
  if(configs)
    install(FILES ${configs} DESTINATION "${settings_dir}" COMPONENT apps)
  endif()
endforeach()

# A guest's packages are the host project's own business.
if(PROJECT_IS_TOP_LEVEL)
  include("${CMAKE_CURRENT_LIST_DIR}/TensorgatePackage.cmake")
endif()
