# Flags every target of ours has, and how rooms and tests are declared.
add_library(baton_flags INTERFACE)
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion
             -Wno-missing-field-initializers)
target_compile_options(baton_flags INTERFACE ${warnings})
target_include_directories(baton_flags INTERFACE ${CMAKE_SOURCE_DIR})
option(BATON_WERROR "Treat warnings as errors" OFF)
if(BATON_WERROR)
  target_compile_options(baton_flags INTERFACE -Werror)
endif()
if(BATON_FUZZ)
  target_compile_options(baton_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BATON_SANITIZE)
  target_compile_options(baton_flags INTERFACE -fsanitize=${BATON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(baton_flags INTERFACE -fsanitize=${BATON_SANITIZE})
endif()

# A room: library baton_NAME from the sources given; LINKS are public.
function(baton_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(baton_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(baton_${name} PUBLIC baton_flags ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# A test program of Catch2 cases; each case becomes a test of ctest under the given LABELS, its name
# behind PREFIX.
function(baton_test name)
  # SKIP: what a test prints that cannot be done on this machine.
  cmake_parse_arguments(ARG "" "TIMEOUT;PREFIX;SKIP" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} baton_catch_main)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set(properties LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SKIP)
    list(APPEND properties SKIP_REGULAR_EXPRESSION "${ARG_SKIP}")
  endif()
  catch_discover_tests(${name} TEST_PREFIX "${ARG_PREFIX}" PROPERTIES ${properties})
endfunction()
