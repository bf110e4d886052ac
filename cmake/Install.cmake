# What `cmake --install` lays down: libraries, headers, the program, the YAML files, and the package for find_package.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Paretoforge)
get_property(libraries GLOBAL PROPERTY PARETOFORGE_LIBRARIES)

install(TARGETS ${libraries} EXPORT ParetoforgeTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/paretoforge)
install(EXPORT ParetoforgeTargets NAMESPACE Paretoforge:: DESTINATION ${package_dir})

# The C face of the predictors, found through pkg-config.
install(TARGETS paretoforge_cost
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# Written when installing: --prefix may be given then.
install(CODE "set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
  set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
  set(PROJECT_VERSION \"${PROJECT_VERSION}\")
  configure_file(\"${PROJECT_SOURCE_DIR}/predictors/paretoforge_cost.pc.in\"
    \"${PROJECT_BINARY_DIR}/paretoforge_cost.pc\" @ONLY)")
install(FILES ${PROJECT_BINARY_DIR}/paretoforge_cost.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET paretoforge)
  install(TARGETS paretoforge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET paretoforge_armnn)
  install(TARGETS paretoforge_armnn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY configs/spaces configs/studies configs/devices configs/architectures
  DESTINATION ${CMAKE_INSTALL_DATADIR}/paretoforge)

list(TRANSFORM libraries REPLACE "^paretoforge_" "" OUTPUT_VARIABLE components)
configure_package_config_file(cmake/ParetoforgeConfig.cmake.in
  ${PROJECT_BINARY_DIR}/ParetoforgeConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break what it exports.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ParetoforgeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/ParetoforgeConfig.cmake
  ${PROJECT_BINARY_DIR}/ParetoforgeConfigVersion.cmake
  DESTINATION ${package_dir})
