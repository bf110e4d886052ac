# Installs a build into a folder of its own, then configures, builds and runs a stranger's project against it.
# Needs BUILD, WORK, COMPONENTS (joined by commas) and FORWARD (arguments for the stranger, joined by |).
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)

string(REPLACE "|" ";" forward "${FORWARD}")
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/stranger -B ${WORK}/build
  -D CMAKE_PREFIX_PATH=${WORK}/prefix -D COMPONENTS=${COMPONENTS} ${forward})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/stranger ${WORK}/prefix/share/paretoforge/architectures/mlperf_tiny_resnet8.yaml)
if(NOT output STREQUAL "macs 12501632\n")
  message(FATAL_ERROR "the stranger's program printed:\n${output}")
endif()

# Each alone: what one component needs must not be found for another one's sake.
string(REPLACE "," ";" components ${COMPONENTS})
foreach(component IN LISTS components)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/stranger -B ${WORK}/alone_${component}
    -D CMAKE_PREFIX_PATH=${WORK}/prefix -D COMPONENTS=${component} ${forward})
  run(${CMAKE_COMMAND} --build ${WORK}/alone_${component})
endforeach()

# What was not asked for is not there, and the package says so.
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/stranger -B ${WORK}/unknown
    -D CMAKE_PREFIX_PATH=${WORK}/prefix -D COMPONENTS=nonsense ${forward}
  OUTPUT_QUIET ERROR_VARIABLE output RESULT_VARIABLE result)
if(result EQUAL 0 OR NOT output MATCHES "no component nonsense")
  message(FATAL_ERROR "an unknown component was not refused:\n${output}")
endif()
file(REMOVE_RECURSE ${WORK})
