# The rooms of the table as targets of this build: tensorgate::<room>.

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # a guest links our rooms from its own directories

tensorgate_closure(rooms ${TENSORGATE_COMPONENTS})
foreach(room IN LISTS rooms)
  add_library(tensorgate_${room} INTERFACE)
  add_library(tensorgate::${room} ALIAS tensorgate_${room})
  foreach(link IN LISTS TENSORGATE_ROOM_${room}_LINKS)
    target_link_libraries(tensorgate_${room} INTERFACE tensorgate_${link})
  endforeach()
  foreach(package IN LISTS TENSORGATE_ROOM_${room}_PACKAGES)
    tensorgate_find_package(found ${package})
    if(found_MISSING)
      message(FATAL_ERROR "${found_MISSING}")
    endif()
    target_link_libraries(tensorgate_${room} INTERFACE ${found})
  endforeach()
  target_compile_definitions(tensorgate_${room} INTERFACE ${TENSORGATE_ROOM_${room}_DEFINES})
endforeach()

if(PROJECT_IS_TOP_LEVEL)
  target_include_directories(tensorgate_core INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/include")
else()
  target_include_directories(tensorgate_core SYSTEM INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/include")
endif()
target_compile_features(tensorgate_core INTERFACE cxx_std_20)
