# JUCE 7.0.5 copies a vector in every block that its VST3 processes, and the audio thread must not
# allocate. Its header is read from a copy that takes a reference instead, as later versions do.
function(scorelane_spare_the_audio_thread target)
  set(header juce_audio_processors/format_types/juce_VST3Common.h)
  get_target_property(modules juce::juce_audio_processors INTERFACE_JUCE_MODULE_PATH)
  if(NOT EXISTS "${modules}/${header}")
    return()
  endif()
  file(READ "${modules}/${header}" text)
  string(REPLACE "const auto mapping = map[busIndex];" "const auto& mapping = map[busIndex];"
    text "${text}")
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/spared")
  file(GENERATE OUTPUT "${folder}/${header}" CONTENT "${text}")
  target_include_directories(${target} BEFORE PRIVATE "${folder}")
endfunction()
