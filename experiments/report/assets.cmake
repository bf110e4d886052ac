# Compiles the page's style and script into the program: sets REPORT_ASSETS to the source that holds them.
# Their hashes go into the page's Content-Security-Policy, so what is hashed must be exactly what stands in the page.
set(dir ${CMAKE_CURRENT_LIST_DIR})
set(parts document.js scale.js frame.js study.js tradeoff.js model.js sections.js searchers.js tables.js page.js)
list(TRANSFORM parts PREPEND ${dir}/)

file(READ ${dir}/page.css style)
string(SHA256 style_sha256 "${style}")

set(script "'use strict';\n(() => {\n")
foreach(part IN LISTS parts)
  file(READ ${part} text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")
string(SHA256 script_sha256 "${script}")

set(REPORT_ASSETS ${CMAKE_CURRENT_BINARY_DIR}/report_assets.cpp)
configure_file(${dir}/assets.cpp.in ${REPORT_ASSETS} @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${dir}/page.css ${parts})
