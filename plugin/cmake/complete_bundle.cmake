# Run after a plugin or program is linked: puts beside BINARY the ENGINE and what that needs, and the
# MODEL where the plugin looks for it. TORCH_LIBRARIES is the folder of LibTorch.
#
# Big files are linked, not copied, where the file system allows: a bundle holds some 450 MB.

get_filename_component(folder "${BINARY}" DIRECTORY)
get_filename_component(engine_name "${ENGINE}" NAME)

function(place file target)
  if(EXISTS "${target}" AND NOT "${file}" IS_NEWER_THAN "${target}")
    return()
  endif()
  file(REMOVE "${target}")
  file(REAL_PATH "${file}" whole)
  file(CREATE_LINK "${whole}" "${target}" COPY_ON_ERROR)
endfunction()

file(GET_RUNTIME_DEPENDENCIES
  LIBRARIES "${ENGINE}"
  DIRECTORIES "${TORCH_LIBRARIES}"
  RESOLVED_DEPENDENCIES_VAR needed
  UNRESOLVED_DEPENDENCIES_VAR missing
  # These belong to the system.
  PRE_EXCLUDE_REGEXES "^lib(c|m|dl|rt|pthread|stdc\\+\\+|gcc_s|System|c\\+\\+)\\.[0-9so.dylib]+$"
    "^ld-linux" "^libcuda\\.so" "^api-ms-" "^ext-ms-" "^[Kk][Ee][Rr][Nn][Ee][Ll]32")
if(missing)
  message(FATAL_ERROR "the engine needs libraries that were not found: ${missing}")
endif()
foreach(library IN LISTS needed)
  get_filename_component(name "${library}" NAME)
  place("${library}" "${folder}/${name}")
endforeach()

# Nothing in it may point to where it was built.
file(REMOVE "${folder}/${engine_name}")
file(COPY_FILE "${ENGINE}" "${folder}/${engine_name}")
if(CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux")
  file(RPATH_SET FILE "${folder}/${engine_name}" NEW_RPATH "$ORIGIN")
endif()

get_filename_component(contents "${folder}" DIRECTORY)
get_filename_component(contents_name "${contents}" NAME)
if(contents_name STREQUAL "Contents")
  file(MAKE_DIRECTORY "${contents}/Resources")
  place("${MODEL}" "${contents}/Resources/scorelane.pt")
else()
  place("${MODEL}" "${folder}/scorelane.pt")
endif()
