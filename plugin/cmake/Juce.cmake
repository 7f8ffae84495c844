# JUCE's modules as one library, compiled once and without our warnings.

add_library(scorelane_juce STATIC)
target_link_libraries(scorelane_juce PRIVATE
  juce::juce_audio_formats juce::juce_audio_processors juce::juce_audio_utils
  juce::juce_gui_extra juce::juce_recommended_config_flags)
target_compile_definitions(scorelane_juce
  PUBLIC
    JUCE_WEB_BROWSER=0 JUCE_USE_CURL=0 JUCE_REPORT_APP_USAGE=0 JUCE_DISPLAY_SPLASH_SCREEN=0
    JUCE_VST3_CAN_REPLACE_VST2=0 JUCE_USE_MP3AUDIOFORMAT=1 JUCE_JACK=1 JUCE_STRICT_REFCOUNTEDPOINTER=1
    JUCE_MODAL_LOOPS_PERMITTED=0
  INTERFACE $<TARGET_PROPERTY:scorelane_juce,COMPILE_DEFINITIONS>)
target_include_directories(scorelane_juce SYSTEM
  INTERFACE $<TARGET_PROPERTY:scorelane_juce,INCLUDE_DIRECTORIES>)
# Under a sanitizer it is ours that is watched; JUCE has only to be compiled in reasonable time.
if(SCORELANE_SANITIZE)
  target_compile_options(scorelane_juce PRIVATE -O1 -g1 -fno-sanitize=undefined)
endif()
# A plugin with an executable stack is refused by some hosts.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_options(scorelane_juce INTERFACE -Wl,-z,noexecstack)
  if(NOT JUCE_PATH)
    # Debian's JUCE uses the system's codecs.
    pkg_check_modules(JUCE_CODECS REQUIRED IMPORTED_TARGET
      libpng libjpeg flac vorbis vorbisfile vorbisenc ogg zlib)
    target_link_libraries(scorelane_juce PUBLIC PkgConfig::JUCE_CODECS)
  endif()
endif()
