# The oracles that our reader must agree with: nlohmann (headers alone) and simdjson.
find_package(nlohmann_json CONFIG QUIET)
if(NOT nlohmann_json_FOUND)
  message(FATAL_ERROR "the tests of reflect need nlohmann: apt-get install nlohmann-json3-dev")
endif()
find_package(simdjson CONFIG QUIET)
if(NOT simdjson_FOUND)
  message(FATAL_ERROR "the tests of reflect need simdjson: apt-get install libsimdjson-dev")
endif()
target_link_libraries(test_reflect PRIVATE nlohmann_json::nlohmann_json simdjson::simdjson)
# A million texts in a few seconds, whatever the rest is built for.
set_source_files_properties(reflect/json_oracle_test.cpp PROPERTIES COMPILE_OPTIONS "-O2")
