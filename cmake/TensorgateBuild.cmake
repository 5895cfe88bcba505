# How our own programs and tests are compiled; nothing here reaches a guest of the headers.

add_library(tensorgate_warnings INTERFACE)
target_compile_options(tensorgate_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<BOOL:${TENSORGATE_WERROR}>:-Werror>)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

# tensorgate_tests(<room> LINK <target>… ): every tests/<room>/*_test.cpp in one binary, test_<room>.
function(tensorgate_tests room)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${room}/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${room} ${sources} $<TARGET_OBJECTS:tensorgate_test_main>)
  target_link_libraries(test_${room} PRIVATE ${arg_LINK} doctest::doctest tensorgate_warnings)
  target_include_directories(test_${room} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_compile_definitions(test_${room} PRIVATE TENSORGATE_TESTS_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  doctest_discover_tests(test_${room} TEST_PREFIX "${room}: " PROPERTIES LABELS unit)
endfunction()
