# What Baton is built on: packages of Debian 12, see scripts/setup.sh.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(dnnl 2.6 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(SQLite3 REQUIRED)

# The distribution's ONNX: only its protobuf schema is used.
find_path(ONNX_INCLUDE onnx/onnx-ml.pb.h REQUIRED)
find_library(ONNX_PROTO onnx_proto REQUIRED)
add_library(baton_onnx_proto INTERFACE)
target_compile_definitions(baton_onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(baton_onnx_proto INTERFACE ${ONNX_PROTO} protobuf::libprotobuf)

# GLPK ships no CMake file.
find_path(GLPK_INCLUDE glpk.h)
find_library(GLPK glpk)
if(NOT GLPK_INCLUDE OR NOT GLPK)
  message(FATAL_ERROR "GLPK is missing: the package libglpk-dev, which `make setup` installs")
endif()

# CAF ships no CMake file. Add no include directory: it lies in the default path.
find_path(CAF_INCLUDE caf/all.hpp REQUIRED)
foreach(module core io openssl)
  find_library(CAF_${module} caf_${module} REQUIRED)
  add_library(caf::${module} UNKNOWN IMPORTED)
  set_target_properties(caf::${module} PROPERTIES IMPORTED_LOCATION ${CAF_${module}})
endforeach()
