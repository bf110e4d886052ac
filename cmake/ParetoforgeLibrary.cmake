# One static library per folder: paretoforge_library(configs SOURCES ... HEADERS ... USES ... PRIVATE ...)
#   HEADERS  public headers, installed under include/paretoforge/<folder>
#   USES     folders of ours that the public headers include
#   PRIVATE  third-party targets, kept inside .cpp files

add_library(paretoforge_warnings INTERFACE)
target_compile_options(paretoforge_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Wno-restrict)  # g++ 12 reports false -Wrestrict on string concatenation (GCC bug 105651)
if(PARETOFORGE_WERROR)
  target_compile_options(paretoforge_warnings INTERFACE -Werror)
endif()

function(paretoforge_library folder)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;USES;PRIVATE" ${ARGN})
  set(target paretoforge_${folder})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(Paretoforge::${folder} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${folder})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/paretoforge>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  list(TRANSFORM arg_USES PREPEND paretoforge_)
  target_link_libraries(${target} PUBLIC ${arg_USES} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:paretoforge_warnings>)
  set_property(GLOBAL APPEND PROPERTY PARETOFORGE_LIBRARIES ${target})
endfunction()
