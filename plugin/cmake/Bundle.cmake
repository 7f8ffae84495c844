# What a plugin needs beside itself: the engine, LibTorch and the model.

# The shipped weights as the archive that the engine reads.
set(scorelane_model "${CMAKE_CURRENT_BINARY_DIR}/scorelane.pt")
file(GLOB scorelane_weights CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/models/scorelane/*")
file(GLOB scorelane_model_code CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/python_core/scorelane/model/*.py")
add_custom_command(
  OUTPUT "${scorelane_model}"
  COMMAND "${CMAKE_COMMAND}" -E env "PYTHONPATH=${PROJECT_SOURCE_DIR}/python_core"
    "${Python_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/cmake/export_model.py"
    "${PROJECT_SOURCE_DIR}/models/scorelane" "${scorelane_model}"
  DEPENDS ${scorelane_weights} ${scorelane_model_code} "${CMAKE_CURRENT_SOURCE_DIR}/cmake/export_model.py"
  COMMENT "Exporting the shipped model"
  VERBATIM)
add_custom_target(scorelane_model DEPENDS "${scorelane_model}")

# Completes what a juce_add_plugin target builds: libraries beside the binary, which finds them by
# its own place; the model in Contents/Resources, or beside a program.
function(scorelane_complete_bundle target)
  set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH TRUE INSTALL_RPATH "$ORIGIN")
  add_dependencies(${target} scorelane_engine scorelane_model)
  # A new engine or model makes the bundle anew, though nothing in the binary itself changes.
  set_property(TARGET ${target} APPEND PROPERTY
    LINK_DEPENDS "$<TARGET_FILE:scorelane_engine>" "${scorelane_model}")
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND "${CMAKE_COMMAND}"
      "-DENGINE=$<TARGET_FILE:scorelane_engine>"
      "-DTORCH_LIBRARIES=${LibTorch_ROOT}/lib"
      "-DMODEL=${scorelane_model}"
      "-DBINARY=$<TARGET_FILE:${target}>"
      -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/complete_bundle.cmake"
    COMMENT "Completing ${target}"
    VERBATIM)
endfunction()
