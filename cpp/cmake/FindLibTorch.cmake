# The libtorch inside the Python environment's torch, as the target LibTorch::LibTorch.
#
# torch's own package configuration is not used: with a CUDA build of torch it insists on the whole
# CUDA toolkit, of which nothing here needs a header.

execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec('torch').origin).parent)"
  OUTPUT_VARIABLE LibTorch_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
find_path(LibTorch_INCLUDE_DIR torch/script.h
  PATHS "${LibTorch_ROOT}/include" NO_DEFAULT_PATH NO_CACHE)
foreach(name IN ITEMS torch torch_cpu c10 torch_cuda c10_cuda)
  find_library(LibTorch_${name}_LIBRARY ${name} PATHS "${LibTorch_ROOT}/lib" NO_DEFAULT_PATH NO_CACHE)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_INCLUDE_DIR LibTorch_torch_LIBRARY LibTorch_torch_cpu_LIBRARY LibTorch_c10_LIBRARY
  REASON_FAILURE_MESSAGE "no torch in the environment of ${Python_EXECUTABLE}, where `pip install torch` puts it")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  # Both settings are torch's own: the string layout that it was compiled with and the language
  # that its headers need.
  file(STRINGS "${LibTorch_INCLUDE_DIR}/../share/cmake/Torch/TorchConfig.cmake" torch_config)
  if("${torch_config}" MATCHES "CXX_STANDARD ([0-9]+)")
    set(LibTorch_STANDARD ${CMAKE_MATCH_1})
  else()
    set(LibTorch_STANDARD 17)
  endif()
  if("${torch_config}" MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    set(LibTorch_CXX11_ABI 0)
  else()
    set(LibTorch_CXX11_ABI 1)
  endif()

  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  target_compile_definitions(LibTorch::LibTorch INTERFACE _GLIBCXX_USE_CXX11_ABI=${LibTorch_CXX11_ABI})
  target_compile_features(LibTorch::LibTorch INTERFACE cxx_std_${LibTorch_STANDARD})
  target_link_libraries(LibTorch::LibTorch INTERFACE
    "${LibTorch_torch_LIBRARY}" "${LibTorch_torch_cpu_LIBRARY}" "${LibTorch_c10_LIBRARY}")
  if(LibTorch_torch_cuda_LIBRARY)
    # Nothing refers to these by name; the kernels register themselves when they are loaded. Their
    # own dependencies lie in other wheels and are found when the program starts.
    target_link_libraries(LibTorch::LibTorch INTERFACE
      "-Wl,--no-as-needed" "${LibTorch_torch_cuda_LIBRARY}" "${LibTorch_c10_cuda_LIBRARY}" "-Wl,--as-needed")
    target_link_options(LibTorch::LibTorch INTERFACE "-Wl,--allow-shlib-undefined")
  endif()
endif()
