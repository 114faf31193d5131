# CUDA, where there is a toolkit. Its headers are enough for the tests of the backend (they link a stand-in); the plugin
# needs nvcc, cuDNN and cuBLASLt too.
#   BATON_CUDA                AUTO (build the plugin where it can be built), ON (an error where it cannot), OFF
#   BATON_CUDA_ROOT           the toolkit's folder; of those in a list each has its part, as with Python packages
#   BATON_CUDA_ARCHITECTURES  for which: 90-real for cards of that kind, 75-virtual for that and all later ones, compiled
#                             when first opened
set(BATON_CUDA AUTO CACHE STRING "Build the CUDA plugin: AUTO, ON or OFF")
set(BATON_CUDA_ARCHITECTURES 75-virtual 90-real CACHE STRING "GPU architectures of the plugin")
file(GLOB pip_cuda ${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/nvidia)
set(cuda_roots ${BATON_CUDA_ROOT} $ENV{CUDA_PATH} $ENV{CUDA_HOME} /usr/local/cuda ${pip_cuda}/cu13 ${pip_cuda}/cudnn /usr)

find_path(CUDA_INCLUDE cuda_runtime_api.h HINTS ${cuda_roots} PATH_SUFFIXES include)
find_path(CCCL_INCLUDE cuda/std/span HINTS ${cuda_roots} PATH_SUFFIXES include/cccl include)
find_path(CUDNN_INCLUDE cudnn.h HINTS ${cuda_roots} PATH_SUFFIXES include)
find_library(CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 NAMES_PER_DIR HINTS ${cuda_roots} PATH_SUFFIXES lib64 lib)
find_library(CUBLASLT_LIBRARY NAMES cublasLt libcublasLt.so.13 NAMES_PER_DIR HINTS ${cuda_roots} PATH_SUFFIXES lib64 lib)
find_library(CUDART_LIBRARY libcudart_static.a HINTS ${cuda_roots} PATH_SUFFIXES lib64 lib)
find_program(NVCC nvcc HINTS ${cuda_roots} PATH_SUFFIXES bin)
foreach(name CUDA_INCLUDE CCCL_INCLUDE CUDNN_INCLUDE CUDNN_LIBRARY CUBLASLT_LIBRARY CUDART_LIBRARY NVCC)
  mark_as_advanced(${name})
endforeach()

set(BATON_CUDA_HEADERS OFF)
if(CUDA_INCLUDE AND CCCL_INCLUDE AND CUDNN_INCLUDE)
  set(BATON_CUDA_HEADERS ON)
  add_library(baton_cuda_headers INTERFACE)
  target_include_directories(baton_cuda_headers SYSTEM INTERFACE ${CUDA_INCLUDE} ${CCCL_INCLUDE} ${CUDNN_INCLUDE})
endif()

set(BATON_CUDA_PLUGIN OFF)
if(NOT BATON_CUDA STREQUAL "OFF" AND NOT BATON_SANITIZE AND NOT BATON_FUZZ)
  if(BATON_CUDA_HEADERS AND NVCC AND CUDNN_LIBRARY AND CUBLASLT_LIBRARY AND CUDART_LIBRARY)
    set(BATON_CUDA_PLUGIN ON)
  elseif(BATON_CUDA STREQUAL "ON")
    message(FATAL_ERROR "BATON_CUDA=ON: the CUDA toolkit 13 (nvcc, headers, cuBLASLt) and cuDNN 9 are needed; "
                        "`make setup CUDA=1` fetches them, BATON_CUDA_ROOT names their folder")
  endif()
endif()
# Objects of .cu files by nvcc. CMake's own support for the language lags behind the toolkit's versions.
function(baton_nvcc_objects result)
  set(flags -std=c++20 -O2 --expt-relaxed-constexpr -Xcompiler=-fPIC,-Wall,-Wextra,-Wno-missing-field-initializers)
  foreach(architecture ${BATON_CUDA_ARCHITECTURES})
    string(REPLACE "-" ";" parts ${architecture})
    list(GET parts 0 number)
    list(GET parts 1 kind)
    if(kind STREQUAL "real")
      list(APPEND flags -gencode arch=compute_${number},code=sm_${number})
    else()
      list(APPEND flags -gencode arch=compute_${number},code=compute_${number})
    endif()
  endforeach()
  if(BATON_WERROR)
    list(APPEND flags --Werror all-warnings)
  endif()
  foreach(source ${ARGN})
    get_filename_component(name ${source} NAME)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${NVCC} ${flags} -I${CMAKE_SOURCE_DIR} -isystem ${CUDNN_INCLUDE} -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMENT "Building CUDA object ${name}.o" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${result} ${objects} PARENT_SCOPE)
endfunction()
message(STATUS "CUDA plugin: ${BATON_CUDA_PLUGIN}; tests of the CUDA backend: ${BATON_CUDA_HEADERS}")
