# The target scorelane_instruments: what includes "instrument_tables.h" links it. The header is
# generated from the Python package, so that a lane has one name and one colour everywhere.
# Needs Python_EXECUTABLE, 3.11 or later, without any packages.
include_guard(GLOBAL)
set(scorelane_python_core "${CMAKE_CURRENT_LIST_DIR}/../../python_core")
set(instrument_folder "${CMAKE_CURRENT_BINARY_DIR}/generated")
add_custom_command(
  OUTPUT "${instrument_folder}/instrument_tables.h"
  COMMAND "${Python_EXECUTABLE}" -B "${CMAKE_CURRENT_LIST_DIR}/generate_instruments.py"
    "${scorelane_python_core}" "${instrument_folder}/instrument_tables.h"
  DEPENDS
    "${CMAKE_CURRENT_LIST_DIR}/generate_instruments.py"
    "${scorelane_python_core}/scorelane/instruments.py"
    "${scorelane_python_core}/scorelane/colours.py"
    "${scorelane_python_core}/scorelane/lanes.py"
  COMMENT "Generating the instrument tables"
  VERBATIM)
add_custom_target(scorelane_instrument_tables DEPENDS "${instrument_folder}/instrument_tables.h")
add_library(scorelane_instruments INTERFACE)
add_dependencies(scorelane_instruments scorelane_instrument_tables)
target_include_directories(scorelane_instruments INTERFACE "${instrument_folder}")
