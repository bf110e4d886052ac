# The readers of data sets: what of the trainers needs no LibTorch, so that fuzzers can be built without it. Sets
# PARETOFORGE_DATA_READERS, their sources, and PARETOFORGE_DATA_LIBRARIES.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
set(PARETOFORGE_DATA_READERS)
foreach(source IN ITEMS data data_file data_parts checksums array npy table_columns csv idx records file_answers folder pictures wav features images)
  list(APPEND PARETOFORGE_DATA_READERS ${CMAKE_CURRENT_LIST_DIR}/${source}.cpp)
endforeach()
# libzip has no package that CMake finds without its command-line programs: it is named to the linker.
set(PARETOFORGE_DATA_LIBRARIES Eigen3::Eigen ZLIB::ZLIB LibLZMA::LibLZMA PNG::PNG JPEG::JPEG OpenSSL::Crypto zip)
